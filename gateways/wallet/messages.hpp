#pragma once

#include "messages/describe.hpp"
#include "messages/ids.hpp"
#include "messages/ledger/account.hpp"
#include "runtime/crypto/keystore.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// What the routes ask of WALLET, and WALLET of KEY WORKER. All of it stays on one node: some of it
/// carries passphrases.
namespace bpci::gateway::wallet {

using passphrase = std::shared_ptr<const crypto::secret_text>;

struct wallet_line {
  std::string name;
  ledger::account address{};
  timestamp_ms made;

  bool operator==(const wallet_line&) const = default;
};
BPCI_MESSAGE(wallet_line, name, address, made)

struct wallet_page {
  std::vector<wallet_line> wallets;
  std::string next; ///< empty: this is the last page

  bool operator==(const wallet_page&) const = default;
};
BPCI_MESSAGE(wallet_page, wallets, next)

/// Answer: wallet_line. Errors: conflict (the name is taken), invalid_argument, busy.
struct create_wallet {
  std::string name;
  passphrase secret;
};

/// Answer: wallet_page.
struct list_wallets {
  std::string after;
  std::uint64_t limit = 0;
};

/// Answer: wallet_line. Errors: not_found.
struct find_wallet {
  std::string name;
};

/// Pays out of a wallet. Answer: transfer_made. The same key with the same order again is the same
/// transaction. Errors: conflict (the key was used for another order), not_found (no such wallet),
/// not_permitted (the passphrase), rate_limited (too many wrong ones), busy, expired (the stored
/// transaction was not in a block in time), and those of chain::submit_transaction.
struct transfer_order {
  std::string key;
  std::string from; ///< a wallet
  passphrase secret;
  std::string to; ///< an address in hex, or a wallet
  ledger::coin what;
  std::optional<std::uint64_t> fee; ///< FLX, smallest units; empty: the least there is
  std::uint64_t valid_for = 0;      ///< heights; 0: `valid_for_default`
};

inline constexpr std::uint64_t valid_for_default = 1'000;
inline constexpr std::uint64_t valid_for_max = 100'000;

struct transfer_made {
  ledger::hash id{};
  bytes encoded;
  bool repeated = false; ///< it was made before
};

/// Answer: transfer_row. Errors: not_found.
struct find_transfer {
  ledger::hash id{};
};

/// A transfer as it was signed.
struct transfer_row {
  std::string key;
  std::string wallet;
  ledger::hash request{}; ///< of the order, without the passphrase
  ledger::hash id{};
  bytes encoded;

  bool operator==(const transfer_row&) const = default;
};

// -- KEY WORKER ----------------------------------------------------------------------------

/// Answer: key_made. Errors: those of crypto::seal_key; timeout (`deadline` has passed).
struct make_key {
  passphrase secret;
  std::chrono::steady_clock::time_point deadline;
};

struct key_made {
  crypto::keystore sealed;
};

/// Answer: signature_made. Errors: those of crypto::open_key; timeout.
struct sign_with_key {
  crypto::keystore sealed;
  passphrase secret;
  bytes what;
  std::chrono::steady_clock::time_point deadline;
};

struct signature_made {
  ledger::signature sig{};
};

} // namespace bpci::gateway::wallet

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::gateway::wallet::create_wallet)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::gateway::wallet::list_wallets)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::gateway::wallet::find_wallet)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::gateway::wallet::transfer_order)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::gateway::wallet::transfer_made)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::gateway::wallet::find_transfer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::gateway::wallet::transfer_row)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::gateway::wallet::make_key)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::gateway::wallet::key_made)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::gateway::wallet::sign_with_key)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::gateway::wallet::signature_made)
