#pragma once

#include <cstdint>

/// Integers for products of two amounts or weights.
namespace bpci::ledger {

__extension__ using wide = unsigned __int128;

inline constexpr std::uint64_t basis_points = 10'000;

/// So many basis points of `whole`, rounded down; at most `whole` for at most 10,000.
constexpr std::uint64_t share_of(std::uint64_t whole, std::uint64_t points) {
  return static_cast<std::uint64_t>(wide{whole} * points / basis_points);
}

} // namespace bpci::ledger
