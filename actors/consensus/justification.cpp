#include "actors/consensus/justification.hpp"

#include "actors/consensus/body.hpp"

#include <algorithm>
#include <set>

namespace bpci::consensus {

namespace {

/// The weight of those who signed, or nothing at all if anybody is a stranger or there twice.
template <class Vote>
std::uint64_t distinct_weight(std::span<const Vote> votes, const validator_set& set) {
  std::set<address> seen;
  std::uint64_t weight = 0;
  for (const auto& x : votes) {
    if (!set.contains(x.by) || !seen.insert(x.by).second) return 0;
    weight += set.weight_of(x.by);
  }
  return weight;
}

bool is_change_to(const round_change& x, height at, round_no round) {
  return x.at == at && x.round == round && round > round_no{0}
         && (!x.prepared || x.prepared->round < round);
}

} // namespace

bool is_prepared_certificate(std::span<const prepare> prepares, height at, round_no round,
                             const hash& block_id, const validator_set& set, verifier& check) {
  auto agrees = [&](const prepare& x) {
    return x.at == at && x.round == round && x.block_id == block_id;
  };
  return set.is_quorum(distinct_weight(prepares, set)) && std::ranges::all_of(prepares, agrees)
         && std::ranges::all_of(prepares, [&](const prepare& x) { return check(x); });
}

bool is_valid_round_change(const round_change_message& x, height at, const validator_set& set,
                           verifier& check) {
  const auto& claim = x.what.prepared;
  if (!set.contains(x.what.by) || !is_change_to(x.what, at, x.what.round) || !check(x.what))
    return false;
  if (!claim) return !x.prepared_block && x.prepares.empty();
  return x.prepared_block && block_id(x.prepared_block->head) == claim->block_id
         && is_prepared_certificate(x.prepares, at, claim->round, claim->block_id, set, check)
         && roots_match(*x.prepared_block);
}

const round_change* highest_prepared(std::span<const round_change> changes) {
  const round_change* out = nullptr;
  for (const auto& x : changes)
    if (x.prepared && (!out || x.prepared->round > out->prepared->round)) out = &x;
  return out;
}

bool is_proposal_justified(const proposal_message& x, const validator_set& set,
                           const address& proposer, verifier& check) {
  const auto at = x.what.at;
  const auto round = x.what.round;
  auto is_own = x.body.head.proposer == proposer && x.prepares.empty();
  if (round == round_no{0}) return is_own && x.changes.empty();

  auto counts = [&](const round_change& c) { return is_change_to(c, at, round); };
  if (!set.is_quorum(distinct_weight<round_change>(x.changes, set))
      || !std::ranges::all_of(x.changes, counts)
      || !std::ranges::all_of(x.changes, [&](const round_change& c) { return check(c); }))
    return false;
  const auto* highest = highest_prepared(x.changes);
  if (!highest) return is_own;
  return x.what.block_id == highest->prepared->block_id
         && is_prepared_certificate(x.prepares, at, highest->prepared->round, x.what.block_id, set,
                                    check);
}

} // namespace bpci::consensus
