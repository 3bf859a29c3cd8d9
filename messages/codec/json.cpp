#include "messages/codec/json.hpp"

#include "messages/codec/utf8.hpp"

#include <boost/json/error.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/stream_parser.hpp>

#include <algorithm>
#include <charconv>

namespace bpci::codec {

namespace json = boost::json;

namespace {

std::string where(std::string_view text, std::size_t at) {
  auto before = text.substr(0, at);
  auto line = 1 + std::count(before.begin(), before.end(), '\n');
  auto start = before.rfind('\n');
  auto column = start == std::string_view::npos ? at + 1 : at - start;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

void write_pretty(const json::value& x, std::string& out, int indent) {
  auto pad = [&](int by) { out += '\n' + std::string(2 * static_cast<std::size_t>(by), ' '); };
  if (const auto* object = x.if_object(); object && !object->empty()) {
    out += '{';
    auto first = true;
    for (const auto& [key, value] : *object) {
      if (!std::exchange(first, false)) out += ',';
      pad(indent + 1);
      out += json::serialize(json::value(key)) + ": ";
      write_pretty(value, out, indent + 1);
    }
    pad(indent);
    out += '}';
  } else if (const auto* array = x.if_array(); array && !array->empty()) {
    out += '[';
    auto first = true;
    for (const auto& value : *array) {
      if (!std::exchange(first, false)) out += ',';
      pad(indent + 1);
      write_pretty(value, out, indent + 1);
    }
    pad(indent);
    out += ']';
  } else {
    out += json::serialize(x);
  }
}

template <class Int>
std::optional<Int> from_digits(std::string_view text) {
  Int out{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

/// JSON is UTF-8, whatever the texts in it came from.
std::string sound(std::string text) {
  return is_utf8(text) ? std::move(text) : to_utf8(text);
}

} // namespace

result<json::value> parse_json(std::string_view text) {
  json::error_code error;
  json::stream_parser parser{{}, {.max_depth = json_depth_max}};
  auto read = parser.write_some(text.data(), text.size(), error);
  if (!error && read < text.size()) {
    if (text.find_first_not_of(" \t\r\n", read) != std::string_view::npos)
      error = json::error::extra_data;
  }
  if (!error) parser.finish(error);
  if (error == json::error::too_deep)
    return fail(ec::too_deep, "at most " + std::to_string(json_depth_max) + " levels");
  if (error) return fail(ec::malformed, "JSON, " + where(text, read) + ": " + error.message());
  return parser.release();
}

std::string to_text(const json::value& x) {
  return sound(json::serialize(x));
}

std::string to_pretty_text(const json::value& x) {
  std::string out;
  write_pretty(x, out, 0);
  return sound(std::move(out));
}

namespace detail {

failure expected(std::string_view what, const std::string& path) {
  return fail(ec::invalid_argument,
              (path.empty() ? "the body" : path) + ": expected " + std::string{what});
}

result<std::int64_t> read_integer(const json::value& in, const std::string& path) {
  if (const auto* number = in.if_int64()) return *number;
  if (const auto* text = in.if_string())
    if (auto number = from_digits<std::int64_t>(*text)) return *number;
  return expected("a whole number", path);
}

result<std::uint64_t> read_unsigned(const json::value& in, const std::string& path) {
  if (const auto* number = in.if_int64(); number && *number >= 0)
    return static_cast<std::uint64_t>(*number);
  if (const auto* number = in.if_uint64()) return *number;
  if (const auto* text = in.if_string())
    if (auto number = from_digits<std::uint64_t>(*text)) return *number;
  return expected("a whole number that is not negative", path);
}

result<std::string> read_string(const json::value& in, const std::string& path) {
  const auto* text = in.if_string();
  if (!text) return expected("a string", path);
  return std::string{*text};
}

} // namespace detail

} // namespace bpci::codec
