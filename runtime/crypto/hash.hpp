#pragma once

#include "messages/error.hpp"

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace bpci::crypto {

/// What SHA-256 (FIPS 180-4) yields.
using digest = std::array<std::uint8_t, 32>;

digest sha256(std::span<const std::uint8_t> data);

/// The hash of the parts one behind the other. The parts carry no lengths: where two lists of
/// parts could join to the same bytes, the caller puts lengths or a domain tag between them.
digest sha256_joined(std::initializer_list<std::span<const std::uint8_t>> parts);

/// The bytes of a text, for what hashes or signs text.
std::span<const std::uint8_t> as_bytes(std::string_view text) noexcept;

/// Lower case, two digits a byte.
std::string to_hex(std::span<const std::uint8_t> data);

/// 64 hex digits of either case. Errors: malformed.
result<digest> digest_from_hex(std::string_view text);

} // namespace bpci::crypto
