#pragma once

#include "actors/consensus/body.hpp"
#include "actors/consensus/signing.hpp"
#include "actors/consensus/validator_set.hpp"
#include "keys.hpp"
#include "messages/codec/canonical.hpp"
#include "model_ledger.hpp"

/// The core's words for what is hashed and signed, as the simulator uses them.
namespace bpci::consensus::sim {

template <class Vote>
void sign(Vote& x, const signer& by, const std::string& chain = chain_name) {
  sign_with(by, chain, x);
}

template <class Vote>
bool is_signed(const Vote& x) {
  return model_signer{0}.verify(x.by, signing_bytes(chain_name, x), x.sig);
}

/// After its changes and prepares were set, and before it is signed.
inline void justify(proposal_message& x) {
  x.what.justification = justification_hash(x.changes, x.prepares);
}

/// By the core: whether a quorum of these validators has sealed that block.
bool is_sealed(const sealed_block& x, const std::vector<validator>& by);
bool is_sealed(const certificate& seals, height at, const hash& id,
               const std::vector<validator>& by);

/// Whom it accuses and at what height, by its words alone.
std::optional<address> accused_by(const evidence& x);
height place_of(const evidence& x);

/// By the core: whether it proves that a validator of this set lied.
bool is_proven(const evidence& x, const std::vector<validator>& of);

} // namespace bpci::consensus::sim
