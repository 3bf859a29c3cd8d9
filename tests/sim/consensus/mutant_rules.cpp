#include "mutant_rules.hpp"

#include "actors/consensus/justification.hpp"
#include "actors/consensus/rules.hpp"

namespace bpci::consensus {

namespace {

sim::mutant now = sim::mutant::none;

} // namespace

void sim::set_mutant(mutant x) {
  now = x;
}

bool rules::is_justified(const proposal_message& x, const validator_set& set,
                         const address& proposer, verifier& check) {
  return now == sim::mutant::unjustified || is_proposal_justified(x, set, proposer, check);
}

std::optional<commit> rules::early_commit(const signer& keys, const std::string& chain_id,
                                          height at, round_no round, const hash& block_id) {
  if (now != sim::mutant::commits_early) return std::nullopt;
  auto out = commit{at, round, block_id, keys.self(), {}};
  sign_with(keys, chain_id, out);
  return out;
}

bool rules::may_time_out(const round_outlook& x) {
  if (now == sim::mutant::timer_not_gated && x.round > round_no{0}) return true;
  if (x.round == round_no{0}) return x.work_is_due || x.proposal_is_there;
  return x.quorum_is_there || x.proposal_is_there;
}

} // namespace bpci::consensus
