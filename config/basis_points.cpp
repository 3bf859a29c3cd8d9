#include "config/basis_points.hpp"

#include <charconv>
#include <optional>

namespace bpci::config {

namespace {

/// How many digits behind the point are still whole basis points.
constexpr int fraction_decimals = 4;
constexpr int percent_decimals = 2;

constexpr std::uint32_t percent_max = 100;

/// Long enough for every share that is not refused anyway, short enough not to overflow.
constexpr std::size_t digits_max = 9;

std::string_view trim_end(std::string_view text) {
  while (text.ends_with(' '))
    text.remove_suffix(1);
  return text;
}

std::optional<std::uint64_t> digits(std::string_view text) {
  std::uint64_t x = 0;
  if (text.empty() || text.size() > digits_max) return std::nullopt;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, x);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return x;
}

failure not_a_share() {
  return fail(ec::invalid_argument, "must be a share of the whole");
}

/// `text` times ten to the power of `decimals`, if that is a whole number.
result<std::uint64_t> scaled(std::string_view text, int decimals) {
  const auto point = text.find('.');
  const auto before = digits(text.substr(0, point));
  if (!before) return not_a_share();
  auto behind = point == std::string_view::npos ? std::string_view{"0"} : text.substr(point + 1);
  if (behind.empty() || behind.find_first_not_of("0123456789") != std::string_view::npos)
    return not_a_share();
  while (behind.ends_with('0'))
    behind.remove_suffix(1);
  if (behind.size() > static_cast<std::size_t>(decimals))
    return fail(ec::invalid_argument, "is finer than a basis point");
  auto x = *before;
  for (auto place = 0; place < decimals; ++place) {
    const auto i = static_cast<std::size_t>(place);
    x = x * 10 + (i < behind.size() ? static_cast<std::uint64_t>(behind[i] - '0') : 0);
  }
  return x;
}

result<std::uint64_t> parse_bare(std::string_view text) {
  if (text.find('.') != std::string_view::npos) return scaled(text, fraction_decimals);
  const auto x = digits(text);
  if (!x) return not_a_share();
  if (*x <= 1) return *x * whole_in_basis_points;
  if (*x <= percent_max) return fail(ec::invalid_argument, "may mean a percentage or basis points");
  return *x;
}

} // namespace

result<basis_points> parse_basis_points(std::string_view text) {
  result<std::uint64_t> x = not_a_share();
  if (text.ends_with('%')) {
    x = scaled(trim_end(text.substr(0, text.size() - 1)), percent_decimals);
  } else if (text.ends_with("bp")) {
    x = scaled(trim_end(text.substr(0, text.size() - 2)), 0);
  } else {
    x = parse_bare(text);
  }
  if (!x) return x.error();
  if (*x > whole_in_basis_points) return fail(ec::invalid_argument, "is more than the whole");
  return basis_points{static_cast<std::uint32_t>(*x)};
}

} // namespace bpci::config
