#pragma once

#include "runtime/crypto/keys.hpp"

#include <span>

/// For this folder alone: what encrypts a key, or writes it to a file, needs what it grew from.
namespace bpci::crypto {

/// Of a key that was not moved away; lives as long as the key.
std::span<const std::uint8_t, 32> seed_of(const secret_key& x);

} // namespace bpci::crypto
