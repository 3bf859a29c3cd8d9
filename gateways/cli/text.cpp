#include "gateways/cli/text.hpp"

#include "gateways/http/text.hpp"

#include <array>
#include <charconv>
#include <cstdint>

namespace bpci::cli {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

/// A day: whoever waits longer has mistyped.
constexpr milliseconds duration_max = 24h;

bool starts_character(char x) noexcept {
  return (static_cast<unsigned char>(x) & 0xC0U) != 0x80U;
}

std::string two_digits(std::int64_t x) {
  return (x < 10 ? "0" : "") + std::to_string(x);
}

} // namespace

std::string tame(std::string_view text) {
  auto out = http::printable(text);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto x = static_cast<unsigned char>(out[i]);
    // C1 controls are two bytes in UTF-8, and some terminals obey them.
    const auto c1 =
        x == 0xC2U && i + 1 < out.size() && static_cast<unsigned char>(out[i + 1]) < 0xA0U;
    if (x < 0x20U || x == 0x7FU) out[i] = '?';
    if (c1) out.replace(i, 2, "?");
  }
  return out;
}

std::size_t width(std::string_view text) noexcept {
  std::size_t out = 0;
  for (const auto x : text)
    out += starts_character(x) ? 1 : 0;
  return out;
}

std::string cut(const std::string& text, std::size_t most) {
  if (most == 0) return {};
  if (width(text) <= most) return text;
  std::size_t characters = 0;
  std::size_t end = 0;
  for (; end < text.size(); ++end)
    if (starts_character(text[end]) && ++characters == most) break;
  return text.substr(0, end) + "…";
}

std::string short_duration(milliseconds x) {
  if (x < 0ms) x = 0ms;
  const auto secs = x.count() / 1'000;
  if (secs == 0) return std::to_string(x.count()) + "ms";
  if (secs < 60) return std::to_string(secs) + "s";
  if (secs < 3'600) return std::to_string(secs / 60) + "m " + two_digits(secs % 60) + "s";
  if (secs < 86'400) return std::to_string(secs / 3'600) + "h " + two_digits(secs / 60 % 60) + "m";
  return std::to_string(secs / 86'400) + "d " + two_digits(secs / 3'600 % 24) + "h";
}

result<milliseconds> parse_duration(std::string_view text) {
  std::int64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [unit_at, why] = std::from_chars(text.data(), end, number);
  const std::string_view unit{unit_at, static_cast<std::size_t>(end - unit_at)};
  const std::int64_t factor = unit == "ms"                  ? 1
                              : unit.empty() || unit == "s" ? 1'000
                              : unit == "m"                 ? 60'000
                                                            : 0;
  if (why != std::errc{} || factor == 0 || number < 1 || number > duration_max.count() / factor)
    return fail(ec::invalid_argument,
                "'" + tame(text) + "' is not a time such as 30, 30s, 500ms or 2m, up to a day");
  return milliseconds{number * factor};
}

std::string percent_encode(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const auto x : text) {
    const auto letter = (x >= 'a' && x <= 'z') || (x >= 'A' && x <= 'Z');
    const auto digit = x >= '0' && x <= '9';
    if (letter || digit || x == '-' || x == '.' || x == '_' || x == '~') {
      out += x;
      continue;
    }
    const auto byte = static_cast<unsigned char>(x);
    out += {'%', digits[byte >> 4U], digits[byte & 0xFU]};
  }
  return out;
}

} // namespace bpci::cli
