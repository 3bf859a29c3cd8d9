#include "actors/consensus/rules.hpp"

#include "actors/consensus/justification.hpp"

namespace bpci::consensus::rules {

bool is_justified(const proposal_message& x, const validator_set& set, const address& proposer,
                  verifier& check) {
  return is_proposal_justified(x, set, proposer, check);
}

std::optional<commit> early_commit(const signer&, const std::string&, height, round_no,
                                   const hash&) {
  return std::nullopt;
}

bool may_ask(bool is_decided) {
  return !is_decided;
}

bool may_time_out(const round_outlook& x) {
  if (x.round == round_no{0}) return x.work_is_due || x.proposal_is_there;
  return x.quorum_is_there || x.proposal_is_there;
}

} // namespace bpci::consensus::rules
