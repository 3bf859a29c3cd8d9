#include "runtime/crypto/hash.hpp"

#include "runtime/crypto/hex.hpp"

// The functions below EVP are marked as old, and take half the time for what is hashed most here:
// the nodes of Merkle trees, which have 65 bytes.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <sodium.h>

namespace bpci::crypto {

digest sha256(std::span<const std::uint8_t> data) {
  return sha256_joined({data});
}

digest sha256_joined(std::initializer_list<std::span<const std::uint8_t>> parts) {
  SHA256_CTX hashing;
  SHA256_Init(&hashing);
  for (auto part : parts)
    SHA256_Update(&hashing, part.data(), part.size());
  digest hash;
  SHA256_Final(hash.data(), &hashing);
  return hash;
}

std::span<const std::uint8_t> as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string to_hex(std::span<const std::uint8_t> data) {
  // sodium_bin2hex also writes a terminating zero, onto the one that std::string keeps there.
  std::string text(data.size() * 2, '\0');
  sodium_bin2hex(text.data(), text.size() + 1, data.data(), data.size());
  return text;
}

result<digest> digest_from_hex(std::string_view text) {
  digest hash;
  if (!read_hex(text, hash))
    return fail(ec::malformed, "a SHA-256 is written as 64 hexadecimal digits");
  return hash;
}

bool read_hex(std::string_view text, std::span<std::uint8_t> out) noexcept {
  if (text.size() != out.size() * 2) return false;
  std::size_t written = 0;
  return sodium_hex2bin(out.data(), out.size(), text.data(), text.size(), nullptr, &written,
                        nullptr)
             == 0
         && written == out.size();
}

} // namespace bpci::crypto
