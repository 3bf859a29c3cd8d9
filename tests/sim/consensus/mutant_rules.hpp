#pragma once

/// The engine's rules (actors/consensus/rules.hpp), of which one at a time can be taken away:
/// linked in place of the real ones, so that tests can show that the simulator sees the damage.
namespace bpci::consensus::sim {

enum class mutant {
  none,
  unjustified,    ///< any proposal of the right proposer may be accepted
  commits_early,  ///< one's own commit counts when a block is accepted
  timer_not_gated ///< the timer of a round runs as soon as the round begins
};

/// For all engines from now on.
void set_mutant(mutant x);

} // namespace bpci::consensus::sim
