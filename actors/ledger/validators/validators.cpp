#include "actors/ledger/validators/validators.hpp"

#include "actors/ledger/coins/balances.hpp"
#include "actors/ledger/module_of.hpp"
#include "actors/ledger/validators/members.hpp"
#include "actors/ledger/validators/refusals.hpp"
#include "runtime/crypto/keys.hpp"

#include <algorithm>
#include <array>

namespace bpci::ledger::validators {

namespace {

struct genesis_member {
  std::string key; ///< 64 hex digits: its Ed25519 public key
  amount<gen> bond;
};
BPCI_MESSAGE(genesis_member, key, bond)

struct genesis_validators {
  std::vector<genesis_member> members;
};
BPCI_MESSAGE(genesis_validators, members)

std::string least(std::uint64_t units) {
  return "at least " + to_string(amount<gen>{units});
}

/// The one that may still change its bond.
boost::system::result<member, refusal> serving(const context& c) {
  auto x = find_member(c.state, c.sender);
  if (!x) return refuse(not_a_validator);
  if (x->tombstoned) return refuse(tombstoned_for_good);
  if (x->leaving) return refuse(not_a_validator, "it has left");
  return std::move(*x);
}

struct rules {
  static constexpr std::string_view name = "validators";
  using commands = boost::mp11::mp_list<join, add_bond, unbond, leave, unjail, withdraw>;
  using questions = boost::mp11::mp_list<get_sets, get_member, get_waiting>;
  using genesis_section = genesis_validators;
  static constexpr std::array parameters{
      validators_max, bond_min, unbonding_heights, unbonding_ms,      evidence_heights,
      evidence_ms,    jail_ms,  downtime_min_bp,   downtime_slash_bp, double_sign_slash_bp};

  static std::vector<account> closed_accounts() { return {bond_account()}; }

  static verdict on(context& c, const join& x) {
    auto known = find_member(c.state, c.sender);
    if (known && known->tombstoned) return refuse(tombstoned_for_good);
    if (known && !known->leaving) return refuse(already_a_validator);
    if (known && known->unbonding.size() >= unbondings_max) return refuse(too_many_unbondings);
    if (x.bond.get() < c.value(bond_min))
      return refuse(bond_below_minimum, least(c.value(bond_min)));
    if (count_members(c.state) >= c.value(validators_max)
        || read_sets(c.state).now.size() + read_waiting(c.state).who.size()
               >= validators_in_motion_max)
      return refuse(too_many_validators);
    if (auto paid = pay_in(c, x.bond); !paid) return paid;
    auto m = known.value_or(member{});
    m.leaving = false;
    m.bond = x.bond;
    change_count(c.state, 1);
    put_member(c.state, c.sender, m);
    enqueue(c.state, c.sender, urgency::in_turn);
    return {};
  }

  static verdict on(context& c, const add_bond& x) {
    auto m = serving(c);
    if (!m) return m.error();
    if (auto paid = pay_in(c, x.more); !paid) return paid;
    m->bond = amount<gen>{m->bond.get() + x.more.get()};
    put_member(c.state, c.sender, *m);
    enqueue(c.state, c.sender, urgency::in_turn);
    return {};
  }

  static verdict on(context& c, const unbond& x) {
    auto m = serving(c);
    if (!m) return m.error();
    if (x.less.get() == 0) return refuse(amount_must_not_be_zero);
    if (x.less > m->bond) return refuse(bond_too_small, "the bond is " + to_string(m->bond));
    if (m->bond.get() - x.less.get() < c.value(bond_min))
      return refuse(bond_below_minimum, least(c.value(bond_min)) + " must remain, or leave");
    if (m->unbonding.size() >= unbondings_max) return refuse(too_many_unbondings);
    m->bond = amount<gen>{m->bond.get() - x.less.get()};
    m->unbonding.push_back({x.less, {}, {}});
    put_member(c.state, c.sender, *m);
    enqueue(c.state, c.sender, urgency::in_turn);
    return {};
  }

  static verdict on(context& c, const leave&) {
    auto m = serving(c);
    if (!m) return m.error();
    if (!others_remain(c.state, c.sender)) return refuse(last_validator);
    m->leaving = true;
    m->unbonding.push_back({std::exchange(m->bond, {}), {}, {}});
    change_count(c.state, -1);
    put_member(c.state, c.sender, *m);
    enqueue(c.state, c.sender, urgency::in_turn);
    return {};
  }

  static verdict on(context& c, const unjail&) {
    auto m = serving(c);
    if (!m) return m.error();
    if (!m->jailed) return refuse(not_jailed);
    if (c.block.time < m->jailed_until)
      return refuse(still_jailed, "until " + std::to_string(m->jailed_until.get()));
    if (m->bond.get() < c.value(bond_min))
      return refuse(bond_below_minimum, least(c.value(bond_min)));
    m->jailed = false;
    m->jailed_until = {};
    m->counted_from = height{c.block.at.get() + 2};
    put_member(c.state, c.sender, *m);
    enqueue(c.state, c.sender, urgency::in_turn);
    return {};
  }

  static verdict on(context& c, const withdraw&) {
    auto m = find_member(c.state, c.sender);
    if (!m) return refuse(not_a_validator);
    std::uint64_t sum = 0;
    std::erase_if(m->unbonding, [&](const auto& x) {
      if (!released(c, x)) return false;
      sum += x.units.get();
      return true;
    });
    if (sum == 0) return refuse(nothing_to_withdraw);
    put_member(c.state, c.sender, *m);
    return coins::move(c, bond_account(), c.sender, {token::GEN, sum});
  }

  static result<validator_sets> on(const reader& state, const get_sets&) {
    return read_sets(state);
  }

  static result<member> on(const reader& state, const get_member& x) {
    auto out = find_member(state, x.who);
    if (!out) return fail(ec::not_found, "no validator, nor was it one lately");
    return std::move(*out);
  }

  static result<waiting_list> on(const reader& state, const get_waiting&) {
    return read_waiting(state);
  }

  static void begin_block(context& c) { punish(c); }
  static void end_block(context& c) { turn_over(c); }

  static result<void> genesis(context& c, const genesis_section& x) {
    if (x.members.empty()) return fail(ec::invalid_argument, "validators.members: there is none");
    if (x.members.size() > c.value(validators_max))
      return fail(ec::invalid_argument, "validators.members: more than validators.max");
    validator_sets sets;
    for (std::size_t i = 0; i < x.members.size(); ++i) {
      const auto path = "validators.members[" + std::to_string(i) + "]";
      auto who = crypto::public_key_from_hex(x.members[i].key);
      if (!who) return fail(ec::invalid_argument, path + ".key: not an Ed25519 public key in hex");
      if (find_member(c.state, who->bytes))
        return fail(ec::invalid_argument, path + ".key: stands here twice");
      if (x.members[i].bond.get() < c.value(bond_min))
        return fail(ec::invalid_argument, path + ".bond: " + least(c.value(bond_min)));
      if (!coins::mint(c, bond_account(), to_coin(x.members[i].bond)))
        return fail(ec::invalid_argument, path + ".bond: the sum of all GEN is out of range");
      member m;
      m.bond = x.members[i].bond;
      m.counted_from = height{1};
      put_member(c.state, who->bytes, m);
      sets.now.push_back({who->bytes, wanted_weight(m)});
    }
    std::ranges::sort(sets.now, {}, &consensus::validator::id);
    sets.before = sets.now;
    put_sets(c.state, sets);
    change_count(c.state, static_cast<std::int64_t>(x.members.size()));
    return {};
  }

private:
  static verdict pay_in(context& c, amount<gen> x) {
    return coins::move(c, c.sender, bond_account(), to_coin(x));
  }
};

} // namespace

module_ptr make_validators() {
  return make_module<rules>();
}

} // namespace bpci::ledger::validators
