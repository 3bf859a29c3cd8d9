#include "gateways/clients/cpp/backoff.hpp"

#include <algorithm>

namespace bpci::client {

namespace {

/// More doublings than that reach any `most` that makes sense.
constexpr std::uint32_t doublings_max = 16;

} // namespace

std::chrono::milliseconds delay(const backoff& how, std::uint32_t attempt, std::uint64_t luck) {
  const auto grown = how.least * (std::int64_t{1} << std::min(attempt, doublings_max));
  const auto whole = std::min(how.most, grown);
  const auto half = whole / 2;
  const auto rest = static_cast<std::uint64_t>((whole - half).count());
  return half + std::chrono::milliseconds{luck % (rest + 1)};
}

} // namespace bpci::client
