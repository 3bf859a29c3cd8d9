#include "gateways/chain/amounts.hpp"

#include <boost/describe/enum_to_string.hpp>

#include <algorithm>
#include <charconv>
#include <limits>

namespace bpci::gateway {

namespace {

constexpr std::size_t decimals = gen::decimals;
static_assert(nex::decimals == decimals && flx::decimals == decimals && aur::decimals == decimals);

constexpr std::uint64_t whole = 1'000'000'000;

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

failure not_an_amount(std::string_view text) {
  return fail(ec::invalid_argument,
              "'" + std::string{text.substr(0, 40)}
                  + "' is no amount: write whole tokens with up to 9 digits behind the point, as "
                    "1.5");
}

result<std::uint64_t> number(std::string_view digits) {
  std::uint64_t out = 0;
  const auto [end, why] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (why != std::errc{} || end != digits.data() + digits.size())
    return fail(ec::invalid_argument, "an amount that is out of range");
  return out;
}

} // namespace

std::string_view name_of(ledger::token x) {
  return boost::describe::enum_to_string(x, "");
}

result<ledger::token> token_of_name(std::string_view text) {
  for (const auto x : ledger::all_tokens) {
    const auto name = name_of(x);
    if (std::ranges::equal(name, text, [](char a, char b) { return a == b || a + 32 == b; }))
      return x;
  }
  return fail(ec::invalid_argument,
              "token: GEN, NEX, FLX or AUR, not '" + std::string{text.substr(0, 16)} + "'");
}

std::string decimal_text(std::uint64_t units) {
  auto fraction = std::to_string(units % whole);
  fraction.insert(0, decimals - fraction.size(), '0');
  return std::to_string(units / whole) + "." + fraction;
}

result<std::uint64_t> units_of_decimal(std::string_view text) {
  const auto point = text.find('.');
  const auto left = text.substr(0, point);
  auto right =
      point == std::string_view::npos ? std::string{} : std::string{text.substr(point + 1)};
  if (!is_digits(left) || (point != std::string_view::npos && !is_digits(right))
      || right.size() > decimals)
    return not_an_amount(text);
  right.append(decimals - right.size(), '0');
  const auto tokens = number(left);
  const auto rest = number(right);
  if (!tokens) return tokens;
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  if (*tokens > most / whole || *rest > most - *tokens * whole)
    return fail(ec::invalid_argument, "an amount that is out of range");
  return *tokens * whole + *rest;
}

result<std::uint64_t> units_of_digits(std::string_view text) {
  if (!is_digits(text))
    return fail(ec::invalid_argument, "'" + std::string{text.substr(0, 40)}
                                          + "' is no number of smallest units: digits alone");
  return number(text);
}

result<ledger::coin> coin_of_text(std::string_view text) {
  const auto blank = text.find(' ');
  if (blank == std::string_view::npos)
    return fail(ec::invalid_argument,
                "'" + std::string{text.substr(0, 40)} + "' names no token: write it as 1.5 FLX");
  const auto units = units_of_decimal(text.substr(0, blank));
  if (!units) return units.error();
  const auto what = token_of_name(text.substr(blank + 1));
  if (!what) return what.error();
  return ledger::coin{*what, *units};
}

} // namespace bpci::gateway
