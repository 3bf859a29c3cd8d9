#pragma once

#include "actors/consensus/consensus_actor.hpp"
#include "actors/consensus/internal_messages.hpp"
#include "messages/chain/peers.hpp"
#include "messages/chain/pool.hpp"
#include "messages/chain/questions.hpp"

#include <caf/typed_response_promise.hpp>

#include <deque>
#include <map>

namespace bpci::consensus {

/// ENGINE: runs one INSTANCE after the other. It has one more started than is needed, so that the
/// next height begins with a message and not with a start; and it knows which of them has the core.
///
/// Accepts: position (from LEDGER); work_waiting (from MEMPOOL, EVIDENCE); vote_arrived (from
/// PEERS, and from an INSTANCE that is done); instance_ready, height_decided (from INSTANCE);
/// engine_stopped (from INSTANCE, SYNC); sync_state (from SYNC); get_engine, propose_now, lift_halt
/// (from KEEPER).
class engine_actor : public consensus_actor {
public:
  engine_actor(caf::actor_config& cfg, context_ptr shared);

  const char* name() const override { return "engine"; }

protected:
  caf::behavior make_behavior() override;
  void on_down(const caf::down_msg& what) override;
  void on_exit() override;
  std::string describe() const override;

private:
  using status_promise = caf::typed_response_promise<chain::engine_status>;

  void tick();
  void watch();
  void watch_one(caf::actor& known, std::string_view where, const caf::message& hello);
  void take(const chain::position& x);
  void take(const chain::vote_arrived& x);
  void take(const chain::work_waiting& x);
  void take(const instance_ready& x);
  void take(const height_decided& x);
  void take(const engine_stopped& x);

  void advance();
  void give_core(height at);
  void start(height at);
  void say_work();
  [[nodiscard]] height wanted() const { return height{where_.head->head.at.get() + 1}; }

  caf::result<chain::engine_status> status();
  void show(status_promise answer);
  void add_instance(chain::engine_status out, status_promise answer);
  void add_links(chain::engine_status out, status_promise answer);

  [[nodiscard]] bool is_halted() const;
  void keep_halt();
  caf::result<chain::engine_status> lift_halt();

  chain::position where_;                         ///< its head is null until LEDGER has told
  caf::actor ledger_, mempool_, evidence_, sync_; ///< of these lives; monitored
  std::map<height, caf::actor> idle_;             ///< INSTANCEs without a core; monitored
  std::map<height, caf::actor> starting_;         ///< null: asked for; else it will be ready soon
  height holder_at_;
  caf::actor holder_;                     ///< has the core; null: nobody, or it is here
  core_ptr core_;                         ///< between two of them
  std::deque<chain::vote_arrived> early_; ///< while nobody has it
  std::size_t early_bytes_ = 0;           ///< about
  std::optional<engine_stopped> stopped_;
  height work_upon_; ///< work was told of upon this head, which is not here yet
  sync_state sync_is_;
  timestamp_ms last_decided_;
  std::uint64_t decided_ = 0;
  std::uint64_t rounds_ = 0;
};

} // namespace bpci::consensus
