#pragma once

#include "runtime/time/clock.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace bpci::cluster {

inline constexpr auto backoff_min = std::chrono::milliseconds{50};
inline constexpr auto backoff_max = std::chrono::milliseconds{2'000};

/// How long to wait after so many attempts that failed, with jitter.
inline std::chrono::milliseconds backoff(std::uint32_t attempts) {
  auto pause = std::min(backoff_min * (1 << std::min(attempts, 6u)), backoff_max);
  auto jitter = random_below(static_cast<std::uint64_t>(pause.count()) / 4 + 1);
  return pause + std::chrono::milliseconds{jitter};
}

} // namespace bpci::cluster
