#include "actors/ledger/coins/balances.hpp"

#include "actors/ledger/coins/refusals.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <stdexcept>

namespace bpci::ledger::coins {

namespace {

constexpr std::string_view module_name = "coins";
constexpr std::string_view supply_key = "coins/supply";

constexpr std::string_view account_prefix = "coins/account/";

/// As key_with makes it, without a heap: each transaction asks for several.
class account_key {
public:
  explicit account_key(const account& who) {
    std::ranges::copy(account_prefix, text_.begin());
    std::memcpy(text_.data() + account_prefix.size(), who.data(), who.size());
  }
  operator std::string_view() const { return {text_.data(), text_.size()}; }

private:
  std::array<char, account_prefix.size() + std::tuple_size_v<account>> text_{};
};

/// Holdings and supply have one field a token.
template <class Record>
std::uint64_t* units_in(Record& x, token what) {
  switch (what) {
  case token::GEN:
    return &x.gen.mutable_value();
  case token::NEX:
    return &x.nex.mutable_value();
  case token::FLX:
    return &x.flx.mutable_value();
  case token::AUR:
    return &x.aur.mutable_value();
  }
  return nullptr;
}

template <class Record>
std::uint64_t units_or_zero(Record x, token what) {
  const auto* units = units_in(x, what);
  return units ? *units : 0;
}

void put(draft& state, const account& who, const holdings& x) {
  const account_key key{who};
  if (x == holdings{})
    state.erase(key);
  else
    state.store(key, x);
}

std::string shortage(std::uint64_t has, std::uint64_t needs) {
  return "has " + std::to_string(has) + ", needs " + std::to_string(needs);
}

verdict check(const coin& what) {
  if (!is_token(what.what)) return refuse(token_unknown);
  if (what.units == 0) return refuse(amount_must_not_be_zero);
  return {};
}

verdict take(draft& state, const account& from, const coin& what) {
  auto has = get_holdings(state, from);
  auto& units = *units_in(has, what.what);
  if (units < what.units) return refuse(balance_too_small, shortage(units, what.units));
  units -= what.units;
  put(state, from, has);
  return {};
}

/// No account has more than the supply, so a sum that does not fit is damage.
void give(draft& state, const account& to, const coin& what) {
  auto has = get_holdings(state, to);
  auto& units = *units_in(has, what.what);
  if (units > std::numeric_limits<std::uint64_t>::max() - what.units)
    throw std::logic_error("coins: a balance beyond the supply");
  units += what.units;
  put(state, to, has);
}

} // namespace

holdings get_holdings(const reader& state, const account& who) {
  return load_or_new<holdings>(state, account_key{who});
}

std::optional<account> account_of_key(std::string_view key) {
  account out{};
  if (!key.starts_with(account_prefix) || key.size() != account_prefix.size() + out.size())
    return {};
  std::memcpy(out.data(), key.data() + account_prefix.size(), out.size());
  return out;
}

supply get_total(const reader& state) {
  return load_or_new<supply>(state, supply_key);
}

std::uint64_t units_of(const holdings& x, token what) {
  return units_or_zero(x, what);
}

std::uint64_t units_of(const supply& x, token what) {
  return units_or_zero(x, what);
}

verdict move(context& c, const account& from, const account& to, const coin& what) {
  if (auto ok = check(what); !ok) return ok;
  if (from == to) return refuse(receiver_must_differ);
  if (auto taken = take(c.state, from, what); !taken) return taken;
  give(c.state, to, what);
  c.emit(module_name, moved{from, to, what});
  return {};
}

verdict mint(context& c, const account& to, const coin& what) {
  if (auto ok = check(what); !ok) return ok;
  auto all = get_total(c.state);
  auto& units = *units_in(all, what.what);
  if (units > std::numeric_limits<std::uint64_t>::max() - what.units)
    return refuse(supply_out_of_range, "beyond 2^64 smallest units");
  units += what.units;
  c.state.store(supply_key, all);
  give(c.state, to, what);
  c.emit(module_name, minted{to, what});
  return {};
}

verdict burn(context& c, const account& from, const coin& what) {
  if (auto ok = check(what); !ok) return ok;
  if (auto taken = take(c.state, from, what); !taken) return taken;
  auto all = get_total(c.state);
  *units_in(all, what.what) -= what.units;
  c.state.store(supply_key, all);
  c.emit(module_name, burned{from, what});
  return {};
}

void charge(draft& state, const account& from, const account& treasury, amount<flx> fee) {
  auto has = get_holdings(state, from);
  if (has.flx < fee) throw std::logic_error("coins: a fee beyond the balance");
  has.flx = *subtract(has.flx, fee);
  ++has.nonce;
  put(state, from, has);
  if (fee.get() > 0) give(state, treasury, to_coin(fee));
}

} // namespace bpci::ledger::coins
