#include "actors/oracle/conduct.hpp"

#include <algorithm>

namespace bpci::oracle {

/// By how surely it is on purpose, or a client that is broken: one that signs wrongly or speaks for
/// others does nothing right; a clock that is ahead, or a sequence used twice, happens.
std::uint64_t weight_of(ec code) noexcept {
  switch (code) {
  case ec::bad_signature:
  case ec::wrong_source:
    return 20;
  case ec::malformed:
  case ec::too_deep:
  case ec::unsupported:
    return 5;
  case ec::replayed:
  case ec::from_the_future:
    return 2;
  case ec::invalid_argument:
    return 1;
  default:
    return 0;
  }
}

std::chrono::milliseconds isolation_of(std::chrono::milliseconds base,
                                       std::chrono::milliseconds max,
                                       std::uint64_t before) noexcept {
  auto out = std::min(base, max);
  for (; before > 0 && out < max; --before)
    out = out > max / 2 ? max : out * 2;
  return out;
}

bool conduct::note(ec code, instant now) {
  const auto weight = weight_of(code);
  if (rules_.threshold == 0 || weight == 0) return false;
  const auto period = std::chrono::nanoseconds{rules_.period};
  // A weight beyond the threshold is the threshold: the product stays in range.
  const auto points = static_cast<std::int64_t>(std::min(weight, rules_.threshold));
  clean_at_ =
      std::max(clean_at_, now) + period / static_cast<std::int64_t>(rules_.threshold) * points;
  if (clean_at_ - now < period) return false;
  clean_at_ = instant::min();
  return true;
}

std::uint64_t conduct::score(instant now) const {
  if (clean_at_ <= now || rules_.threshold == 0) return 0;
  const auto point =
      std::chrono::nanoseconds{rules_.period} / static_cast<std::int64_t>(rules_.threshold);
  return point.count() == 0 ? 0 : static_cast<std::uint64_t>((clean_at_ - now) / point);
}

} // namespace bpci::oracle
