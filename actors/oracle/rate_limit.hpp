#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace bpci::oracle {

/// A token bucket, kept as the one number that it needs: the time at which it would be full again
/// (the generic cell rate algorithm, ITU-T I.371). `rate_per_sec` tokens a second, one second's
/// worth at once.
class rate_limit {
public:
  using instant = std::chrono::steady_clock::time_point;

  explicit rate_limit(std::uint64_t rate_per_sec)
      : interval_(std::chrono::nanoseconds{1'000'000'000}
                  / std::max<std::uint64_t>(rate_per_sec, 1)) {}

  /// Takes `tokens`; or says how long to wait for them, and takes none. More than a full bucket
  /// holds may be taken from a full one: the rest is owed.
  std::optional<std::chrono::milliseconds> take(instant now, std::uint64_t tokens = 1) {
    constexpr auto second = std::chrono::nanoseconds{1'000'000'000};
    auto cost = interval_ * static_cast<std::int64_t>(tokens);
    auto depth = std::max(second, cost);
    auto full_at = std::max(full_at_, now) + cost;
    if (full_at - now > depth)
      return std::chrono::ceil<std::chrono::milliseconds>(full_at - now - depth);
    full_at_ = full_at;
    return std::nullopt;
  }

private:
  std::chrono::nanoseconds interval_;
  /// Before any time that a clock shows: a new bucket is full, whatever the clock's epoch.
  instant full_at_ = instant::min();
};

} // namespace bpci::oracle
