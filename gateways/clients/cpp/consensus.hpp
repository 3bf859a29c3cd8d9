#pragma once

#include "messages/governance/rounds.hpp"
#include "runtime/crypto/keys.hpp"

/// Proposals and votes of a BPI node (docs/governance.md), without a socket: what they say is
/// signed here and sent as JSON to POST /api/v1/consensus/proposals and /votes.
namespace bpci::client {

/// What voters sign, and results name: SHA-256 of the proposal's canonical bytes.
crypto::digest digest_of(const governance::proposal& x);

/// Fills in the signature of the proposer, whose id stands in it.
governance::proposal sign(governance::proposal x, const crypto::key_pair& keys);

/// Fills in the signature of the voter. `of` is the digest of the proposal that he has read.
governance::vote sign(governance::vote x, const crypto::digest& of, const crypto::key_pair& keys);

} // namespace bpci::client
