#pragma once

#include "actors/consensus/engine.hpp"
#include "runtime/crypto/keys.hpp"

#include <stdexcept>

namespace bpci::consensus {

/// A validator's address is its public key.
class ed25519_signer final : public signer {
public:
  explicit ed25519_signer(std::shared_ptr<const crypto::key_pair> keys) : keys_(std::move(keys)) {}
  explicit ed25519_signer(crypto::key_pair keys)
      : ed25519_signer(std::make_shared<const crypto::key_pair>(std::move(keys))) {}

  [[nodiscard]] address self() const override { return keys_->pub.bytes; }
  [[nodiscard]] signature sign(std::span<const std::uint8_t> what) const override {
    return crypto::sign(keys_->secret, what).bytes;
  }
  [[nodiscard]] bool verify(const address& by, std::span<const std::uint8_t> what,
                            const signature& sig) const override {
    return crypto::verify({by}, what, {sig});
  }

private:
  std::shared_ptr<const crypto::key_pair> keys_;
};

/// Of a node without a validator's key: it checks and never signs. Its address is all zeros, which
/// no set of validators has.
class ed25519_follower final : public signer {
public:
  [[nodiscard]] address self() const override { return {}; }
  [[nodiscard]] signature sign(std::span<const std::uint8_t>) const override {
    throw std::logic_error("a follower signs nothing");
  }
  [[nodiscard]] bool verify(const address& by, std::span<const std::uint8_t> what,
                            const signature& sig) const override {
    return crypto::verify({by}, what, {sig});
  }
};

} // namespace bpci::consensus
