#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace bpci::entity {

inline constexpr auto retry_min = std::chrono::milliseconds{100};
inline constexpr auto retry_max = std::chrono::milliseconds{30'000};

/// The pause before attempt number `attempts` (from 1): doubled each time, plus or minus a fifth.
/// `random` is any number.
inline std::chrono::milliseconds retry_after(std::uint32_t attempts, std::uint64_t random) {
  constexpr std::uint32_t doublings_max = 9;
  auto doublings = std::min(std::max(attempts, 1u) - 1, doublings_max);
  auto pause = std::min(retry_min * (1 << doublings), retry_max);
  auto fifth = static_cast<std::uint64_t>(pause.count()) / 5;
  return pause - std::chrono::milliseconds{fifth}
         + std::chrono::milliseconds{random % (2 * fifth + 1)};
}

} // namespace bpci::entity
