#include "actors/ledger/check.hpp"

#include "actors/ledger/chain.hpp"
#include "actors/ledger/coins/balances.hpp"

namespace bpci::ledger {

namespace {

constexpr refusal_kind transaction_too_large{"transaction_too_large", ec::too_large};
constexpr refusal_kind transaction_malformed{"transaction_malformed", ec::malformed};
constexpr refusal_kind chain_differs{"chain_differs", ec::invalid_argument};
constexpr refusal_kind valid_until_passed{"valid_until_passed", ec::expired};
constexpr refusal_kind module_unknown{"module_unknown", ec::unsupported};
constexpr refusal_kind kind_unknown{"kind_unknown", ec::unsupported};
constexpr refusal_kind chain_halted{"chain_halted", ec::unavailable};
constexpr refusal_kind nonce_used{"nonce_used", ec::replayed};
constexpr refusal_kind nonce_ahead{"nonce_ahead", ec::conflict};
constexpr refusal_kind fee_too_low{"fee_too_low", ec::invalid_argument};
constexpr refusal_kind fee_beyond_balance{"fee_beyond_balance", ec::conflict};
constexpr refusal_kind signature_wrong{"signature_wrong", ec::bad_signature};

/// What the transaction says of itself against where it is to go.
verdict check_terms(const rules& by, const terms& at, const transaction& x) {
  if (x.chain_id != at.chain_id) return refuse(chain_differs, "this is " + at.chain_id);
  if (x.valid_until < at.at)
    return refuse(valid_until_passed, "the next block is " + std::to_string(at.at.get()));
  const auto* target = by.modules.find(x.module);
  if (!target) return refuse(module_unknown, x.module);
  if (!target->has_kind(x.kind)) return refuse(kind_unknown, x.module + "." + x.kind);
  if (at.halted && x.module != "governance") return refuse(chain_halted);
  return {};
}

/// Against what its sender has.
verdict check_sender(const terms& at, const coins::holdings& has, const transaction& x,
                     std::size_t size, admission where) {
  if (x.nonce < has.nonce)
    return refuse(nonce_used, "the next one is " + std::to_string(has.nonce));
  auto ahead = where == admission::block ? 0 : nonces_ahead_max;
  if (x.nonce - has.nonce > ahead)
    return refuse(nonce_ahead, "the next one is " + std::to_string(has.nonce));
  if (auto least = least_fee(at.how, size); x.fee < least)
    return refuse(fee_too_low, "at least " + std::to_string(least.get()));
  if (has.flx < x.fee) return refuse(fee_beyond_balance, "has " + std::to_string(has.flx.get()));
  return {};
}

} // namespace

terms terms_at(const reader& state, height at) {
  return {load_or_new<chain_identity>(state, chain_key).chain_id, settings{state}, at,
          is_halted(state, at)};
}

amount<flx> least_fee(const settings& how, std::size_t size) {
  return amount<flx>{how[fee_base] + how[fee_per_byte] * size};
}

boost::system::result<checked_transaction, refusal>
check_claims(const rules& by, const terms& at, const reader& state,
             std::span<const std::uint8_t> encoded, const hash& id, admission where) {
  auto x = decode_transaction(encoded);
  if (!x)
    return refuse(x.error().code == ec::too_large ? transaction_too_large : transaction_malformed,
                  x.error().detail);
  if (auto fits = check_terms(by, at, *x); !fits) return fits.error();
  const auto has = coins::get_holdings(state, x->sender);
  if (auto able = check_sender(at, has, *x, encoded.size(), where); !able) return able.error();
  return checked_transaction{std::move(*x), id, encoded.size(), has.nonce};
}

verdict check_signature(const rules& by, const checked_transaction& x) {
  if (!by.verify(x.what, x.id)) return refuse(signature_wrong);
  return {};
}

boost::system::result<checked_transaction, refusal>
check_transaction(const rules& by, const terms& at, const reader& state,
                  std::span<const std::uint8_t> encoded, admission where) {
  auto out = check_claims(by, at, state, encoded, transaction_id(encoded), where);
  if (!out) return out;
  if (auto good = check_signature(by, *out); !good) return good.error();
  return out;
}

} // namespace bpci::ledger
