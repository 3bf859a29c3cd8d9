#pragma once

#include "messages/describe.hpp"
#include "messages/ids.hpp"
#include "messages/inspect.hpp"

#include <boost/describe/enum.hpp>
#include <caf/actor.hpp>

#include <optional>

/// What the nodes of a cluster know of each other.
namespace bpci::cluster {

BOOST_DEFINE_FIXED_ENUM_CLASS(member_state, std::uint8_t, joining, up, draining, left, dead)

/// One life of one node of the cluster, as its row in the database says.
struct member {
  bpci::incarnation incarnation;
  member_id id;
  std::string link_host; ///< Where its AGENT is published: loopback.
  std::uint16_t link_port = 0;
  std::string http_address; ///< `host:port` of its gateway, for clients and admins.
  member_state state = member_state::up;
  std::uint64_t heartbeats = 0; ///< Counts; is never compared with a clock.

  bool operator==(const member&) const = default;
};
BPCI_MESSAGE(member, incarnation, id, link_host, link_port, http_address, state, heartbeats)

/// A member as this node sees it.
struct member_status {
  cluster::member member;
  bool self = false;
  bool connected = false;      ///< CAF messages reach it.
  std::uint64_t silent_ms = 0; ///< Since its heartbeats last moved, by this node's clock.

  bool operator==(const member_status&) const = default;
};
BPCI_MESSAGE(member_status, member, self, connected, silent_ms)

/// Answer to list_members.
struct member_list {
  std::vector<member_status> members;

  bool operator==(const member_list&) const = default;
};
BPCI_MESSAGE(member_list, members)

/// From: the admin API. To: MEMBERS. Answer: member_list.
struct list_members {
  bool operator==(const list_members&) const = default;
};
BPCI_MESSAGE(list_members)

/// "Who can be reached now?" From: the admin API. To: MEMBERS. Answer: agent_list, this node's own
/// AGENT among them.
struct list_agents {
  bool operator==(const list_agents&) const = default;
};
BPCI_MESSAGE(list_agents)

/// "Tell me who comes and goes." From: an actor of this node. To: MEMBERS. First come peer_up
/// messages for those that are connected already.
struct watch_members {
  bool operator==(const watch_members&) const = default;
};
BPCI_MESSAGE(watch_members)

/// A member can be reached. From: MEMBERS. To: whoever watches.
struct peer_up {
  member_id id;
  bpci::incarnation incarnation;
  caf::actor agent; ///< Finds the member's services: find_service.

  bool operator==(const peer_up&) const = default;
};
BPCI_MESSAGE(peer_up, id, incarnation, agent)

/// Answer to list_agents, in the order of the member ids.
struct agent_list {
  std::vector<peer_up> agents;

  bool operator==(const agent_list&) const = default;
};
BPCI_MESSAGE(agent_list, agents)

/// A member can no longer be reached: it is gone, or the way to it is.
struct peer_down {
  member_id id;
  bpci::incarnation incarnation;

  bool operator==(const peer_down&) const = default;
};
BPCI_MESSAGE(peer_down, id, incarnation)

// -- between members ---------------------------------------------------------------

/// "Who are you?" To: an AGENT. Answer: agent_identity.
struct who_are_you {
  bool operator==(const who_are_you&) const = default;
};
BPCI_MESSAGE(who_are_you)

struct agent_identity {
  std::string cluster;
  member_id id;
  bpci::incarnation incarnation;

  bool operator==(const agent_identity&) const = default;
};
BPCI_MESSAGE(agent_identity, cluster, id, incarnation)

/// "Where is your service of this name now?" To: an AGENT. Answer: service_handle, or not_found.
struct find_service {
  std::string name;

  bool operator==(const find_service&) const = default;
};
BPCI_MESSAGE(find_service, name)

struct service_handle {
  caf::actor service;

  bool operator==(const service_handle&) const = default;
};
BPCI_MESSAGE(service_handle, service)

/// "Show me the state of the actor at this path." From: the admin API. To: the AGENT of the member
/// that the path begins with. Answer: actor_state, or not_found.
struct show_actor {
  std::string path;

  bool operator==(const show_actor&) const = default;
};
BPCI_MESSAGE(show_actor, path)

} // namespace bpci::cluster
