#include "runtime/crypto/keys.hpp"

#include "runtime/crypto/hex.hpp"
#include "runtime/crypto/seed.hpp"

#include <sodium.h>

#include <algorithm>
#include <new>
#include <stdexcept>

namespace bpci::crypto {

static_assert(public_key::size == crypto_sign_PUBLICKEYBYTES);
static_assert(signature::size == crypto_sign_BYTES);
static_assert(crypto_sign_SEEDBYTES == 32);

namespace {

result<public_key> usable(const public_key& key) {
  if (crypto_core_ed25519_is_valid_point(key.bytes.data()) != 1)
    return fail(ec::invalid_argument, "these 32 bytes are not a usable Ed25519 public key");
  return key;
}

} // namespace

void init() {
  static const auto ready = sodium_init();
  if (ready < 0) throw std::runtime_error("libsodium found no source of randomness");
}

void secret_key::release::operator()(std::uint8_t* x) const noexcept {
  sodium_free(x);
}

key_pair generate() {
  init();
  std::array<std::uint8_t, crypto_sign_SEEDBYTES> seed;
  randombytes_buf(seed.data(), seed.size());
  auto keys = from_seed(seed);
  sodium_memzero(seed.data(), seed.size());
  return keys;
}

key_pair from_seed(std::span<const std::uint8_t, 32> seed) {
  init();
  auto* guarded = static_cast<std::uint8_t*>(sodium_malloc(crypto_sign_SECRETKEYBYTES));
  if (guarded == nullptr) throw std::bad_alloc();
  key_pair keys{{}, secret_key{guarded}};
  crypto_sign_seed_keypair(keys.pub.bytes.data(), guarded, seed.data());
  sodium_mprotect_readonly(guarded);
  return keys;
}

signature sign(const secret_key& by, std::span<const std::uint8_t> message) {
  if (!by.expanded_) throw std::logic_error("signing with a key that was moved away");
  signature made;
  crypto_sign_detached(made.bytes.data(), nullptr, message.data(), message.size(),
                       by.expanded_.get());
  return made;
}

std::span<const std::uint8_t, 32> seed_of(const secret_key& x) {
  if (!x.expanded_) throw std::logic_error("the seed of a key that was moved away");
  return std::span<const std::uint8_t, 32>{x.expanded_.get(), 32};
}

bool verify(const public_key& by, std::span<const std::uint8_t> message, const signature& x) {
  return crypto_sign_verify_detached(x.bytes.data(), message.data(), message.size(),
                                     by.bytes.data())
         == 0;
}

std::string to_hex(const public_key& x) {
  return to_hex(std::span<const std::uint8_t>{x.bytes});
}

std::string to_hex(const signature& x) {
  return to_hex(std::span<const std::uint8_t>{x.bytes});
}

result<public_key> public_key_from_hex(std::string_view text) {
  public_key key;
  if (!read_hex(text, key.bytes))
    return fail(ec::malformed, "a public key is written as 64 hexadecimal digits");
  return usable(key);
}

result<public_key> public_key_from_bytes(std::span<const std::uint8_t> raw) {
  if (raw.size() != public_key::size)
    return fail(ec::malformed,
                "a public key has 32 bytes, this one has " + std::to_string(raw.size()));
  public_key key;
  std::ranges::copy(raw, key.bytes.begin());
  return usable(key);
}

result<signature> signature_from_hex(std::string_view text) {
  signature made;
  if (!read_hex(text, made.bytes))
    return fail(ec::malformed, "a signature is written as 128 hexadecimal digits");
  return made;
}

result<signature> signature_from_bytes(std::span<const std::uint8_t> raw) {
  if (raw.size() != signature::size)
    return fail(ec::malformed,
                "a signature has 64 bytes, this one has " + std::to_string(raw.size()));
  signature made;
  std::ranges::copy(raw, made.bytes.begin());
  return made;
}

} // namespace bpci::crypto
