#include "gateways/governance/terms_text.hpp"

#include "config/basis_points.hpp"
#include "runtime/time/clock.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <array>
#include <charconv>

namespace bpci::gateway {

namespace {

namespace json = boost::json;

constexpr std::size_t weight_decimals = 3;
constexpr std::uint64_t one_in_thousandths = 1'000;

/// Whole parts with more digits are beyond every bound.
constexpr std::size_t weight_digits_max = 9;

bool is_digits(std::string_view x) {
  return !x.empty() && x.find_first_not_of("0123456789") == std::string_view::npos;
}

std::uint64_t to_number(std::string_view digits) {
  std::uint64_t out = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), out);
  return out;
}

/// A number as its sender wrote it: the shortest digits that mean it.
std::string digits_of(const json::value& x) {
  if (const auto* text = x.if_string()) return std::string{*text};
  if (x.is_int64()) return std::to_string(x.get_int64());
  if (x.is_uint64()) return std::to_string(x.get_uint64());
  if (!x.is_double()) return {};
  std::array<char, 64> out{};
  const auto [end, error] =
      std::to_chars(out.data(), out.data() + out.size(), x.get_double(), std::chars_format::fixed);
  return error == std::errc{} ? std::string{out.data(), end} : std::string{};
}

} // namespace

result<std::uint64_t> parse_weight(std::string_view text) {
  const auto point = text.find('.');
  const auto before = text.substr(0, point);
  const auto no_weight = fail(ec::invalid_argument, "weight: expected a number such as 1.5");
  if (!is_digits(before) || before.size() > weight_digits_max) return no_weight;
  auto out = to_number(before) * one_in_thousandths;
  if (point == std::string_view::npos) return out;
  auto behind = std::string{text.substr(point + 1)};
  if (!is_digits(behind)) return no_weight;
  while (behind.ends_with('0'))
    behind.pop_back();
  if (behind.size() > weight_decimals)
    return fail(ec::invalid_argument, "weight: at most three decimals");
  behind.resize(weight_decimals, '0');
  return out + to_number(behind);
}

std::string weight_text(std::uint64_t thousandths) {
  auto out = std::to_string(thousandths / one_in_thousandths);
  auto behind = std::to_string(thousandths % one_in_thousandths + one_in_thousandths).substr(1);
  while (behind.ends_with('0'))
    behind.pop_back();
  return behind.empty() ? out : out + "." + behind;
}

result<std::uint64_t> read_weight(const json::value& in) {
  return parse_weight(digits_of(in));
}

result<timestamp_ms> parse_time(std::string_view text) {
  constexpr std::size_t digits_max = 15;
  if (is_digits(text) && text.size() <= digits_max)
    return timestamp_ms{static_cast<std::int64_t>(to_number(text))};
  const auto out = parse_rfc3339(text);
  if (!out) return fail(ec::invalid_argument, out.error().detail);
  return *out;
}

result<void> replace_time(json::object& in, std::string_view name) {
  auto* found = in.if_contains(name);
  const auto* text = found ? found->if_string() : nullptr;
  if (!text) return {};
  const auto at = parse_time(std::string_view{*text});
  if (!at) return fail(ec::invalid_argument, std::string{name} + ": " + at.error().detail);
  *found = at->get();
  return {};
}

result<void> replace_share(json::object& in, std::string_view name) {
  auto* found = in.if_contains(name);
  if (!found || found->is_null()) return {};
  const auto share = config::parse_basis_points(digits_of(*found));
  if (!share) return fail(ec::invalid_argument, std::string{name} + ": " + share.error().detail);
  *found = std::uint64_t{share->get()};
  return {};
}

} // namespace bpci::gateway
