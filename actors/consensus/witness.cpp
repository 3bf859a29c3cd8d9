#include "actors/consensus/engine_state.hpp"

/// Every signed word goes by here once its signature is checked: what contradicts an earlier one of
/// the same validator is evidence. True: it is news.
namespace bpci::consensus {

bool engine::state::witness(const proposal& x, vote_book& into) {
  auto [fresh, other] = into.proposals.add(x);
  if (other) accuse(evidence_of(*other, x));
  return fresh;
}

bool engine::state::witness(const prepare& x, vote_book& into) {
  auto [fresh, other] = into.prepares.add(x);
  if (other) accuse(evidence_of(*other, x));
  return fresh;
}

bool engine::state::witness(const commit& x, vote_book& into) {
  auto [fresh, other] = into.commits.add(x);
  if (other) accuse(evidence_of(*other, x));
  if (!fresh) return false;
  for (const auto& [round_then, change] : into.changes.of(x.by))
    accuse(evidence_of(x, change));
  return true;
}

bool engine::state::witness(const round_change& x, vote_book& into) {
  auto [fresh, other] = into.changes.add(x);
  if (other) accuse(evidence_of(*other, x));
  if (!fresh) return false;
  for (const auto& [round_then, vote] : into.commits.of(x.by))
    accuse(evidence_of(vote, x));
  for (const auto& [round_then, change] : into.changes.of(x.by))
    accuse(evidence_of(change, x));
  return true;
}

void engine::state::witness(const certificate& x, vote_book& into) {
  for (const auto& s : x.seals)
    witness(commit_of(x, s), into);
}

/// Once a kind, validator and height, or a liar could fill the chain. Never against oneself: what
/// this key signs is on record, so a second machine has it, and the others will say so.
void engine::state::accuse(const std::optional<evidence>& what) {
  if (!what) return;
  auto of = offence_of(*what);
  if (!of || of->by == keys->self() || !accused.emplace(of->what, of->by).second) return;
  out.push_back(report_evidence{*what});
}

void engine::state::halt_upon(const certificate& ours, const certificate& theirs,
                              const validator_set& of, const vote_book& kept) {
  if (!halted.empty()) return;
  std::vector<round_change> asked;
  for (const auto& v : of.members())
    for (const auto& [round_then, change] : kept.changes.of(v.id))
      asked.push_back(change);
  halted = "two blocks of height " + std::to_string(ours.at.get()) + " are final";
  out.push_back(halt{halted, ours, theirs, culprits_of(ours, theirs, asked, of)});
}

} // namespace bpci::consensus
