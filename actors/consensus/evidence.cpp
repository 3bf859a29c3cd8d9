#include "actors/consensus/evidence.hpp"

#include "messages/codec/canonical.hpp"

#include <tuple>

namespace bpci::consensus {

namespace {

using kind = evidence::kind;

template <class Vote>
bool other_words(Vote x, const Vote& y) {
  if (x.by != y.by || x.at != y.at || x.round != y.round) return false;
  x.sig = y.sig;
  return x != y;
}

template <class Vote>
std::optional<evidence> doubled(kind what, const Vote& x, const Vote& y) {
  auto first = codec::to_canonical(x);
  auto second = codec::to_canonical(y);
  if (second < first) std::swap(first, second);
  return evidence{what, std::move(first), std::move(second)};
}

/// Two round changes, `x` of the earlier round.
bool forgets(const round_change& x, const round_change& y) {
  if (!x.prepared) return y.prepared && y.prepared->round < x.round;
  if (!y.prepared || y.prepared->round < x.prepared->round) return true;
  if (y.prepared->round == x.prepared->round) return y.prepared->block_id != x.prepared->block_id;
  return y.prepared->round < x.round;
}

template <class First, class Second = First>
struct pair_of {
  First first;
  Second second;
};

template <class First, class Second = First>
result<pair_of<First, Second>> read(const evidence& x) {
  auto first = codec::from_canonical<First>(x.first);
  if (!first) return first.error();
  auto second = codec::from_canonical<Second>(x.second);
  if (!second) return second.error();
  return pair_of<First, Second>{*first, *second};
}

/// Calls `visit(first, second)` with the two statements of their types.
template <class Visitor>
result<offence> with_statements(const evidence& x, Visitor visit) {
  auto of = [&]<class F, class S>(result<pair_of<F, S>> both) -> result<offence> {
    if (!both) return both.error();
    return visit(both->first, both->second);
  };
  switch (x.what) {
  case kind::double_proposal:
    return of(read<proposal>(x));
  case kind::double_prepare:
    return of(read<prepare>(x));
  case kind::double_commit:
    return of(read<commit>(x));
  case kind::double_round_change:
    return of(read<round_change>(x));
  case kind::amnesia:
    if (auto both = read<commit, round_change>(x)) return of(std::move(both));
    return of(read<round_change>(x));
  }
  return fail(ec::malformed, "evidence of a kind that is not known");
}

} // namespace

bool contradict(const proposal& x, const proposal& y) {
  return other_words(x, y);
}

bool contradict(const prepare& x, const prepare& y) {
  return other_words(x, y);
}

bool contradict(const commit& x, const commit& y) {
  return other_words(x, y);
}

bool contradict(const commit& x, const round_change& y) {
  if (x.by != y.by || x.at != y.at || y.round <= x.round) return false;
  if (!y.prepared || y.prepared->round < x.round) return true;
  return y.prepared->round == x.round && y.prepared->block_id != x.block_id;
}

bool contradict(const round_change& x, const round_change& y) {
  if (other_words(x, y)) return true;
  if (x.by != y.by || x.at != y.at || x.round == y.round) return false;
  return x.round < y.round ? forgets(x, y) : forgets(y, x);
}

std::optional<evidence> evidence_of(const proposal& x, const proposal& y) {
  return contradict(x, y) ? doubled(kind::double_proposal, x, y) : std::nullopt;
}

std::optional<evidence> evidence_of(const prepare& x, const prepare& y) {
  return contradict(x, y) ? doubled(kind::double_prepare, x, y) : std::nullopt;
}

std::optional<evidence> evidence_of(const commit& x, const commit& y) {
  return contradict(x, y) ? doubled(kind::double_commit, x, y) : std::nullopt;
}

std::optional<evidence> evidence_of(const commit& x, const round_change& y) {
  if (!contradict(x, y)) return std::nullopt;
  return evidence{kind::amnesia, codec::to_canonical(x), codec::to_canonical(y)};
}

std::optional<evidence> evidence_of(const round_change& x, const round_change& y) {
  if (!contradict(x, y)) return std::nullopt;
  if (x.round == y.round) return doubled(kind::double_round_change, x, y);
  const auto& [first, second] = x.round < y.round ? std::tie(x, y) : std::tie(y, x);
  return evidence{kind::amnesia, codec::to_canonical(first), codec::to_canonical(second)};
}

result<offence> offence_of(const evidence& x) {
  return with_statements(x, [&](const auto& first, const auto& second) -> result<offence> {
    if (evidence_of(first, second) != x)
      return fail(ec::invalid_argument, "statements that an honest validator may make both");
    return offence{x.what, first.by, first.at, first.round};
  });
}

result<offence> check_evidence(const evidence& x, const validator_set& set, verifier& check) {
  auto out = offence_of(x);
  if (!out) return out;
  if (!set.contains(out->by))
    return fail(ec::invalid_argument, "against somebody who was no validator there");
  return with_statements(x, [&](const auto& first, const auto& second) -> result<offence> {
    if (!check(first) || !check(second))
      return fail(ec::bad_signature, "a statement that is not its signer's");
    return *out;
  });
}

} // namespace bpci::consensus
