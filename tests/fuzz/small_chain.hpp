#pragma once

#include "actors/ledger/executor.hpp"
#include "actors/ledger/genesis.hpp"
#include "runtime/crypto/hash.hpp"
#include "runtime/crypto/hex.hpp"

/// A ledger with one validator, who has coins.
namespace bpci::fuzz {

inline ledger::account rich() {
  return crypto::from_seed(crypto::sha256(crypto::as_bytes("rich"))).pub.bytes;
}

inline const ledger::genesis& small_chain() {
  static const auto out = [] {
    const auto key = crypto::to_hex(rich());
    return ledger::read_genesis(
               ledger::standard_modules(),
               R"({"chain_id": "fuzz", "time": 1767225600000, "validators": {"members": [{"key": ")"
                   + key + R"(", "bond": "1000000000000"}]}, "coins": {"balances": [{"account": ")"
                   + key + R"(", "GEN": "9000000000000", "FLX": "9000000000000"}]}})")
        .value();
  }();
  return out;
}

/// Believes every signature.
inline const ledger::rules& believing_rules() {
  static const ledger::rules out{
      ledger::standard_modules(),
      [](const ledger::transaction&, const ledger::hash&) { return true; }};
  return out;
}

} // namespace bpci::fuzz
