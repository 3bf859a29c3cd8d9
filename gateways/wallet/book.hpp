#pragma once

#include "gateways/wallet/messages.hpp"
#include "messages/error.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace bpci::gateway::wallet {

class wallet_actor;

/// A wallet with its key, sealed.
struct wallet_row {
  wallet_line line;
  std::string keystore; ///< crypto::to_text
};

/// What WALLET keeps in the database. An interface, so that its tests need none. Each call is
/// answered once, in the WALLET; errors are those of a transaction (runtime/storage/sql.hpp).
class book {
public:
  template <class T = void>
  using answer = std::function<void(const result<T>&)>;

  virtual ~book() = default;

  /// False: the name is taken.
  virtual void add(wallet_actor& self, wallet_row what, answer<bool> then) const = 0;
  virtual void find(wallet_actor& self, std::string name,
                    answer<std::optional<wallet_row>> then) const = 0;
  virtual void list(wallet_actor& self, list_wallets what, answer<wallet_page> then) const = 0;

  virtual void find_transfer(wallet_actor& self, std::string key,
                             answer<std::optional<transfer_row>> then) const = 0;
  virtual void find_transfer_by_id(wallet_actor& self, ledger::hash id,
                                   answer<std::optional<transfer_row>> then) const = 0;
  /// What stands under its key afterwards: this one, or one that was faster.
  virtual void keep(wallet_actor& self, transfer_row what, answer<transfer_row> then) const = 0;
  /// It was refused, and nobody has it.
  virtual void forget(wallet_actor& self, std::string key, answer<> then) const = 0;
};

using book_ptr = std::shared_ptr<const book>;

/// By the PG POOL of the node.
book_ptr book_in_database();

} // namespace bpci::gateway::wallet
