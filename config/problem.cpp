#include "config/problem.hpp"

#include <boost/locale/utf.hpp>

#include <iterator>

namespace bpci::config {

namespace {

namespace utf = boost::locale::utf;
using utf8 = utf::utf_traits<char>;

constexpr int shown_max = 48;

/// Control characters, and those that reverse or break what stands around them.
bool commands_a_terminal(utf::code_point x) {
  return x < 0x20 || (x >= 0x7F && x <= 0x9F) || x == 0x2028 || x == 0x2029
         || (x >= 0x202A && x <= 0x202E) || (x >= 0x2066 && x <= 0x2069);
}

} // namespace

std::string to_string(const problem& x) {
  std::string text;
  if (!x.file.empty()) {
    text = x.file + ':';
    if (x.line > 0) text += std::to_string(x.line) + ':' + std::to_string(x.column) + ':';
    text += ' ';
  }
  if (!x.path.empty()) text += x.path + ": ";
  text += x.what;
  if (!x.remedy.empty()) text += "\n    " + x.remedy;
  return text;
}

std::string printable(std::string_view text) {
  std::string out;
  const auto* at = text.data();
  const auto* end = at + text.size();
  for (auto shown = 0; at != end; ++shown) {
    if (shown == shown_max) return out + "...";
    const auto x = utf8::decode(at, end);
    if (x == utf::illegal || x == utf::incomplete || commands_a_terminal(x)) {
      out += '?';
    } else {
      utf8::encode(x, std::back_inserter(out));
    }
  }
  return out;
}

} // namespace bpci::config
