#pragma once

#include "messages/describe.hpp"
#include "messages/error.hpp"

#include <cstdint>
#include <string_view>

namespace bpci::config {

/// A share of a whole in ten-thousandths: 6700 is 67 %. Never a floating-point number.
using basis_points = strong<std::uint32_t, struct basis_points_tag>;

inline constexpr std::uint32_t whole_in_basis_points = 10'000;

/// Reads a share of at most the whole, exactly: `0.67` (fraction, as in document 2), `67%`,
/// `67.5 %`, `6700bp`, or the bare integer `6700`. Bare 0 and 1 are fractions; a bare 2 to 100
/// is refused, since 67 may mean 67 % as well as 67 basis points.
/// Errors: `invalid_argument` with the reason as a sentence part ("is more than the whole").
result<basis_points> parse_basis_points(std::string_view text);

} // namespace bpci::config
