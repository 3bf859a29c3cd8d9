#include "actors/ledger/coins/coins.hpp"

#include "actors/ledger/coins/balances.hpp"
#include "actors/ledger/coins/refusals.hpp"
#include "actors/ledger/module_of.hpp"
#include "actors/ledger/modules.hpp"
#include "actors/ledger/wide.hpp"
#include "runtime/crypto/keys.hpp"

#include <algorithm>

namespace bpci::ledger::coins {

namespace {

struct genesis_balance {
  std::string account; ///< 64 hex digits: an Ed25519 public key
  amount<bpci::gen> GEN;
  amount<bpci::nex> NEX;
  amount<bpci::flx> FLX;
  amount<bpci::aur> AUR;
};
BPCI_MESSAGE(genesis_balance, account, GEN, NEX, FLX, AUR)

struct genesis_coins {
  std::vector<genesis_balance> balances;
};
BPCI_MESSAGE(genesis_coins, balances)

std::string decimal(wide x) {
  std::string out;
  do
    out.push_back(static_cast<char>('0' + static_cast<int>(x % 10)));
  while ((x /= 10) != 0);
  std::ranges::reverse(out);
  return out;
}

std::string tier_value(const holdings& x) {
  wide sum = 0;
  for (auto what : all_tokens)
    sum += wide{units_of(x, what)} * tier_multiplier(what);
  return decimal(sum);
}

struct rules {
  static constexpr std::string_view name = "coins";
  using commands = boost::mp11::mp_list<transfer>;
  using questions = boost::mp11::mp_list<get_account, get_supply>;
  using genesis_section = genesis_coins;

  static verdict on(context& c, const transfer& x) {
    if (c.modules.is_closed(x.to)) return refuse(receiver_is_closed);
    return move(c, c.sender, x.to, x.what);
  }

  static result<account_answer> on(const reader& state, const get_account& x) {
    auto has = get_holdings(state, x.who);
    return account_answer{has, tier_value(has)};
  }

  static result<supply> on(const reader& state, const get_supply&) { return get_total(state); }

  static result<void> genesis(context& c, const genesis_section& x) {
    std::vector<crypto::public_key> seen;
    for (std::size_t i = 0; i < x.balances.size(); ++i) {
      const auto path = "coins.balances[" + std::to_string(i) + "]";
      auto who = crypto::public_key_from_hex(x.balances[i].account);
      if (!who)
        return fail(ec::invalid_argument, path + ".account: not an Ed25519 public key in hex");
      if (std::ranges::find(seen, *who) != seen.end())
        return fail(ec::invalid_argument, path + ".account: stands here twice");
      seen.push_back(*who);
      if (auto given = give_all(c, who->bytes, x.balances[i], path); !given) return given;
    }
    return {};
  }

private:
  static result<void> give_all(context& c, const account& to, const genesis_balance& x,
                               const std::string& path) {
    for (auto what : {to_coin(x.GEN), to_coin(x.NEX), to_coin(x.FLX), to_coin(x.AUR)}) {
      if (what.units == 0) continue;
      if (auto made = mint(c, to, what); !made)
        return fail(ec::invalid_argument, path + ": the sum over all accounts is out of range");
    }
    return {};
  }
};

} // namespace

module_ptr make_coins() {
  return make_module<rules>();
}

} // namespace bpci::ledger::coins
