#pragma once

#include "runtime/supervision/restart_policy.hpp"

#include <chrono>
#include <cstdint>
#include <mutex>

namespace bpci::supervision {

/// The restarts that all supervisors of a node may make together, so that a fault that meets
/// thousands of actors at once does not turn into a storm of restarts. A token bucket, kept as the
/// time at which it is full again (the virtual scheduling algorithm of ITU-T I.371, annex A).
/// Thread-safe.
class restart_budget {
public:
  /// `burst` restarts go through at once, then `per_second`.
  explicit restart_budget(std::uint32_t per_second = 50, std::uint32_t burst = 50);

  /// Takes one restart; says how long to wait before making it. Never refuses.
  std::chrono::milliseconds take(instant now);

private:
  const std::chrono::nanoseconds interval_;
  const std::chrono::nanoseconds tolerance_;
  std::mutex mutex_;
  instant full_at_{}; // guarded by mutex_
};

} // namespace bpci::supervision
