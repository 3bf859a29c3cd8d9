#include "actors/governance/tally.hpp"

#include <algorithm>

namespace bpci::governance {

namespace {

__extension__ using wide = unsigned __int128;

/// What is left of `all` when `part` is taken away; never below 0.
std::uint64_t without(std::uint64_t all, std::uint64_t part) noexcept {
  return all - std::min(all, part);
}

} // namespace

bool reaches(std::uint64_t part, std::uint64_t all, std::uint64_t basis_points) noexcept {
  return wide{part} * whole >= wide{basis_points} * all;
}

std::uint64_t least_part(std::uint64_t all, std::uint64_t basis_points) noexcept {
  return static_cast<std::uint64_t>((wide{basis_points} * all + whole - 1) / whole);
}

std::uint64_t cast_weight(const tally& x) noexcept {
  return x.approve_weight + x.reject_weight + x.abstain_weight;
}

std::uint64_t participation(const tally& x) noexcept {
  if (x.total_weight == 0) return 0;
  return static_cast<std::uint64_t>(wide{cast_weight(x)} * whole / x.total_weight);
}

bool minimums_hold(const proposal& what, const tally& x) noexcept {
  return x.votes >= what.minimum_votes
         && reaches(cast_weight(x), x.total_weight, what.minimum_participation);
}

standing decide(const proposal& what, const tally& x) noexcept {
  if (x.total_weight == 0 || !minimums_hold(what, x)) return standing::Active;
  if (reaches(x.approve_weight, x.total_weight, what.required_threshold)) return standing::Approved;
  // Every voter who has not voted yet may still approve.
  const auto at_best = without(x.total_weight, x.reject_weight + x.abstain_weight);
  if (!reaches(at_best, x.total_weight, what.required_threshold)) return standing::Rejected;
  return standing::Active;
}

standing decide_at_deadline(const proposal& what, const tally& x) noexcept {
  const auto now = decide(what, x);
  if (now != standing::Active) return now;
  return x.total_weight > 0 && minimums_hold(what, x) ? standing::Rejected : standing::Expired;
}

governance::lacking lacking_for(const proposal& what, const tally& x) noexcept {
  const auto least = [&](std::uint64_t share) { return least_part(x.total_weight, share); };
  return {without(what.minimum_votes, x.votes),
          without(least(what.required_threshold), x.approve_weight),
          without(least(what.minimum_participation), cast_weight(x))};
}

void add(tally& to, decision what, std::uint64_t by) noexcept {
  ++to.votes;
  switch (what) {
  case decision::Approve:
    to.approve_weight += by;
    return;
  case decision::Reject:
    to.reject_weight += by;
    return;
  case decision::Abstain:
    to.abstain_weight += by;
    return;
  }
}

} // namespace bpci::governance
