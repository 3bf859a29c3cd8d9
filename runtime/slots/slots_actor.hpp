#pragma once

#include "messages/runtime/cluster.hpp"
#include "runtime/actor/actor_base.hpp"
#include "runtime/cluster/lease.hpp"
#include "runtime/slots/slot_keeper.hpp"
#include "runtime/slots/slot_table.hpp"
#include "runtime/supervision/node_context.hpp"

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace bpci::slots {

struct slots_options {
  member_id me;
  std::string root; ///< the path of the root supervisor
  supervision::node_context_ptr node;
  cluster::lease_ptr lease; ///< says which life of this node it is
  slot_table_ptr table;     ///< of the node: outlives this actor
  keeper_rules rules{};
  /// How long the entities of a slot that is given away get to finish what they have in hand.
  std::chrono::milliseconds drain_max{10'000};
  std::uint64_t moves_kept = 100'000; ///< rows of the history
};

/// SLOTS: takes the slots that this node should own and gives away those that it should not, and
/// tells the node who owns which. Its decisions are in slot_keeper.hpp; its SQL is in
/// slot_store.hpp. When the database is away it goes on telling what it knows.
///
/// Accepts: watch_slots, read_slots, slots_offered (from the SLOTS of other members), slot_query,
/// move_query, pin_slots, plan_drain, and from MEMBERS view_changed, change_seen, peer_up,
/// peer_down. Asks ENTITIES (`root`/entities/host) to drain_slots.
///
/// On `user_shutdown` it gives all its slots away first, within `keeper_rules::stop_max`.
class slots_actor : public actor_base {
public:
  slots_actor(caf::actor_config& cfg, slots_options how);

  const char* name() const override { return "slots"; }

protected:
  caf::behavior make_behavior() override;
  void on_down(const caf::down_msg& what) override;
  void on_exit() override;
  std::string describe() const override;

private:
  using on_part = void (slot_keeper::*)(const result<table_part>&, instant, std::uint64_t,
                                        keeper_effects&);

  [[nodiscard]] instant now() const { return system().clock().now(); }
  [[nodiscard]] caf::actor find(std::string_view path) const;

  void begin_stopping(caf::error why);
  void tick();
  void watch_cluster();
  void see(const cluster::view_changed& x);
  void add_watcher();

  /// Feeds the keeper and carries out what it decides.
  template <class... Params, class... Args>
  void feed(void (slot_keeper::*input)(Params...), Args&&... args) {
    (keeper_.*input)(std::forward<Args>(args)..., effects_);
    perform();
  }

  void perform();
  void perform(const read_table& x);
  void perform(const claim_slots& x);
  void perform(const mark_draining& x);
  void perform(const drain_entities& x);
  void perform(const release_slots& x);
  void perform(const offer_slots& x);
  void perform(const tell_rows& x);
  void perform(const finished& x);

  /// Runs `what` in a transaction, and tells the keeper in any case.
  template <class F>
  void change(on_part input, F what);
  void count();

  caf::result<move_page> moves(const move_query& x);
  caf::result<slots_pinned> pin(const pin_slots& x);
  caf::result<drain_plan> plan(const plan_drain& x);
  void prune();

  slots_options how_;
  slot_keeper keeper_;
  keeper_effects effects_;
  bool performing_ = false;
  keeper_counts counted_;
  instant prune_at_;
  caf::error stop_reason_;
  caf::actor members_;
  std::unordered_map<member_id, cluster::peer_up> peers_;
  std::map<caf::actor_addr, caf::actor> watchers_;
};

} // namespace bpci::slots
