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

/// "This is what I am, where I am and what I can do", signed by the node. Also the body of
/// POST /api/v1/oracle/announcements.
struct announcement {
  bpci::node_id node_id;
  std::string node_type;
  std::string endpoint;
  std::vector<std::string> capabilities;
  timestamp_ms issued_at;     ///< By the node's clock.
  std::uint64_t ttl_secs = 0; ///< 0: as long as the cluster allows.
  std::string public_key;     ///< 64 hex digits.
  std::string signature;      ///< 128 hex digits, over signing_bytes (messages/oracle/signing.hpp).

  bool operator==(const announcement&) const = default;
};
BPCI_MESSAGE(announcement, node_id, node_type, endpoint, capabilities, issued_at, ttl_secs,
             public_key, signature)

/// What has happened to the standing of a node, or to its key.
struct node_event {
  timestamp_ms at;
  std::string what;                  ///< `isolated`, `released`, `key_rotated` or `key_set`.
  std::string reason;                ///< A code, or the words of an admin.
  std::string by;                    ///< A member or an admin; empty: the node itself.
  std::optional<timestamp_ms> until; ///< Of an isolation.

  bool operator==(const node_event&) const = default;
};
BPCI_MESSAGE(node_event, at, what, reason, by, until)

/// A key under which a node was registered before.
struct former_key {
  std::string public_key;
  timestamp_ms until;

  bool operator==(const former_key&) const = default;
};
BPCI_MESSAGE(former_key, public_key, until)

/// A registered node.
struct node_record {
  bpci::node_id node_id;
  std::string node_type;
  std::string endpoint;
  std::vector<std::string> capabilities;
  std::string public_key;
  std::string status;                    ///< `Connected`, `Disconnected` or `Isolated`.
  std::optional<member_id> connected_at; ///< Which node of the cluster holds the link.
  std::uint64_t sessions = 0;            ///< Handshakes so far.
  timestamp_ms registered_at;
  std::optional<timestamp_ms> last_seen; ///< Of the last handshake.
  std::optional<timestamp_ms> isolated_until;
  std::string isolated_for;              ///< A code, or the words of an admin.
  std::uint64_t isolations = 0;          ///< In a row: each lasts twice as long as the one before.
  std::uint64_t settled_sessions = 0;    ///< What happened in sessions up to this one is forgiven.
  std::vector<former_key> former_keys;   ///< The last ones, newest last.
  std::vector<node_event> events;        ///< The last ones, newest last; empty in lists.
  std::optional<announcement> announced; ///< The last one under this key.
  std::optional<timestamp_ms> announced_until;

  bool operator==(const node_record&) const = default;
};
BPCI_MESSAGE(node_record, node_id, node_type, endpoint, capabilities, public_key, status,
             connected_at, sessions, registered_at, last_seen, isolated_until, isolated_for,
             isolations, settled_sessions, former_keys, events, announced, announced_until)

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
/// under another key), isolated.
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
  /// Whether this operator asks its nodes to encrypt what they send (docs/protocol/encryption.md).
  bool encryption = false;

  bool operator==(const oracle_stats&) const = default;
};
BPCI_MESSAGE(oracle_stats, member, registered_nodes, connected_nodes, links, messages_accepted,
             messages_relayed, messages_refused, messages_expired, duplicates, in_flight,
             messages_stored, encryption)

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
