#pragma once

#include "actors/oracle/context.hpp"
#include "actors/oracle/link_actor.hpp"
#include "actors/oracle/mailman.hpp"
#include "actors/oracle/register_check.hpp"
#include "messages/runtime/cluster.hpp"
#include "runtime/actor/actor_base.hpp"

#include <caf/typed_response_promise.hpp>

#include <map>
#include <set>
#include <unordered_map>

namespace bpci::oracle {

/// RELAY: routes messages between the LINKs of the whole cluster. One on each node; its decisions
/// are in relay.hpp. It also puts stored messages into the mailboxes of their targets, which are
/// durable entities (mailbox.hpp), and empties the mailboxes of the nodes that are connected here
/// (mailman.hpp).
///
/// Accepts: route_up, route_down, submissions (from the LINKs of this node); outcomes (from any
/// LINK); route_up, route_down, route_snapshot, letters_waiting (from other RELAYs); peer_up,
/// peer_down (from MEMBERS); relay_request, find_routes, get_relay_stats (from the HTTP gateway);
/// publish_notice (from any actor of this node).
class relay_actor : public actor_base {
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
  void know(const member_id& member, const caf::actor& relay);
  void lost(const member_id& member);
  void part(const cluster::peer_down& x);
  void local_up(const route_up& x);
  void remote_up(const route_up& x);
  void broadcast(const caf::message& what);
  void watch_members();

  void follow(const node_id& node);

  // -- mailboxes
  void look_up();
  void post(const store_for& x);
  void posted(const store_for& x, const failure& why, std::uint64_t retry_after_ms = 0);
  void hint(const node_id& target);
  void perform(read_mailbox& x);
  void perform(clear_mailbox& x);
  void perform(hand_letter& x);
  void perform(tell_source& x);

  // -- messages
  caf::result<outcomes> request_relay(const relay_request& x);
  void submit(const submission& what, const bytes& source_key, ticket who);
  void ask_gate(const envelope_ptr& message, const bytes& source_key, ticket who);
  void refuse(const envelope& message, const failure& why, ticket who);
  void perform();
  void tell_everybody(const publish_notice& x);
  void perform(deliver_to& x);
  void perform(store_for& x);
  void perform(answer& x);
  void perform(supersede& x);
  void flush_soon();
  void flush();
  void tick();
  void drop_requests(instant now);

  context_ptr shared_;
  relay core_;
  mailman mailman_;
  register_check check_;
  std::map<member_id, caf::actor> peers_;          ///< The RELAYs of the other members. Monitored.
  std::map<caf::actor_addr, node_id> local_links_; ///< Monitored.
  caf::actor members_;
  std::size_t at_gate_ = 0; ///< Messages between apps that wait for GATE.
  std::uint64_t at_gate_bytes_ = 0;
  std::uint64_t last_ticket_ = 0;
  std::unordered_map<std::uint64_t, waiting_request> requests_;

  // Gathered during one turn, sent at its end, or at that of the last turn that waited then.
  relay_effects effects_;
  mailman_effects letters_;
  std::vector<node_id> to_look_up_;
  std::map<member_id, std::set<node_id>> hints_;
  bool performing_ = false;
  bool flush_waits_ = false; ///< A message to this actor, behind all that waited when it was sent.
  std::unordered_map<node_id, deliveries> to_targets_;
  std::unordered_map<node_id, outcomes> to_sources_;
};

} // namespace bpci::oracle
