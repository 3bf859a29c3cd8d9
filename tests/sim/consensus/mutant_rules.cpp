#include "mutant_rules.hpp"

#include "actors/consensus/justification.hpp"
#include "actors/consensus/rules.hpp"
#include "plan.hpp"

#include <cstdlib>
#include <string_view>

namespace bpci::consensus {

namespace {

/// `BPCI_SIM_MUTANT` names one for a whole program; those of hosts are no rules of the engine, but
/// are taken away in the same manner.
sim::mutant from_environment() {
  const auto* text = std::getenv("BPCI_SIM_MUTANT");
  auto name = std::string_view{text ? text : ""};
  sim::usual_mistakes().careless_disk = name == "careless-disk";
  sim::usual_mistakes().careless_sync = name == "careless-sync";
  if (name == "unjustified") return sim::mutant::unjustified;
  if (name == "commits-early") return sim::mutant::commits_early;
  if (name == "timer-not-gated") return sim::mutant::timer_not_gated;
  return sim::mutant::none;
}

sim::mutant now = from_environment();

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

bool rules::may_ask(bool is_decided) {
  return !is_decided;
}

bool rules::may_time_out(const round_outlook& x) {
  if (now == sim::mutant::timer_not_gated && x.round > round_no{0}) return true;
  if (x.round == round_no{0}) return x.work_is_due || x.proposal_is_there;
  return x.quorum_is_there || x.proposal_is_there;
}

} // namespace bpci::consensus
