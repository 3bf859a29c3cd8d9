#include "gateways/http/target.hpp"

#include "gateways/http/text.hpp"

#include <cstdint>

namespace bpci::http {

namespace {

constexpr int digit_of(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

enum class part : std::uint8_t { path, query };

failure bad(std::string what) {
  return fail(ec::malformed, "the request target " + what);
}

result<std::string> decode(std::string_view text, part where) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto c = text[i];
    if (c == '%') {
      if (text.size() - i < 3) return bad("ends inside a percent-encoding");
      const auto high = digit_of(text[i + 1]);
      const auto low = digit_of(text[i + 2]);
      if (high < 0 || low < 0) return bad("has a bad percent-encoding");
      c = static_cast<char>(high * 16 + low);
      if (c == '/' && where == part::path) return bad("has an encoded slash in its path");
      i += 2;
    } else if (c == '+' && where == part::query) {
      c = ' ';
    }
    if (static_cast<std::uint8_t>(c) < 0x20 || c == 0x7f) return bad("has a control character");
    out.push_back(c);
  }
  if (!is_utf8(out)) return bad("is not UTF-8");
  return out;
}

result<std::string> parse_path(std::string_view text) {
  std::string path;
  while (!text.empty()) {
    const auto end = text.find('/');
    const auto segment = decode(text.substr(0, end), part::path);
    if (!segment) return segment.error();
    if (*segment == "." || *segment == "..") return bad("has a dot segment");
    if (!segment->empty()) path.append(1, '/').append(*segment);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  if (path.empty()) path.push_back('/');
  return path;
}

result<std::vector<name_value>> parse_query(std::string_view text) {
  std::vector<name_value> out;
  while (!text.empty()) {
    const auto end = text.find('&');
    const auto pair = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    auto name = decode(pair.substr(0, equals), part::query);
    if (!name) return name.error();
    auto value =
        decode(equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1),
               part::query);
    if (!value) return value.error();
    out.emplace_back(std::move(*name), std::move(*value));
  }
  return out;
}

/// Proxies send the absolute form; the authority in it is not ours to judge.
std::string_view without_authority(std::string_view text) {
  for (std::string_view scheme : {"http://", "https://"})
    if (text.size() > scheme.size() && same_word(text.substr(0, scheme.size()), scheme)) {
      const auto slash = text.find_first_of("/?", scheme.size());
      return slash == std::string_view::npos ? std::string_view{"/"} : text.substr(slash);
    }
  return text;
}

} // namespace

result<target> parse_target(std::string_view text) {
  if (text == "*") return target{.path = "*", .query = {}};
  text = without_authority(text);
  if (text.empty() || (text.front() != '/' && text.front() != '?'))
    return bad("does not start with a slash");
  text = text.substr(0, text.find('#'));
  const auto mark = text.find('?');
  auto path = parse_path(text.substr(0, mark));
  if (!path) return path.error();
  auto query =
      parse_query(mark == std::string_view::npos ? std::string_view{} : text.substr(mark + 1));
  if (!query) return query.error();
  return target{.path = std::move(*path), .query = std::move(*query)};
}

} // namespace bpci::http
