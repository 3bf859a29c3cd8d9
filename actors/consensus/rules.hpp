#pragma once

#include "actors/consensus/signing.hpp"
#include "actors/consensus/validator_set.hpp"

#include <optional>

/// Four decisions of the engine on which safety or liveness hangs, apart from everything else, so
/// that a test can link others in their place and must then see the simulator find the damage: a
/// simulator that does not is blind. rules.cpp has the real ones; the library bpci_consensus_core
/// has none, so every program says by linking which it takes, and none can be changed at run time.
namespace bpci::consensus::rules {

/// Whether a proposal may be accepted: the justification proves that its proposer was free to
/// propose this block, or bound to it.
[[nodiscard]] bool is_justified(const proposal_message& x, const validator_set& set,
                                const address& proposer, verifier& check);

/// A commit of one's own that counts already when a block is accepted. None: it counts when it
/// comes back, so never before it was persisted and sent. Besu counted it at acceptance; with a
/// late timer that made two blocks of one height final (Besu #1734).
[[nodiscard]] std::optional<commit> early_commit(const signer& keys, const std::string& chain_id,
                                                 height at, round_no round, const hash& block_id);

/// Whether the end of a round's time makes a validator ask for the next one: not when it has
/// decided. What Besu #1734 needed besides.
[[nodiscard]] bool may_ask(bool is_decided);

/// What is known about the current round.
struct round_outlook {
  round_no round;
  bool work_is_due = false;       ///< here, or at another validator, by what it sent
  bool proposal_is_there = false; ///< justified, for this round
  bool quorum_is_there = false;   ///< validators with a quorum have asked for this round or later
};

/// Whether the timer of the round runs. Who is alone must not leave the others behind by rounds
/// that double: it would come back with a timeout beyond theirs (PBFT, section 4.5.2).
[[nodiscard]] bool may_time_out(const round_outlook& x);

} // namespace bpci::consensus::rules
