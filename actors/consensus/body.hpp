#pragma once

#include "actors/consensus/engine.hpp"

/// What a block looks like upon its parent, as far as can be seen without executing it.
namespace bpci::consensus {

/// The beginning of a block: everything but transactions, evidence and the state root. Its time is
/// `now`, or right behind the parent where a clock was fast. Call fix_roots when it is complete.
[[nodiscard]] block block_upon(const chain_head& parent, const std::string& chain_id,
                               const address& proposer, timestamp_ms now);

/// Sets the roots of transactions, evidence and seals.
void fix_roots(block& x);

/// Whether the body is the one that the header commits to.
[[nodiscard]] bool roots_match(const block& x);

/// Everything but: whether its proposer was in turn, whether it is timely, whether what it holds is
/// valid (transactions, state root, evidence, the signatures of seals of earlier blocks).
/// Errors: invalid_argument.
[[nodiscard]] result<> check_block_upon(const block& x, const chain_head& parent,
                                        const std::string& chain_id);

/// Whether a new block may be accepted now (proposer-based timestamps, CometBFT): not from the
/// future, and not older than a proposal may take; the later the round, the more patience. Never
/// asked about a block that was prepared: it was timely when it was new.
[[nodiscard]] bool is_timely(timestamp_ms block_time, timestamp_ms now, round_no round,
                             const engine_settings& how);

} // namespace bpci::consensus
