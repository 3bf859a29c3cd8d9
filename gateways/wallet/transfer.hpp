#pragma once

#include "gateways/wallet/messages.hpp"
#include "messages/ledger/chain.hpp"
#include "messages/ledger/transaction.hpp"

#include <span>
#include <vector>

/// A transfer as a transaction. Pure.
namespace bpci::gateway::wallet {

/// What an order is recognised by, beside its key: everything but the passphrase.
ledger::hash request_hash(const transfer_order& x);

/// Where the chain and the sender stand.
struct outlook {
  std::string chain_id;
  height at;
  std::uint64_t nonce = 0;
  std::uint64_t fee_base = 0; ///< parameter `ledger.fee_base`
  std::uint64_t fee_per_byte = 0;
};

/// The value of a parameter: as it was set, else as the program has it, else 0.
std::uint64_t parameter_of(std::string_view name, const ledger::parameter_values& set,
                           std::span<const ledger::parameter_setting> known);

/// Errors: invalid_argument (valid_for).
result<ledger::transaction> make_transfer(const transfer_order& x, const ledger::account& from,
                                          const ledger::account& to, const outlook& at);

/// Whether the sender can pay for it, so that no fee is spent on a transfer that fails.
/// Errors: invalid_argument, with what there is.
result<void> check_funds(const transfer_order& x, amount<flx> fee,
                         std::span<const ledger::coin> has);

/// Whether nothing more can come of a refusal: the transaction is in no mempool and never will be.
bool is_final(ec code) noexcept;

} // namespace bpci::gateway::wallet
