#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace bpci::crypto {

/// Fills `out` from exactly twice as many hex digits; false, with `out` undefined, for any other
/// text. Takes the same time for every text of the right length, so it may read secrets.
bool read_hex(std::string_view text, std::span<std::uint8_t> out) noexcept;

} // namespace bpci::crypto
