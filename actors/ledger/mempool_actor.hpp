#pragma once

#include "actors/ledger/context.hpp"
#include "actors/ledger/mempool.hpp"
#include "actors/ledger/state_now.hpp"
#include "messages/chain/peers.hpp"
#include "runtime/actor/actor_base.hpp"

#include <map>
#include <set>

namespace bpci::ledger {

/// MEMPOOL: transactions that wait for a block, in memory only: it begins empty. Its decisions are
/// in mempool.hpp. Spawn it detached: to check what peers share is work, a signature some 50 us,
/// that would keep a thread of the scheduler from the others.
///
/// It watches LEDGER for the state that transactions are checked against. While LEDGER is away it
/// keeps what it has, and the last state.
///
/// Accepts: submit_transaction, find_nonce, get_pool (from the gateway, by KEEPER);
/// transactions_shared (from PEERS); offer_transactions, state_now, find_waiting (from LEDGER);
/// watch_work (from ENGINE).
class mempool_actor : public actor_base {
public:
  mempool_actor(caf::actor_config& cfg, ledger_options_ptr how, mempool_limits limits = {});

  const char* name() const override { return "mempool"; }

protected:
  caf::behavior make_behavior() override;
  void on_down(const caf::down_msg& what) override;
  void on_exit() override;
  std::string describe() const override;

private:
  /// What it was told last.
  struct view {
    state_now now;
    terms next; ///< of the block behind it
  };

  void watch_ledger();
  void follow(const state_now& x);
  caf::result<chain::transaction_taken> submit(const chain::submit_transaction& x);
  void take_in(const chain::transactions_shared& x);
  void share(const consensus::address& from, const bytes& encoded);
  void flush();
  void watch(const caf::actor& who);
  void tell_work();
  void tick();

  ledger_options_ptr how_;
  rules rules_;
  mempool pool_;
  std::optional<view> view_;
  caf::actor ledger_;             ///< Monitored.
  std::set<caf::actor> watchers_; ///< Monitored.
  bool had_work_ = false;

  // Gathered for the peers, by whom not to send it back to; zeros: it came from nobody.
  std::map<consensus::address, std::vector<bytes>> to_share_;
  std::size_t bytes_to_share_ = 0;
};

} // namespace bpci::ledger
