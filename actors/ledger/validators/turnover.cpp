#include "actors/ledger/validators/members.hpp"
#include "actors/ledger/validators/set.hpp"

#include <algorithm>

namespace bpci::ledger::validators {

namespace {

constexpr std::string_view module_name = "validators";

/// A set that a block of height h decides holds from h + 2 on, so that its hash stands in the
/// header of h + 1.
constexpr std::uint64_t delay = 2;

using members = std::vector<std::pair<address, member>>;

void announce(context& c, const std::vector<validator>& before, const std::vector<validator>& now,
              members& waiting) {
  const auto from = height{c.block.at.get() + delay};
  for (auto& [who, x] : waiting) {
    auto had = weight_of(before, who);
    auto has = weight_of(now, who);
    if (had == has) continue;
    c.emit(module_name, weight_changed{who, has, from});
    if (had == 0) x.counted_from = from;
  }
}

/// Coins count as unbonding from when the weight that they stood for has been taken away.
void note_progress(const context& c, std::uint64_t weight, member& x) {
  const auto settled = weight <= wanted_weight(x);
  for (auto& u : x.unbonding) {
    if (!u.since && settled)
      u.since = c.block.at;
    else if (u.since && !u.began && c.block.at.get() >= u.since->get() + delay)
      u.began = c.block.time;
  }
}

bool done(std::uint64_t weight, const member& x) {
  return weight == wanted_weight(x)
         && std::ranges::all_of(x.unbonding, [](const auto& u) { return u.began.has_value(); });
}

} // namespace

void turn_over(context& c) {
  auto waiting = read_waiting(c.state);
  if (waiting.who.empty()) return;
  members all;
  std::vector<wish> wishes;
  for (const auto& who : waiting.who) {
    all.emplace_back(who, load_or_new<member>(c.state, member_key(who)));
    wishes.push_back({who, wanted_weight(all.back().second)});
  }
  const auto before = all;
  auto sets = read_sets(c.state);
  auto next = next_set(sets.now, wishes);
  if (next != sets.now) {
    announce(c, sets.now, next, all);
    sets = {std::move(next), std::move(sets.now), c.block.at};
    put_sets(c.state, sets);
  }
  waiting_list left;
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto& [who, x] = all[i];
    auto weight = weight_of(sets.now, who);
    note_progress(c, weight, x);
    if (x != before[i].second) put_member(c.state, who, x);
    if (!done(weight, x)) left.who.push_back(who);
  }
  if (left != waiting) put_waiting(c.state, left);
}

bool released(const context& c, const unbonding& x) {
  return x.since && x.began
         && c.block.at.get() >= x.since->get() + delay + c.value(unbonding_heights)
         && c.block.time.get() >= x.began->get() + static_cast<std::int64_t>(c.value(unbonding_ms));
}

} // namespace bpci::ledger::validators
