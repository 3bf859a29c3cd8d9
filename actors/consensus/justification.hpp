#pragma once

#include "actors/consensus/signing.hpp"
#include "actors/consensus/validator_set.hpp"

#include <span>

/// When a round change counts, and when a proposal may be accepted. Pure functions of what was
/// signed (QBFT, section 4; Dafny: validRoundChange, isProposalJustification).
namespace bpci::consensus {

/// Prepares of distinct validators with a quorum of the weight, all of this height, round and
/// block: nothing else is among them.
[[nodiscard]] bool is_prepared_certificate(std::span<const prepare> prepares, height at,
                                           round_no round, const hash& block_id,
                                           const validator_set& set, verifier& check);

/// Signed by a validator of the set, for a round above 0. If it claims a prepared block, then one
/// of an earlier round, and that block and its certificate come with it; otherwise nothing does.
[[nodiscard]] bool is_valid_round_change(const round_change_message& x, height at,
                                         const validator_set& set, verifier& check);

/// The claim of the highest prepared round; of equal ones the first. None: nobody was prepared.
[[nodiscard]] const round_change* highest_prepared(std::span<const round_change> changes);

/// Whether the proposer of x.what.round was free to propose this block, or bound to this one:
///
/// - round 0: nothing stands beside it, and the block is its own;
/// - later: round changes of exactly this round by a quorum of distinct validators, and
///   - if none claims a prepared block: no prepares, and the block is its own;
///   - else: the prepares of the highest claim, and the block is that one, as it was.
///
/// Does not look at x.what.sig, nor at what is in the block.
[[nodiscard]] bool is_proposal_justified(const proposal_message& x, const validator_set& set,
                                         const address& proposer, verifier& check);

} // namespace bpci::consensus
