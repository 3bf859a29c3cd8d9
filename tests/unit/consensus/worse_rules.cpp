#include "actors/consensus/rules.hpp"

/// Believes every proposer, and times every round: for mutant_test.cpp.
namespace bpci::consensus::rules {

bool is_justified(const proposal_message&, const validator_set&, const address&, verifier&) {
  return true;
}

std::optional<commit> early_commit(const signer&, const std::string&, height, round_no,
                                   const hash&) {
  return std::nullopt;
}

bool may_ask(bool is_decided) {
  return !is_decided;
}

bool may_time_out(const round_outlook&) {
  return true;
}

} // namespace bpci::consensus::rules
