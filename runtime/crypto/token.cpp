#include "runtime/crypto/token.hpp"

#include "runtime/crypto/hash.hpp"
#include "runtime/crypto/keys.hpp"

#include <sodium.h>

namespace bpci::crypto {

std::string random_token(std::size_t bytes) {
  init();
  std::string drawn(bytes, '\0');
  randombytes_buf(drawn.data(), drawn.size());
  constexpr auto variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  // The length counts a terminating zero, for which std::string has room of its own.
  std::string text(sodium_base64_encoded_len(bytes, variant) - 1, '\0');
  sodium_bin2base64(text.data(), text.size() + 1, as_bytes(drawn).data(), drawn.size(), variant);
  sodium_memzero(drawn.data(), drawn.size());
  return text;
}

std::array<std::uint8_t, 32> random_nonce() {
  init();
  std::array<std::uint8_t, 32> nonce;
  randombytes_buf(nonce.data(), nonce.size());
  return nonce;
}

std::string hash_token(std::string_view token) {
  return to_hex(sha256(as_bytes(token)));
}

bool equal_constant_time(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

} // namespace bpci::crypto
