#pragma once

#include "messages/describe.hpp"
#include "messages/ids.hpp"
#include "messages/inspect.hpp"
#include "messages/runtime/slots.hpp"

#include <boost/describe/enum.hpp>
#include <caf/actor.hpp>

#include <optional>
#include <string>
#include <vector>

/// What the nodes of a cluster know of each other.
namespace bpci::cluster {

/// JOINING -> UP -> DRAINING -> LEFT, and DEAD from each of them. LEFT and DEAD are final: a node
/// that starts again is a new incarnation. Only UP members take slots; a DRAINING one gives its own
/// away; a JOINING one has none.
BOOST_DEFINE_FIXED_ENUM_CLASS(member_state, std::uint8_t, joining, up, draining, left, dead)

/// What a member holds against another: `silent` does not write heartbeats, `unreachable` writes
/// them but answers no probe, neither a direct one nor one through a third member.
BOOST_DEFINE_FIXED_ENUM_CLASS(suspicion_kind, std::uint8_t, silent, unreachable)

/// The versions of the messages between members that this build speaks. Members whose ranges do
/// not overlap are not UP together.
inline constexpr std::uint32_t protocol_oldest = 1;
inline constexpr std::uint32_t protocol_newest = 1;

/// One life of one node of the cluster, as its row in the database says.
struct member {
  bpci::incarnation incarnation;
  member_id id;
  std::string link_host; ///< Where its TUNNEL listens.
  std::uint16_t link_port = 0;
  std::string http_address; ///< `host:port` of its gateway, for clients and admins.
  member_state state = member_state::up;
  std::uint64_t heartbeats = 0; ///< Counts; is never compared with a clock.
  std::string session_tag;      ///< application_name of its database sessions
  std::uint32_t proto_min = protocol_oldest;
  std::uint32_t proto_max = protocol_newest;
  std::vector<std::string> certificates; ///< hex SHA-256 of those that it may show
  std::uint32_t lease_ms = 0;            ///< How long it may answer from memory.
  std::string reason;                    ///< Why it is in this state, if anybody gave a reason.

  bool operator==(const member&) const = default;
};
BPCI_MESSAGE(member, incarnation, id, link_host, link_port, http_address, state, heartbeats,
             session_tag, proto_min, proto_max, certificates, lease_ms, reason)

/// One member's doubt of another, as it stands in the database.
struct suspicion_status {
  member_id by;
  suspicion_kind kind = suspicion_kind::silent;
  std::uint64_t seen_seq = 0; ///< where it saw the heartbeats stand still
  std::string evidence;
  timestamp_ms since;

  bool operator==(const suspicion_status&) const = default;
};
BPCI_MESSAGE(suspicion_status, by, kind, seen_seq, evidence, since)

/// A member as this node sees it.
struct member_status {
  cluster::member member;
  bool self = false;
  bool connected = false;      ///< CAF messages reach it.
  std::uint64_t silent_ms = 0; ///< Since its heartbeats last moved, by this node's clock.
  std::vector<suspicion_status> suspicions;
  std::uint64_t probe_ms = 0; ///< Round trip of the last probe that it answered.
  std::uint64_t lag_ms = 0;   ///< How late its timers come, by its own account.
  timestamp_ms ended_at;      ///< 0: it lives

  bool operator==(const member_status&) const = default;
};
BPCI_MESSAGE(member_status, member, self, connected, silent_ms, suspicions, probe_ms, lag_ms,
             ended_at)

/// Answer to list_members, in the order of the member ids.
struct member_list {
  std::vector<member_status> members;
  std::uint64_t view_no = 0; ///< Counts the changes of any member's state.

  bool operator==(const member_list&) const = default;
};
BPCI_MESSAGE(member_list, members, view_no)

/// From: the admin API. To: MEMBERS. Answer: member_list. Errors: unavailable, timeout (only with
/// `with_ended`, which reads the database).
struct list_members {
  bool with_ended = false; ///< also those that ended within the last hour

  bool operator==(const list_members&) const = default;
};
BPCI_MESSAGE(list_members, with_ended)

/// "Take nothing new, and give away what you have." From: the admin API. To: the MEMBERS of the
/// node that is meant. Answer: member_state_set. `who` and `why` are required, and stand in the
/// row. Errors: invalid_argument, conflict (it is neither UP nor DRAINING), unavailable, timeout.
struct drain_member {
  std::string who;
  std::string why;

  bool operator==(const drain_member&) const = default;
};
BPCI_MESSAGE(drain_member, who, why)

/// "Be UP again." The same as drain_member in everything else.
struct undrain_member {
  std::string who;
  std::string why;

  bool operator==(const undrain_member&) const = default;
};
BPCI_MESSAGE(undrain_member, who, why)

struct member_state_set {
  member_state state = member_state::up;

  bool operator==(const member_state_set&) const = default;
};
BPCI_MESSAGE(member_state_set, state)

/// "Who can be reached now?" From: the admin API. To: MEMBERS. Answer: agent_list, this node's own
/// AGENT among them.
struct list_agents {
  bool operator==(const list_agents&) const = default;
};
BPCI_MESSAGE(list_agents)

/// "Tell me who comes and goes." From: an actor of this node. To: MEMBERS. First comes a
/// view_changed, once this node has read the table, and peer_up messages for those that are
/// connected already; then view_changed, change_seen, peer_up and peer_down as things happen.
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

/// Who the live members are (joining, up and draining), this node among them. From: MEMBERS. To:
/// whoever watches, when one came, went, or changed in anything but its heartbeats. Both numbers
/// never go back while the database keeps its data.
struct view_changed {
  std::uint64_t view_no = 0;
  slots::change_no change_no;
  std::vector<member> live; ///< in the order of the member ids

  bool operator==(const view_changed&) const = default;
};
BPCI_MESSAGE(view_changed, view_no, change_no, live)

/// Something in the tables `member` or `slot` is newer than what was told before. From: MEMBERS.
/// To: whoever watches, with the heartbeat that saw it. A view_changed tells its own number.
struct change_seen {
  slots::change_no change_no;

  bool operator==(const change_seen&) const = default;
};
BPCI_MESSAGE(change_seen, change_no)

/// "Read the table now." From: TUNNEL, for a certificate that it does not know. To: MEMBERS.
/// Answer: view_changed, read after the question. Errors: unavailable, timeout.
struct read_members {
  bool operator==(const read_members&) const = default;
};
BPCI_MESSAGE(read_members)

// -- between MEMBERS and TUNNEL, on one node ------------------------------------------------

/// "Let the other members reach this AGENT." From: MEMBERS, when it starts; a later AGENT takes the
/// former's place. To: TUNNEL. Answer: port_opened. Errors: address_in_use, unavailable.
struct open_port {
  caf::actor agent;

  bool operator==(const open_port&) const = default;
};
BPCI_MESSAGE(open_port, agent)

/// What the member's row says of the way to it. Port 0: this node has no certificates, and can
/// only be alone.
struct port_opened {
  std::string host;
  std::uint16_t port = 0;
  std::vector<std::string> certificates; ///< hex SHA-256

  bool operator==(const port_opened&) const = default;
};
BPCI_MESSAGE(port_opened, host, port, certificates)

/// "Connect to this member." From: MEMBERS. To: TUNNEL. Answer: member_dialled. Errors: not_found
/// (its machine answered that nobody listens there: that process is gone), unavailable (any other
/// reason: nothing follows from it), timeout.
struct dial_member {
  member who;

  bool operator==(const dial_member&) const = default;
};
BPCI_MESSAGE(dial_member, who)

struct member_dialled {
  caf::actor agent; ///< of that member

  bool operator==(const member_dialled&) const = default;
};
BPCI_MESSAGE(member_dialled, agent)

/// "From now on these are the certificates that I may show." From: TUNNEL. To: MEMBERS. Answer:
/// certificates_written, when the row says so. Errors: unavailable, timeout.
struct certificates_changed {
  std::vector<std::string> certificates; ///< hex SHA-256

  bool operator==(const certificates_changed&) const = default;
};
BPCI_MESSAGE(certificates_changed, certificates)

struct certificates_written {
  bool operator==(const certificates_written&) const = default;
};
BPCI_MESSAGE(certificates_written)

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

/// "Do your actors still get their turn?" From: MEMBERS. To: the AGENT of another member. Answer:
/// probe_answer.
struct probe {
  bool operator==(const probe&) const = default;
};
BPCI_MESSAGE(probe)

struct probe_answer {
  bpci::incarnation incarnation; ///< of the one that answers
  std::uint64_t lag_ms = 0;      ///< How late its timers come.

  bool operator==(const probe_answer&) const = default;
};
BPCI_MESSAGE(probe_answer, incarnation, lag_ms)

/// "The table has changed", which saves the wait for the next heartbeat. From: the MEMBERS that
/// changed it. To: the AGENT of every other member, which passes it on to its MEMBERS. No answer.
struct look_again {
  bool operator==(const look_again&) const = default;
};
BPCI_MESSAGE(look_again)

/// "I get no answer from this member; do you?" From: MEMBERS. To: the AGENT of a third member,
/// which passes it on to its MEMBERS. Answer: probe_answer, of the target. Errors: unavailable (it
/// gets none either).
struct probe_for_me {
  bpci::incarnation target;

  bool operator==(const probe_for_me&) const = default;
};
BPCI_MESSAGE(probe_for_me, target)

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
