#include "runtime/crypto/hash.hpp"

#include "runtime/crypto/hex.hpp"

#include <openssl/evp.h>
#include <sodium.h>

#include <memory>
#include <stdexcept>

namespace bpci::crypto {

namespace {

struct free_context {
  void operator()(EVP_MD_CTX* x) const noexcept { EVP_MD_CTX_free(x); }
};

/// Fetched once, since OpenSSL 3 otherwise looks the algorithm up for each hash; and never freed,
/// since threads may hash until the process ends.
const EVP_MD* algorithm() {
  static const auto* fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  if (fetched == nullptr) throw std::runtime_error("OpenSSL offers no SHA-256");
  return fetched;
}

/// Allocated once a thread: allocating costs more than hashing a Merkle node.
EVP_MD_CTX* context() {
  thread_local const std::unique_ptr<EVP_MD_CTX, free_context> ours{EVP_MD_CTX_new()};
  if (!ours) throw std::bad_alloc();
  return ours.get();
}

} // namespace

digest sha256(std::span<const std::uint8_t> data) {
  return sha256_joined({data});
}

digest sha256_joined(std::initializer_list<std::span<const std::uint8_t>> parts) {
  auto* hashing = context();
  auto ok = EVP_DigestInit_ex2(hashing, algorithm(), nullptr) == 1;
  for (auto part : parts)
    ok = ok && EVP_DigestUpdate(hashing, part.data(), part.size()) == 1;
  digest hash;
  ok = ok && EVP_DigestFinal_ex(hashing, hash.data(), nullptr) == 1;
  if (!ok) throw std::runtime_error("OpenSSL could not compute a SHA-256");
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
