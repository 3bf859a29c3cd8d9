#pragma once

#include "runtime/time/clock.hpp"

#include <atomic>
#include <cstdint>

namespace bpci::entity {

/// The time by which timers are set and fire: the database's, so that a node whose own clock is
/// wrong neither fires early nor late. TIMERS compares the two whenever it reads. Thread-safe.
class database_clock {
public:
  [[nodiscard]] timestamp_ms now() const noexcept {
    return timestamp_ms{wall_now().get() + ahead_ms_.load(std::memory_order_relaxed)};
  }

  void is_now(timestamp_ms there) noexcept {
    ahead_ms_.store(there.get() - wall_now().get(), std::memory_order_relaxed);
  }

private:
  std::atomic<std::int64_t> ahead_ms_{0};
};

} // namespace bpci::entity
