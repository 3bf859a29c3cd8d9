#pragma once

#include "messages/error.hpp"
#include "messages/oracle/nodes.hpp"

/// What becomes of BPI nodes that break the rules of the protocol (document 2, "Security
/// Violations: Automatic node isolation and alerting"; docs/protocol/bpi-1.0.md, section 10).
namespace bpci::oracle {

/// "This node has broken the rules too often", in a session that was proved to be its own. From: a
/// LINK. To: the WARDEN of the same node.
struct accusation {
  bpci::node_id node;
  session_no session;
  std::string reason; ///< The code of the last violation.

  bool operator==(const accusation&) const = default;
};
BPCI_MESSAGE(accusation, node, session, reason)

/// "You are no longer welcome", for sessions up to `up_to`. From: a WARDEN. To: the LINK of that
/// node, on any member.
struct expel {
  session_no up_to;
  failure why;

  bool operator==(const expel&) const = default;
};
BPCI_MESSAGE(expel, up_to, why)

// -- commands of the durable entity `bpi-node/<id>` -------------------------------------

/// A command: isolate the node. From: a WARDEN. Answer: node_record. A session that is settled, and
/// a node that is isolated already, change nothing. Errors: unknown_node.
struct isolate_node {
  std::string reason;
  std::string by;                    ///< A member, or an admin.
  std::optional<session_no> session; ///< Where it happened; nothing: an admin has decided it.
  std::uint64_t base_ms = 0;         ///< The first isolation lasts so long,
  std::uint64_t max_ms = 0;          ///< and none longer than this, nor is it remembered longer.

  bool operator==(const isolate_node&) const = default;
};
BPCI_MESSAGE(isolate_node, reason, by, session, base_ms, max_ms)

/// A command: end the isolation, and forgive what led to it. From: a WARDEN. Answer: node_record.
/// Errors: unknown_node, conflict (it is not isolated).
struct release_node {
  std::string reason;
  std::string by;

  bool operator==(const release_node&) const = default;
};
BPCI_MESSAGE(release_node, reason, by)

// -- for the API -------------------------------------------------------------------------

/// From: the HTTP gateway, for an admin. To: WARDEN. Answer: node_record. Errors: unknown_node.
struct isolate_order {
  bpci::node_id node;
  std::string reason;
  std::string by;
  std::uint64_t for_secs = 0; ///< 0: as the rules have it.

  bool operator==(const isolate_order&) const = default;
};
BPCI_MESSAGE(isolate_order, node, reason, by, for_secs)

/// From: the HTTP gateway, for an admin. To: WARDEN. Answer: node_record. Errors: unknown_node,
/// conflict (it is not isolated).
struct release_order {
  bpci::node_id node;
  std::string reason;
  std::string by;

  bool operator==(const release_order&) const = default;
};
BPCI_MESSAGE(release_order, node, reason, by)

/// One node with all that is known of it. From: the HTTP gateway. To: WARDEN. Answer: node_record.
/// Errors: unknown_node.
struct show_node {
  bpci::node_id node;

  bool operator==(const show_node&) const = default;
};
BPCI_MESSAGE(show_node, node)

/// From: the HTTP gateway. To: WARDEN. Answer: alert_list. Errors: those of a query.
struct list_alerts {
  bool operator==(const list_alerts&) const = default;
};
BPCI_MESSAGE(list_alerts)

struct node_alert {
  bpci::node_id node;
  node_event event;

  bool operator==(const node_alert&) const = default;
};
BPCI_MESSAGE(node_alert, node, event)

struct alert_list {
  std::vector<node_record> isolated; ///< Now, in the order of their ids; at most 1,000.
  std::vector<node_alert> events;    ///< The last 100, newest first.

  bool operator==(const alert_list&) const = default;
};
BPCI_MESSAGE(alert_list, isolated, events)

} // namespace bpci::oracle
