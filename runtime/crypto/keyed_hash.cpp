#include "runtime/crypto/keyed_hash.hpp"

#include <sodium.h>

#include <cstring>

namespace bpci::crypto {

namespace {

using siphash_key = std::array<std::uint8_t, crypto_shorthash_KEYBYTES>;

siphash_key draw() {
  siphash_key out{};
  crypto_shorthash_keygen(out.data());
  return out;
}

} // namespace

std::size_t keyed_hash::operator()(std::span<const std::uint8_t> x) const noexcept {
  static const auto key = draw();
  std::array<std::uint8_t, crypto_shorthash_BYTES> digest{};
  crypto_shorthash(digest.data(), x.data(), x.size(), key.data());
  std::size_t out = 0;
  static_assert(sizeof out <= sizeof digest);
  std::memcpy(&out, digest.data(), sizeof out);
  return out;
}

} // namespace bpci::crypto
