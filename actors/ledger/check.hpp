#pragma once

#include "actors/ledger/modules.hpp"
#include "actors/ledger/transaction.hpp"

/// Whether a transaction may be in a block at all: it is readable, meant for this chain and this
/// time, signed, next in its sender's order, and its fee is there. Whether it then succeeds is
/// another matter: that shows when it is executed.
namespace bpci::ledger {

/// What a ledger is run with. Outlives what it is given to.
struct rules {
  const module_table& modules;
  verifier verify;
};

/// What holds for all transactions of a block.
struct terms {
  std::string chain_id;
  settings how;
  height at;           ///< of the block that they are for
  bool halted = false; ///< governance alone is served
};

terms terms_at(const reader& state, height at);

/// Where the transaction is to go.
enum class admission : std::uint8_t {
  block,  ///< the nonce is the very next
  mempool ///< it may also be one of the `nonces_ahead_max` after that
};

inline constexpr std::uint64_t nonces_ahead_max = 64;

struct checked_transaction {
  transaction what;
  hash id{};
  std::size_t size = 0;              ///< encoded
  std::uint64_t sender_in_chain = 0; ///< how many of its sender's are in the chain

  bool operator==(const checked_transaction&) const = default;
};

/// The least fee of a transaction of this size.
amount<flx> least_fee(const settings& how, std::size_t size);

/// All of check_transaction but the signature: for who has cheaper reasons of his own to refuse.
/// `id` is that of `encoded`.
boost::system::result<checked_transaction, refusal>
check_claims(const rules& by, const terms& at, const reader& state,
             std::span<const std::uint8_t> encoded, const hash& id, admission where);

/// Refuses: signature_wrong.
verdict check_signature(const rules& by, const checked_transaction& x);

/// In order of cost: size, form, chain, time, kind, nonce, fee, balance, and at last the signature.
/// Refuses: transaction_too_large, transaction_malformed, chain_differs, valid_until_passed,
/// module_unknown, kind_unknown, chain_halted, nonce_used, nonce_ahead, fee_too_low,
/// fee_beyond_balance, signature_wrong.
boost::system::result<checked_transaction, refusal>
check_transaction(const rules& by, const terms& at, const reader& state,
                  std::span<const std::uint8_t> encoded, admission where);

} // namespace bpci::ledger
