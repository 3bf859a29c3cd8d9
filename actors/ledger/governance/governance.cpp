#include "actors/ledger/governance/governance.hpp"

#include "actors/ledger/chain.hpp"
#include "actors/ledger/governance/account.hpp"
#include "actors/ledger/governance/ballot.hpp"
#include "actors/ledger/governance/refusals.hpp"
#include "actors/ledger/module_of.hpp"
#include "actors/ledger/modules.hpp"
#include "actors/ledger/transaction.hpp"

#include <array>

namespace bpci::ledger::governance {

namespace {

bool by_governance(const context& c) {
  return c.sender == own_account();
}

struct rules {
  static constexpr std::string_view name = module_name;
  using commands = boost::mp11::mp_list<propose, vote, set_parameter, schedule_upgrade,
                                        cancel_upgrade, halt, resume>;
  using questions = boost::mp11::mp_list<get_proposal, get_agenda, get_chain>;
  static constexpr std::array parameters{voting_heights, fast_voting_heights, halt_heights,
                                         upgrade_notice_heights};

  static std::vector<account> closed_accounts() { return {own_account()}; }

  // -- by validators ---------------------------------------------------------------------

  static verdict on(context& c, const propose& x) { return open_proposal_for(c, x); }
  static verdict on(context& c, const vote& x) { return cast(c, x); }

  // -- by vote ---------------------------------------------------------------------------

  static verdict on(context& c, const set_parameter& x) {
    if (!by_governance(c)) return refuse(only_governance);
    const auto* known = c.modules.find_parameter(x.name);
    if (!known) return refuse(parameter_unknown, x.name.substr(0, 64));
    if (auto set = ledger::set_parameter(c.state, *known, x.value); !set)
      return refuse(parameter_out_of_bounds, set.error().detail);
    c.emit(name, parameter_changed{x.name, x.value});
    return {};
  }

  static verdict on(context& c, const schedule_upgrade& x) {
    if (!by_governance(c)) return refuse(only_governance);
    auto now = load_or_new<protocol_version>(c.state, version_key);
    if (x.version <= now.version)
      return refuse(version_not_newer, "the present one is " + std::to_string(now.version));
    auto earliest = c.block.at.get() + c.value(upgrade_notice_heights);
    if (x.at.get() < earliest)
      return refuse(height_too_near, "at height " + std::to_string(earliest) + " or later");
    now.next = scheduled_upgrade{x.version, x.at};
    c.state.store(version_key, now);
    return {};
  }

  static verdict on(context& c, const cancel_upgrade&) {
    if (!by_governance(c)) return refuse(only_governance);
    auto now = load_or_new<protocol_version>(c.state, version_key);
    if (!now.next) return refuse(nothing_scheduled);
    now.next.reset();
    c.state.store(version_key, now);
    return {};
  }

  static verdict on(context& c, const halt&) {
    if (!by_governance(c)) return refuse(only_governance);
    const auto until = height{c.block.at.get() + c.value(halt_heights)};
    c.state.store(halt_key, halt_until{until});
    c.emit(name, halted{until});
    return {};
  }

  static verdict on(context& c, const resume&) {
    if (!by_governance(c)) return refuse(only_governance);
    if (!is_halted(c.state, c.block.at)) return refuse(not_halted);
    c.state.erase(halt_key);
    c.emit(name, resumed{});
    return {};
  }

  // -- in each block ---------------------------------------------------------------------

  static void begin_block(context& c) {
    auto now = load_or_new<protocol_version>(c.state, version_key);
    if (!now.next || c.block.at < now.next->at) return;
    now = {now.next->version, {}};
    c.state.store(version_key, now);
    c.emit(name, upgraded{now.version});
  }

  static void end_block(context& c) { close_expired(c); }

  // -- questions ---------------------------------------------------------------------------

  static result<proposal> on(const reader& state, const get_proposal& x) {
    auto out = find_proposal(state, x.number);
    if (!out) return fail(ec::not_found, "no proposal " + std::to_string(x.number));
    return std::move(*out);
  }

  static result<agenda> on(const reader& state, const get_agenda&) { return read_agenda(state); }

  static result<chain_status> on(const reader& state, const get_chain&) {
    return chain_status{load_or_new<chain_identity>(state, chain_key),
                        load_or_new<protocol_version>(state, version_key),
                        load<halt_until>(state, halt_key)};
  }
};

} // namespace

account own_account() {
  static const auto out = module_account("governance");
  return out;
}

module_ptr make_governance() {
  return make_module<rules>();
}

} // namespace bpci::ledger::governance
