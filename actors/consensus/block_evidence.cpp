#include "actors/consensus/block_evidence.hpp"

namespace bpci::consensus {

result<std::set<height>> heights_of(const block& x) {
  if (x.misbehaviour.size() > evidence_in_block_max)
    return fail(ec::too_large, "more evidence than a block may hold");
  std::set<height> out;
  std::set<offence> seen;
  for (const auto& one : x.misbehaviour) {
    auto what = offence_of(one);
    if (!what) return what.error();
    if (what->at >= x.head.at) return fail(ec::invalid_argument, "evidence of a height to come");
    if (!seen.insert(*what).second) return fail(ec::invalid_argument, "one offence twice");
    out.insert(what->at);
  }
  return out;
}

result<chain::evidence_list> check_block_evidence(const block& x, const heights_known& known,
                                                  verifier& check) {
  if (auto ok = heights_of(x); !ok) return ok.error();
  chain::evidence_list out;
  for (const auto& one : x.misbehaviour) {
    auto then = known.find(offence_of(one)->at);
    if (then == known.end())
      return fail(ec::not_found, "evidence of a height that is not known here");
    auto verified = verify(one, then->second, check);
    if (!verified) return verified.error();
    out.push_back(*verified);
  }
  return out;
}

result<ledger::verified_evidence> verify(const evidence& x, const chain::past_height& then,
                                         verifier& check) {
  auto what = check_evidence(x, validator_set{then.validators}, check);
  if (!what) return what.error();
  if (what->at != then.at) return fail(ec::invalid_argument, "evidence of another height");
  return ledger::verified_evidence{what->by, what->at, then.time, what->what};
}

} // namespace bpci::consensus
