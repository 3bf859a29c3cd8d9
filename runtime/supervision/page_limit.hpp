#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace bpci::supervision {

inline constexpr std::uint64_t page_limit_default = 100;
inline constexpr std::uint64_t page_limit_max = 1'000;

/// Rows that a page may have when `asked` were asked for.
constexpr std::size_t page_limit(std::uint64_t asked) noexcept {
  return asked == 0 ? page_limit_default : std::min(asked, page_limit_max);
}

} // namespace bpci::supervision
