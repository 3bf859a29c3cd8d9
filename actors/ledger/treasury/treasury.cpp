#include "actors/ledger/treasury/treasury.hpp"

#include "actors/ledger/coins/balances.hpp"
#include "actors/ledger/governance/account.hpp"
#include "actors/ledger/keys.hpp"
#include "actors/ledger/module_of.hpp"
#include "actors/ledger/modules.hpp"
#include "actors/ledger/transaction.hpp"
#include "actors/ledger/treasury/funds.hpp"
#include "actors/ledger/treasury/refusals.hpp"

#include <algorithm>

namespace bpci::ledger::treasury {

namespace {

// | key                            | value                       |
// |--------------------------------|-----------------------------|
// | `treasury/history`             | history: how many           |
// | `treasury/spend/` u64          | spent: the payments, from 0 |
constexpr std::string_view history_key = "treasury/history";
constexpr std::string_view spend_key = "treasury/spend/";

struct genesis_fund {
  fund which{};
  amount<bpci::gen> GEN;
  amount<bpci::nex> NEX;
  amount<bpci::flx> FLX;
  amount<bpci::aur> AUR;
};
BPCI_MESSAGE(genesis_fund, which, GEN, NEX, FLX, AUR)

struct genesis_treasury {
  std::vector<genesis_fund> funds;
};
BPCI_MESSAGE(genesis_treasury, funds)

struct rules {
  static constexpr std::string_view name = "treasury";
  using commands = boost::mp11::mp_list<spend>;
  using questions = boost::mp11::mp_list<get_spends, get_fund>;
  using genesis_section = genesis_treasury;

  static verdict on(context& c, const spend& x) {
    if (c.sender != governance::own_account()) return refuse(only_governance);
    if (!is_fund(x.from)) return refuse(fund_unknown);
    if (x.reason.size() > reason_bytes_max) return refuse(reason_too_long);
    if (c.modules.is_closed(x.to)) return refuse(receiver_is_closed);
    if (auto paid = coins::move(c, fund_account(x.from), x.to, x.what); !paid) return paid;
    record(c, x);
    return {};
  }

  static result<spend_list> on(const reader& state, const get_spends& x) {
    spend_list out;
    out.total = load_or_new<history>(state, history_key).count;
    auto count = std::min(x.count, spends_per_answer_max);
    for (auto i = x.first; i < out.total && out.spends.size() < count; ++i)
      out.spends.push_back(load_or_new<spent>(state, key_with(spend_key, i)));
    return out;
  }

  static result<fund_answer> on(const reader& state, const get_fund& x) {
    if (!is_fund(x.which)) return fail(ec::not_found, "there is no such fund");
    fund_answer out;
    out.where = fund_account(x.which);
    auto has = coins::get_holdings(state, out.where);
    for (auto what : all_tokens)
      out.has.push_back({what, coins::units_of(has, what)});
    return out;
  }

  static result<void> genesis(context& c, const genesis_section& x) {
    for (const auto& one : x.funds)
      for (auto what : {to_coin(one.GEN), to_coin(one.NEX), to_coin(one.FLX), to_coin(one.AUR)}) {
        if (what.units == 0) continue;
        if (auto made = coins::mint(c, fund_account(one.which), what); !made)
          return fail(ec::invalid_argument, "treasury.funds: the sum of a token is out of range");
      }
    return {};
  }

private:
  static void record(context& c, const spend& x) {
    auto past = load_or_new<history>(c.state, history_key);
    spent entry{past.count, x.from, x.to, x.what, x.reason, c.block.at, c.block.time};
    c.state.store(key_with(spend_key, entry.number), entry);
    ++past.count;
    c.state.store(history_key, past);
    c.emit(name, entry);
  }
};

} // namespace

account fund_account(fund x) {
  // Asked for with each fee.
  static const std::array all{module_account("treasury/main"), module_account("treasury/community"),
                              module_account("treasury/roundtable")};
  return all.at(static_cast<std::size_t>(x));
}

module_ptr make_treasury() {
  return make_module<rules>();
}

} // namespace bpci::ledger::treasury
