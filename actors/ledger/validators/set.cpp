#include "actors/ledger/validators/set.hpp"

#include "actors/ledger/validators/members.hpp"

#include <algorithm>
#include <map>
#include <numeric>

namespace bpci::ledger::validators {

std::uint64_t total_weight(std::span<const validator> set) {
  return std::accumulate(set.begin(), set.end(), std::uint64_t{0},
                         [](auto sum, const auto& x) { return sum + x.weight; });
}

std::uint64_t weight_of(std::span<const validator> set, const address& who) {
  auto found = std::ranges::lower_bound(set, who, {}, &validator::id);
  return found == set.end() || found->id != who ? 0 : found->weight;
}

std::uint64_t wished_total(std::span<const validator> set, std::span<const wish> wishes) {
  auto out = total_weight(set);
  for (const auto& x : wishes)
    out = out - weight_of(set, x.who) + x.weight;
  return out;
}

std::vector<validator> next_set(std::span<const validator> set, std::span<const wish> wishes) {
  std::map<address, std::uint64_t> weights;
  for (const auto& x : set)
    weights.emplace(x.id, x.weight);
  auto total = total_weight(set);
  const auto wished = wished_total(set, wishes);
  if (wished == 0) return {set.begin(), set.end()};
  auto budget = (total - 1) / 3; // the most whose triple is below the total
  const auto floor = std::min(total, wished);
  for (const auto& x : wishes) {
    auto has = weight_of(set, x.who);
    if (x.weight > has) {
      auto more = std::min(x.weight - has, budget);
      if (more == 0) continue;
      weights[x.who] = has + more;
      budget -= more;
      total += more;
    } else if (x.weight < has) {
      auto less = std::min({has - x.weight, budget, total - floor});
      if (less == has)
        weights.erase(x.who);
      else
        weights[x.who] = has - less;
      budget -= less;
      total -= less;
    }
  }
  std::vector<validator> out;
  out.reserve(weights.size());
  for (const auto& [id, weight] : weights)
    out.push_back({id, weight});
  return out;
}

coming_validators coming_after(const reader& state, height at) {
  auto sets = read_sets(state);
  return {sets.changed == at ? std::move(sets.before) : sets.now, sets.now};
}

bool change_due(const reader& state) {
  auto waiting = read_waiting(state);
  if (waiting.who.empty()) return false;
  std::vector<wish> wishes;
  for (const auto& who : waiting.who) {
    auto x = load_or_new<member>(state, member_key(who));
    if (std::ranges::any_of(x.unbonding, [](const auto& u) { return u.since && !u.began; }))
      return true;
    wishes.push_back({who, wanted_weight(x)});
  }
  auto sets = read_sets(state);
  return next_set(sets.now, wishes) != sets.now;
}

} // namespace bpci::ledger::validators
