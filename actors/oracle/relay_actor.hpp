#pragma once

#include "actors/oracle/context.hpp"
#include "actors/oracle/link_actor.hpp"
#include "messages/runtime/cluster.hpp"
#include "runtime/actor/actor_base.hpp"

#include <caf/typed_response_promise.hpp>

#include <map>
#include <unordered_map>

namespace bpci::oracle {

/// RELAY: routes messages between the LINKs of the whole cluster. One on each node; its decisions
/// are in relay.hpp.
///
/// Accepts: route_up, route_down, submissions (from the LINKs of this node); outcomes (from any
/// LINK); route_up, route_down, route_snapshot (from other RELAYs); peer_up, peer_down (from
/// MEMBERS); relay_request, find_routes, get_relay_stats (from the HTTP gateway).
class relay_actor : public actor_base<> {
public:
  relay_actor(caf::actor_config& cfg, context_ptr shared);

  const char* name() const override { return "relay"; }

protected:
  caf::behavior make_behavior() override;
  void on_down(const caf::down_msg& what) override;
  void on_exit() override;
  std::string describe() const override;

private:
  /// A request of the HTTP gateway, until all its targets have been answered.
  struct waiting_request {
    caf::typed_response_promise<outcomes> answer;
    instant deadline;
    std::size_t open = 0;
    outcomes got;
  };

  // -- members and routes
  void meet(const cluster::peer_up& x);
  void greet(const member_id& member, const caf::actor& relay);
  void part(const cluster::peer_down& x);
  void local_up(const route_up& x);
  void remote_up(const route_up& x);
  void broadcast(const caf::message& what);
  void watch_members();

  // -- messages
  caf::result<outcomes> request_relay(const relay_request& x);
  void perform();
  void perform(deliver_to& x);
  void perform(answer& x);
  void perform(supersede& x);
  void flush();
  void tick();
  void drop_requests(instant now);

  context_ptr shared_;
  relay core_;
  std::map<member_id, caf::actor> peers_;          ///< The RELAYs of the other members.
  std::map<caf::actor_addr, node_id> local_links_; ///< Monitored.
  caf::actor members_;
  std::uint64_t last_ticket_ = 0;
  std::unordered_map<std::uint64_t, waiting_request> requests_;

  // Gathered during one turn, sent at its end.
  relay_effects effects_;
  std::unordered_map<node_id, deliveries> to_targets_;
  std::unordered_map<node_id, outcomes> to_sources_;
};

} // namespace bpci::oracle
