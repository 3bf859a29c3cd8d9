#pragma once

#include "gateways/api/context.hpp"
#include "gateways/wallet/attempts.hpp"
#include "gateways/wallet/book.hpp"
#include "runtime/actor/actor_base.hpp"

#include <deque>
#include <functional>
#include <map>
#include <string>

namespace bpci::gateway::wallet {

/// Orders and new wallets that are in hand at once, of all wallets; beyond, `busy`. Each may wait
/// for KEY WORKER, which takes a second.
inline constexpr std::size_t orders_max = 6;

/// WALLET: the wallets that this cluster keeps for people. It makes transfers of what they order:
/// asks the chain where the sender stands, has KEY WORKER sign, puts the transaction on record
/// under the order's key, and only then sends it. The orders of one wallet are carried out one
/// after the other, since each needs the nonce behind the one before.
///
/// Accepts: create_wallet, list_wallets, find_wallet, transfer_order, find_transfer.
class wallet_actor : public actor_base {
public:
  wallet_actor(caf::actor_config& cfg, context_ptr shared, book_ptr records = book_in_database());

  const char* name() const override { return "wallet"; }

  // For those that work for it.
  using actor_base::ask;
  [[nodiscard]] const gateway::context& shared() const noexcept { return *shared_; }

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;
  std::string describe() const override;

private:
  class transfer;
  using transfer_ptr = std::shared_ptr<transfer>;

  caf::result<wallet_line> create(const create_wallet& x);
  caf::result<wallet_page> list(const list_wallets& x);
  caf::result<wallet_line> find(const find_wallet& x);
  caf::result<transfer_row> find_made(const find_transfer& x);
  caf::result<transfer_made> order(const transfer_order& x);
  void ended(const std::string& wallet);

  context_ptr shared_;
  book_ptr records_;
  attempts attempts_;
  std::size_t in_hand_ = 0;
  std::map<std::string, std::deque<transfer_ptr>> queues_; ///< by wallet; the first is carried out
  std::uint64_t made_ = 0, refused_ = 0;
};

} // namespace bpci::gateway::wallet
