#pragma once

#include <chrono>
#include <cstdint>

namespace bpci::client {

/// Before an attempt to connect, or to send again (docs/protocol/bpi-1.0.md, section 4).
struct backoff {
  std::chrono::milliseconds least{100};
  std::chrono::milliseconds most{5'000};

  bool operator==(const backoff&) const = default;
};

/// Doubles from `least` to `most` with each `attempt` (0 is the first); between a half of that and
/// all of it, as `luck` (any random number) says, so that clients that lost the same node do not
/// come back at once.
std::chrono::milliseconds delay(const backoff& how, std::uint32_t attempt, std::uint64_t luck);

} // namespace bpci::client
