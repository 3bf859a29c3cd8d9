#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bpci::crypto {

/// How many random bytes an access token has.
constexpr std::size_t token_bytes = 32;

/// `bytes` bytes from the system's generator, as base64url without padding (RFC 4648, section 5):
/// safe in headers, URLs and file names.
std::string random_token(std::size_t bytes = token_bytes);

/// What a challenge carries; never given out twice.
std::array<std::uint8_t, 32> random_nonce();

/// What is stored in place of a token: the hex SHA-256 of its text. A slow password hash would
/// guard nothing here: a token is 256 random bits, which no number of guesses finds, and it is
/// checked with every request.
std::string hash_token(std::string_view token);

/// Compares without telling, through the time it takes, how much of the two is alike. The
/// lengths are not hidden.
bool equal_constant_time(std::string_view a, std::string_view b) noexcept;

} // namespace bpci::crypto
