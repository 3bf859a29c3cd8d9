#pragma once

#include "tests/unit/consensus/helpers.hpp"

namespace bpci::fuzz {

/// Believes every signature of others that ends in a zero, so that a fuzzer gets behind the check.
/// Its own are its own.
class gullible_signer final : public consensus::signer {
public:
  explicit gullible_signer(int n) : real_(n) {}

  [[nodiscard]] consensus::address self() const override { return real_.self(); }
  [[nodiscard]] consensus::signature sign(input what) const override { return real_.sign(what); }
  [[nodiscard]] bool verify(const consensus::address& by, input what,
                            const consensus::signature& sig) const override {
    return by == self() ? real_.verify(by, what, sig) : sig.back() == 0;
  }

private:
  consensus::testing::fake_signer real_;
};

} // namespace bpci::fuzz
