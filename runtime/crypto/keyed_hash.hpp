#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace bpci::crypto {

/// For hash tables whose keys other people choose: SipHash-2-4 under a key that this process draws
/// and nobody else knows, so that no keys can be found that meet in one bucket.
struct keyed_hash {
  std::size_t operator()(std::span<const std::uint8_t> x) const noexcept;

  template <std::size_t N>
  std::size_t operator()(const std::array<std::uint8_t, N>& x) const noexcept {
    return (*this)(std::span<const std::uint8_t>{x});
  }
};

} // namespace bpci::crypto
