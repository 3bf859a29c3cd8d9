#include "gateways/wallet/transfer.hpp"

#include "gateways/chain/amounts.hpp"
#include "messages/ledger/coins.hpp"
#include "runtime/crypto/hash.hpp"

#include <algorithm>

namespace bpci::gateway::wallet {

ledger::hash request_hash(const transfer_order& x) {
  codec::canonical_writer out;
  out(std::string{"bpci/wallet/transfer/1"})(x.from)(x.to)(x.what)(x.fee)(x.valid_for);
  return crypto::sha256(out.take());
}

std::uint64_t parameter_of(std::string_view name, const ledger::parameter_values& set,
                           std::span<const ledger::parameter_setting> known) {
  for (const auto& x : set.set)
    if (x.name == name) return x.value;
  const auto found = std::ranges::find(known, name, &ledger::parameter_setting::name);
  return found == known.end() ? 0 : found->value;
}

result<ledger::transaction> make_transfer(const transfer_order& x, const ledger::account& from,
                                          const ledger::account& to, const outlook& at) {
  if (x.valid_for > valid_for_max)
    return fail(ec::invalid_argument, "valid_for: at most 100,000 heights");
  const ledger::coins::transfer command{to, x.what};
  ledger::transaction out;
  out.chain_id = at.chain_id;
  out.sender = from;
  out.nonce = at.nonce;
  out.valid_until = height{at.at.get() + (x.valid_for == 0 ? valid_for_default : x.valid_for)};
  out.module = "coins";
  out.kind = message_name(&command);
  out.body = codec::to_canonical(command);
  // A fee has one size, whatever it is.
  const auto size = codec::to_canonical(out).size();
  out.fee = amount<flx>{x.fee ? *x.fee : at.fee_base + at.fee_per_byte * size};
  return out;
}

result<void> check_funds(const transfer_order& x, amount<flx> fee,
                         std::span<const ledger::coin> has) {
  auto units = [&](ledger::token what) {
    const auto found = std::ranges::find(has, what, &ledger::coin::what);
    return found == has.end() ? std::uint64_t{0} : found->units;
  };
  auto short_of = [&](ledger::token what, std::uint64_t wanted, std::string_view why) {
    const auto symbol = " " + std::string{name_of(what)};
    return fail(ec::invalid_argument, x.from + " has " + decimal_text(units(what)) + symbol
                                          + " and needs " + decimal_text(wanted) + symbol
                                          + std::string{why});
  };
  const auto of_flx = units(ledger::token::FLX);
  if (of_flx < fee.get()) return short_of(ledger::token::FLX, fee.get(), " for the fee");
  const auto there = x.what.what == ledger::token::FLX ? of_flx - fee.get() : units(x.what.what);
  if (there < x.what.units)
    return short_of(x.what.what, x.what.units,
                    x.what.what == ledger::token::FLX ? " beside the fee" : "");
  return {};
}

bool is_final(ec code) noexcept {
  switch (code) {
  case ec::malformed:
  case ec::too_large:
  case ec::unsupported:
  case ec::invalid_argument:
  case ec::conflict:
  case ec::bad_signature:
  case ec::replayed:
  case ec::expired:
  case ec::not_permitted:
    return true;
  default:
    return false;
  }
}

} // namespace bpci::gateway::wallet
