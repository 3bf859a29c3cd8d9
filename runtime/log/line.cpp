#include "runtime/log/line.hpp"

#include "runtime/time/clock.hpp"

#include <boost/locale/utf.hpp>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace bpci::log {

namespace {

namespace utf = boost::locale::utf;
using utf8 = utf::utf_traits<char>;

/// Characters that end a line, steer a terminal or reorder what stands on it: the controls of
/// ASCII and Latin-1, the Unicode line ends and the bidirectional overrides (Unicode, UAX 9).
constexpr bool is_unsafe(utf::code_point x) noexcept {
  return x < 0x20 || (x >= 0x7f && x < 0xa0) || (x >= 0x2028 && x <= 0x202e)
         || (x >= 0x2066 && x <= 0x2069);
}

void append_escaped(std::string& out, utf::code_point x) {
  char escape[8];
  std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(x));
  out += escape;
}

/// Appends what stands at the front of `text` and returns how many bytes it took. A broken
/// sequence costs one byte, so it cannot swallow a quotation mark that follows.
std::size_t append_character(std::string& out, std::string_view text) {
  auto* at = text.data();
  auto x = utf8::decode(at, text.data() + text.size());
  if (x == utf::illegal || x == utf::incomplete) {
    append_escaped(out, 0xfffd);
    return 1;
  }
  auto size = static_cast<std::size_t>(at - text.data());
  if (x == '"' || x == '\\') {
    out += '\\';
    out += static_cast<char>(x);
  } else if (is_unsafe(x)) {
    append_escaped(out, x);
  } else {
    out += text.substr(0, size);
  }
  return size;
}

void append_quoted(std::string& out, std::string_view text) {
  auto rest = text.substr(0, text_bytes_max);
  out += '"';
  while (!rest.empty())
    rest.remove_prefix(append_character(out, rest));
  if (text.size() > text_bytes_max) out += "...";
  out += '"';
}

/// Whether a terminal shows the text as it is and a reader sees where it ends.
bool is_plain(std::string_view text) noexcept {
  return !text.empty() && text.size() <= text_bytes_max && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != '=';
  });
}

void append_plain(std::string& out, std::string_view text) {
  if (is_plain(text))
    out += text;
  else
    append_quoted(out, text);
}

void append_number(std::string& out, const field& x) {
  out += x.is_unsigned ? std::to_string(static_cast<std::uint64_t>(x.number))
                       : std::to_string(x.number);
}

} // namespace

std::string json_line(const line& x) {
  auto out = R"({"timestamp":")" + rfc3339(x.at) + R"(","level":")";
  out += name(x.severity);
  out += R"(","event":)";
  append_quoted(out, x.event);
  if (!x.correlation.empty()) {
    out += R"(,"correlation_id":)";
    append_quoted(out, x.correlation);
  }
  out += R"(,"context":{)";
  auto first = true;
  for (const auto& entry : x.context) {
    if (!std::exchange(first, false)) out += ',';
    append_quoted(out, entry.key);
    out += ':';
    if (entry.is_number)
      append_number(out, entry);
    else
      append_quoted(out, entry.text);
  }
  out += "}}";
  return out;
}

std::string plain_line(const line& x) {
  constexpr std::size_t time_at = 11;
  constexpr std::size_t time_size = 12;
  constexpr std::size_t level_width = 5;
  auto out = rfc3339(x.at).substr(time_at, time_size) + ' ';
  out += name(x.severity);
  out.resize(time_size + 1 + level_width + 1, ' ');
  append_plain(out, x.event);
  for (const auto& entry : x.context) {
    out += ' ';
    append_plain(out, entry.key);
    out += '=';
    if (entry.is_number)
      append_number(out, entry);
    else
      append_plain(out, entry.text);
  }
  if (!x.correlation.empty()) {
    out += " correlation_id=";
    append_plain(out, x.correlation);
  }
  return out;
}

} // namespace bpci::log
