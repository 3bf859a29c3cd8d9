#include "gateways/http/text.hpp"

#include <algorithm>
#include <cstdint>

namespace bpci::http {

namespace {

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr bool is_continuation(std::uint8_t byte) noexcept {
  return (byte & 0xc0) == 0x80;
}

/// The length of the character that starts with `byte`, 0 if none does.
constexpr std::size_t length_of(std::uint8_t byte) noexcept {
  if (byte < 0x80) return 1;
  if (byte >= 0xc2 && byte <= 0xdf) return 2;
  if (byte >= 0xe0 && byte <= 0xef) return 3;
  if (byte >= 0xf0 && byte <= 0xf4) return 4;
  return 0;
}

/// Some first bytes narrow the second one (RFC 3629, section 4).
constexpr bool second_fits(std::uint8_t first, std::uint8_t second) noexcept {
  switch (first) {
  case 0xe0:
    return second >= 0xa0;
  case 0xed:
    return second <= 0x9f;
  case 0xf0:
    return second >= 0x90;
  case 0xf4:
    return second <= 0x8f;
  default:
    return true;
  }
}

} // namespace

bool same_word(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool is_utf8(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<std::uint8_t>(text[i]);
    const auto length = length_of(first);
    if (length == 0 || length > text.size() - i) return false;
    for (std::size_t k = 1; k < length; ++k)
      if (!is_continuation(static_cast<std::uint8_t>(text[i + k]))) return false;
    if (length > 1 && !second_fits(first, static_cast<std::uint8_t>(text[i + 1]))) return false;
    i += length;
  }
  return true;
}

std::string printable(std::string_view text) {
  std::string out{text};
  if (!is_utf8(text))
    std::ranges::replace_if(
        out, [](char c) { return static_cast<std::uint8_t>(c) > 0x7f; }, '?');
  return out;
}

std::string_view cut_utf8(std::string_view text, std::size_t bytes_max) noexcept {
  if (text.size() <= bytes_max) return text;
  auto end = bytes_max;
  while (end > 0 && is_continuation(static_cast<std::uint8_t>(text[end])))
    --end;
  return text.substr(0, end);
}

std::string_view trim(std::string_view text) noexcept {
  constexpr std::string_view blank = " \t";
  const auto first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

} // namespace bpci::http
