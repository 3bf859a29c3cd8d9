#pragma once

#include "actors/consensus/evidence.hpp"
#include "messages/chain/blocks.hpp"

#include <map>
#include <set>

/// What a block says of those who lied, before it is executed. The same for everybody who knows the
/// chain up to its parent.
namespace bpci::consensus {

/// A block names at most this many, each for one thing once: to check one costs two signatures.
inline constexpr std::size_t evidence_in_block_max = 64;

using heights_known = std::map<height, chain::past_height>;

/// The heights that a check of this evidence needs to know. Errors: those of check_block_evidence
/// that need no heights: malformed, too_large, invalid_argument.
[[nodiscard]] result<std::set<height>> heights_of(const block& x);

/// In the order of the block. `known` has those of heights_of that are final and known here.
/// Errors: malformed, too_large, invalid_argument, bad_signature; not_found: a height is not known
/// here, which after a snapshot says nothing of the block.
[[nodiscard]] result<chain::evidence_list>
check_block_evidence(const block& x, const heights_known& known, verifier& check);

/// Of one. Errors: malformed, invalid_argument, bad_signature.
[[nodiscard]] result<ledger::verified_evidence>
verify(const evidence& x, const chain::past_height& then, verifier& check);

} // namespace bpci::consensus
