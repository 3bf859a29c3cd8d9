#pragma once

#include <chrono>
#include <cstdint>

/// Time and chance of a simulated network.
namespace bpci::consensus::sim {

using std::chrono::microseconds;

/// Since the start of the run.
using instant = std::chrono::microseconds;

/// Scatters the bits of `x`: neighbours get nothing in common (the finaliser of SplitMix64).
constexpr std::uint64_t scatter(std::uint64_t x) noexcept {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

constexpr std::uint64_t scatter(std::uint64_t a, std::uint64_t b) noexcept {
  return scatter(scatter(a) ^ b);
}

/// One stream of draws. Each purpose has its own, so that leaving out a fault does not change what
/// all others draw: a shorter schedule stays close to the run that it was cut from.
class chance {
public:
  constexpr chance(std::uint64_t seed, std::uint64_t stream) : state_(scatter(seed, stream)) {}

  constexpr std::uint64_t next() noexcept { return state_ = scatter(state_); }
  constexpr std::uint64_t below(std::uint64_t limit) noexcept { return next() % limit; }
  constexpr std::uint64_t between(std::uint64_t least, std::uint64_t most) noexcept {
    return least + below(most - least + 1);
  }
  constexpr instant between(instant least, instant most) noexcept {
    return instant{static_cast<std::int64_t>(between(static_cast<std::uint64_t>(least.count()),
                                                     static_cast<std::uint64_t>(most.count())))};
  }
  constexpr bool percent(std::uint64_t chances) noexcept { return below(100) < chances; }

private:
  std::uint64_t state_;
};

} // namespace bpci::consensus::sim
