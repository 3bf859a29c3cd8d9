#include "actors/ledger/validators/members.hpp"

#include "actors/ledger/transaction.hpp"
#include "actors/ledger/validators/set.hpp"

#include <algorithm>

namespace bpci::ledger::validators {

namespace {

constexpr std::string_view sets_key = "validators/sets";
constexpr std::string_view waiting_key = "validators/waiting";
constexpr std::string_view membership_key = "validators/membership";

} // namespace

account bond_account() {
  static const auto out = module_account("validators/bonds");
  return out;
}

std::optional<member> find_member(const reader& state, const address& who) {
  return load<member>(state, member_key(who));
}

void put_member(draft& state, const address& who, const member& x) {
  auto over = x.leaving && !x.tombstoned && x.unbonding.empty();
  if (over)
    state.erase(member_key(who));
  else
    state.store(member_key(who), x);
}

validator_sets read_sets(const reader& state) {
  return load_or_new<validator_sets>(state, sets_key);
}

void put_sets(draft& state, const validator_sets& x) {
  state.store(sets_key, x);
}

waiting_list read_waiting(const reader& state) {
  return load_or_new<waiting_list>(state, waiting_key);
}

void put_waiting(draft& state, const waiting_list& x) {
  if (x.who.empty())
    state.erase(waiting_key);
  else
    state.store(waiting_key, x);
}

std::uint64_t count_members(const reader& state) {
  return load_or_new<membership>(state, membership_key).count;
}

void change_count(draft& state, std::int64_t by) {
  auto now = load_or_new<membership>(state, membership_key);
  now.count += static_cast<std::uint64_t>(by);
  state.store(membership_key, now);
}

std::uint64_t wanted_weight(const member& x) {
  if (x.leaving || x.jailed || x.tombstoned) return 0;
  return x.bond.get() / gen_per_weight;
}

void enqueue(draft& state, const address& who, urgency when) {
  auto waiting = read_waiting(state);
  auto known = std::ranges::find(waiting.who, who);
  if (known != waiting.who.end()) {
    if (when == urgency::in_turn) return;
    waiting.who.erase(known);
  }
  waiting.who.insert(when == urgency::at_once ? waiting.who.begin() : waiting.who.end(), who);
  put_waiting(state, waiting);
}

bool others_remain(const reader& state, const address& who) {
  std::vector<wish> wishes;
  auto sets = read_sets(state);
  auto waiting = read_waiting(state);
  for (const auto& x : waiting.who)
    if (x != who) wishes.push_back({x, wanted_weight(load_or_new<member>(state, member_key(x)))});
  wishes.push_back({who, 0});
  return wished_total(sets.now, wishes) > 0;
}

} // namespace bpci::ledger::validators
