#pragma once

#include "messages/describe.hpp"
#include "messages/ids.hpp"

#include <optional>
#include <string>
#include <vector>

/// The register of BPI nodes, as the API shows it (document 2, "Oracle Node Management").
namespace bpci::oracle {

/// The body of POST /api/v1/oracle/nodes/register.
struct registration {
  bpci::node_id node_id;
  std::string node_type; ///< `EncCluster`, `Banking`...: an id.
  std::string endpoint;  ///< ws:// or wss://, for the node's peers; the cluster does not dial it.
  std::vector<std::string> capabilities;
  std::string public_key; ///< Ed25519, 64 hex digits. Only this key can open the node's link.

  bool operator==(const registration&) const = default;
};
BPCI_MESSAGE(registration, node_id, node_type, endpoint, capabilities, public_key)

/// A registered node.
struct node_record {
  bpci::node_id node_id;
  std::string node_type;
  std::string endpoint;
  std::vector<std::string> capabilities;
  std::string public_key;
  std::string status;                    ///< `Connected` or `Disconnected`.
  std::optional<member_id> connected_at; ///< Which node of the cluster holds the link.
  std::uint64_t sessions = 0;            ///< Handshakes so far.
  timestamp_ms registered_at;
  std::optional<timestamp_ms> last_seen; ///< Of the last handshake.

  bool operator==(const node_record&) const = default;
};
BPCI_MESSAGE(node_record, node_id, node_type, endpoint, capabilities, public_key, status,
             connected_at, sessions, registered_at, last_seen)

// -- the durable entity `bpi-node/<id>`: a row of the register ------------------------

/// A command: enter the node, or bring what may change up to date. From: REGISTRY. Answer:
/// node_record. Errors: conflict (the id is registered under another key).
struct enter_node {
  registration what;

  bool operator==(const enter_node&) const = default;
};
BPCI_MESSAGE(enter_node, what)

/// A command: a client has proved that it holds this key; count the handshake. From: DOORMAN, under
/// the nonce of the handshake. Answer: session_opened. Errors: unknown_node (not registered, or
/// under another key).
struct open_session {
  bytes key; ///< 32 bytes.

  bool operator==(const open_session&) const = default;
};
BPCI_MESSAGE(open_session, key)

struct session_opened {
  session_no session;

  bool operator==(const session_opened&) const = default;
};
BPCI_MESSAGE(session_opened, session)

/// A question. Answer: node_record. Errors: unknown_node.
struct read_node {
  bool operator==(const read_node&) const = default;
};
BPCI_MESSAGE(read_node)

/// From: the HTTP gateway. To: REGISTRY. Answer: node_page.
struct list_nodes {
  bpci::node_id after;     ///< The `next` of the page before; empty: from the start.
  std::string type;        ///< Empty: of any type.
  std::uint64_t limit = 0; ///< 0: 100; at most 1,000.

  bool operator==(const list_nodes&) const = default;
};
BPCI_MESSAGE(list_nodes, after, type, limit)

/// In the order of the ids.
struct node_page {
  std::vector<node_record> nodes;
  bpci::node_id next; ///< Empty: this is the last page.

  bool operator==(const node_page&) const = default;
};
BPCI_MESSAGE(node_page, nodes, next)

/// Answer to get_oracle_stats; the counters are of the cluster node that answers.
struct oracle_stats {
  member_id member;
  std::uint64_t registered_nodes = 0;
  std::uint64_t connected_nodes = 0; ///< To the whole cluster.
  std::uint64_t links = 0;           ///< To this cluster node.
  std::uint64_t messages_accepted = 0;
  std::uint64_t messages_relayed = 0;
  std::uint64_t messages_refused = 0;
  std::uint64_t messages_expired = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t in_flight = 0;
  std::uint64_t messages_stored = 0; ///< Put into mailboxes.

  bool operator==(const oracle_stats&) const = default;
};
BPCI_MESSAGE(oracle_stats, member, registered_nodes, connected_nodes, links, messages_accepted,
             messages_relayed, messages_refused, messages_expired, duplicates, in_flight,
             messages_stored)

/// "Which of these are registered?" From: RELAY, of the same node. To: REGISTRY. Answer:
/// registered_nodes. Errors: unavailable, and those of a query.
struct find_registered {
  std::vector<bpci::node_id> nodes;

  bool operator==(const find_registered&) const = default;
};
BPCI_MESSAGE(find_registered, nodes)

struct registered_nodes {
  std::vector<bpci::node_id> nodes;

  bool operator==(const registered_nodes&) const = default;
};
BPCI_MESSAGE(registered_nodes, nodes)

struct get_oracle_stats {
  bool operator==(const get_oracle_stats&) const = default;
};
BPCI_MESSAGE(get_oracle_stats)

} // namespace bpci::oracle
