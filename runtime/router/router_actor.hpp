#pragma once

#include "messages/runtime/cluster.hpp"
#include "runtime/actor/actor_base.hpp"
#include "runtime/cluster/lease.hpp"
#include "runtime/router/router.hpp"
#include "runtime/supervision/node_context.hpp"

#include <caf/typed_response_promise.hpp>

#include <string>
#include <unordered_map>
#include <vector>

namespace bpci::router {

struct router_options {
  router_config limits; ///< `self` is this member.
  std::string root;     ///< The path of the root supervisor.
  supervision::node_context_ptr node;
  cluster::lease_ptr lease; ///< Knows this node's present incarnation.
};

/// ROUTER: brings commands to durable entities, wherever they live. One on each node; its decisions
/// are in router.hpp.
///
/// Accepts: command, find_entity, show_entity (from anybody on this node); routed_commands,
/// routed_answers (from the ROUTERs of other members); slots_changed (from SLOTS); peer_up,
/// peer_down and the rest of what MEMBERS tells its watchers.
class router_actor : public actor_base {
public:
  router_actor(caf::actor_config& cfg, router_options how);

  const char* name() const override { return "router"; }

protected:
  caf::behavior make_behavior() override;
  void on_down(const caf::down_msg& what) override;
  void on_exit() override;
  std::string describe() const override;

private:
  /// Another member.
  struct peer {
    member_id id;
    caf::actor agent;  ///< Null when the MEMBERS that told it has ended.
    caf::actor router; ///< Monitored; null until its AGENT has named it.
    bool asked = false;
    std::uint32_t attempts = 0;
    instant ask_at{};
    entity::routed_commands commands; ///< Gathered for the next flush.
    std::uint64_t bytes = 0;          ///< of them
  };

  /// The ROUTER of another member that sends commands here.
  struct caller {
    caf::actor router; ///< Monitored.
    entity::routed_answers answers;
    std::uint64_t bytes = 0;
  };

  /// Where an answer goes: to a request of this node, or under a number to another ROUTER.
  struct origin {
    caf::typed_response_promise<entity::response> promise;
    caf::actor_addr from;
    std::uint64_t no = 0;
  };

  // -- who is there
  void look_around();
  void watch(caf::actor& who, const char* path, const caf::message& how);
  void find_host();
  void meet(const cluster::peer_up& x);
  void part(incarnation who);
  void find_router(incarnation who);
  void found_router(incarnation who, const caf::actor& router);
  void lost_router(incarnation who, peer& of);
  void members_gone();

  // -- commands
  caf::result<entity::response> take(entity::command& x);
  void take_routed(const entity::routed_commands& x);
  void take_answers(entity::routed_answers& x);
  caf::result<caf::message> find(const caf::message& what, const entity::entity_ref& which);
  ticket remember(origin x);
  void tick();
  void publish();

  // -- effects
  void perform();
  void perform(forward& x);
  void perform(local& x);
  void perform(answer& x);
  void perform(refresh& x);
  void answer_router(const origin& to, result<entity::response> what);
  void flush_soon();
  void flush();
  void flush(peer& to);
  void flush(caller& to);

  router_options how_;
  router core_;
  caf::actor members_; ///< Monitored, as are the next two.
  caf::actor slots_;
  caf::actor host_;             ///< ENTITIES
  caf::actor_addr former_host_; ///< It may stand in the directory for a moment longer.
  incarnation self_;
  std::unordered_map<incarnation, peer> peers_;
  std::unordered_map<caf::actor_addr, caller> callers_;
  std::vector<origin> origins_; ///< By ticket.
  std::vector<std::uint64_t> free_tickets_;
  router_effects effects_;
  router_effects performing_;
  bool flush_due_ = false;
  router_stats published_;
};

} // namespace bpci::router
