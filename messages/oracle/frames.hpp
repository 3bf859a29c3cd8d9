#pragma once

#include "messages/oracle/envelope.hpp"

#include <optional>
#include <variant>

/// The frames of BPI-1.0. docs/protocol/bpi-1.0.md says what each member means; the name of the
/// frame travels as the member `t` (messages/oracle/codec.hpp).
namespace bpci::oracle {

inline constexpr std::string_view protocol_version = "1.0";
inline constexpr std::string_view subprotocol = "bpi.v1";
inline constexpr std::string_view socket_path = "/bpi/v1";

/// No integer of the protocol is above this: every JSON reader keeps it exact.
inline constexpr std::uint64_t integer_max = (std::uint64_t{1} << 53) - 1;

struct limits {
  std::uint64_t max_frame_bytes = 0;
  std::uint64_t max_in_flight = 0;
  std::uint64_t max_targets = 0;
  std::uint64_t max_message_age_secs = 0;
  std::uint64_t rate_limit_per_sec = 0;
  std::uint64_t handshake_timeout_ms = 0;
  std::uint64_t relay_timeout_secs = 0;
  std::uint64_t max_batch = 0;  ///< Items; 0: a server that knows no batches.
  std::uint64_t batch_size = 0; ///< How many a client gathers unless told otherwise.

  bool operator==(const limits&) const = default;
};
BPCI_MESSAGE(limits, max_frame_bytes, max_in_flight, max_targets, max_message_age_secs,
             rate_limit_per_sec, handshake_timeout_ms, relay_timeout_secs, max_batch, batch_size)

// -- handshake (section 2) ---------------------------------------------------

/// Server to client, at once after the upgrade.
struct challenge {
  std::vector<std::string> versions;
  member_id member;
  bytes server_key;
  bytes nonce;
  timestamp_ms time;
  oracle::limits limits;

  bool operator==(const challenge&) const = default;
};
BPCI_MESSAGE(challenge, versions, member, server_key, nonce, time, limits)

/// Client to server, the answer to the challenge.
struct hello {
  std::string version;
  bpci::node_id node_id;
  bytes key;
  bytes nonce;
  std::uint64_t last_session = 0;
  std::uint64_t last_sequence = 0;
  bytes signature;

  bool operator==(const hello&) const = default;
};
BPCI_MESSAGE(hello, version, node_id, key, nonce, last_session, last_sequence, signature)

/// Server to client: the link is open.
struct welcome {
  session_no session;
  std::uint64_t resume_from = 0;
  timestamp_ms time;
  bytes signature;

  bool operator==(const welcome&) const = default;
};
BPCI_MESSAGE(welcome, session, resume_from, time, signature)

// -- messages (sections 3 to 5) ----------------------------------------------

/// Client to server: an envelope to be relayed. On the wire its members stand beside `t`.
struct send {
  oracle::envelope envelope;

  bool operator==(const send&) const = default;
};

/// Server to client: an envelope from another node.
struct deliver {
  oracle::envelope envelope;
  bytes source_key;

  bool operator==(const deliver&) const = default;
};

/// Client to server: the message is safe with me.
struct ack {
  node_id source;
  message_id id;

  bool operator==(const ack&) const = default;
};
BPCI_MESSAGE(ack, source, id)

/// Server to client: the target has acknowledged; or, with `stored`, the cluster keeps the message
/// for it. The acknowledgement of a stored message comes in a second receipt, if the source is
/// connected then.
struct receipt {
  message_id id;
  node_id target;
  std::optional<bool> stored = std::nullopt; ///< Absent: false.

  bool operator==(const receipt&) const = default;
};
BPCI_MESSAGE(receipt, id, target, stored)

/// Server to client: this will not happen, and why.
struct refusal {
  std::string code;
  std::string message;
  std::string next_step;
  std::string detail;
  std::optional<message_id> id;
  std::optional<node_id> target;
  std::optional<std::uint64_t> retry_after_ms;

  bool operator==(const refusal&) const = default;
};
BPCI_MESSAGE(refusal, code, message, next_step, detail, id, target, retry_after_ms)

// -- batches (section 14) ------------------------------------------------------

/// No batch has more items, whatever a server's limit is.
inline constexpr std::size_t batch_items_max = 256;

/// One message of a batch, to one target. On the wire it has exactly these members, so that it can
/// be passed on as it came.
struct batch_item {
  message_id id;
  node_id target;
  std::string type;
  bytes body;

  bool operator==(const batch_item&) const = default;
};
BPCI_MESSAGE(batch_item, id, target, type, body)

/// Client to server: live messages under one signature and one id, of one priority.
struct send_batch {
  message_id id;
  std::uint64_t sequence = 0;
  node_id source;
  oracle::priority priority = priority::Normal;
  timestamp_ms sent_at;
  std::vector<batch_item> items; ///< 1 to max_batch.
  bytes signature;               ///< Over the header and the root of the items' Merkle tree.

  bool operator==(const send_batch&) const = default;
};
BPCI_MESSAGE(send_batch, id, sequence, source, priority, sent_at, items, signature)

/// Server to client: what a batch from another node has for this one.
struct deliver_batch {
  message_id id;
  std::uint64_t sequence = 0;
  node_id source;
  oracle::priority priority = priority::Normal;
  timestamp_ms sent_at;
  std::uint64_t count = 0; ///< Items of the whole batch.
  bytes signature;
  bytes source_key;
  std::vector<batch_item> items; ///< In their order in the batch.
  std::optional<std::vector<std::uint64_t>> indexes = std::nullopt; ///< Of the items; absent: all.
  std::optional<bytes> proof = std::nullopt; ///< Hashes of the rest, 32 bytes each; absent: none.

  bool operator==(const deliver_batch&) const = default;
};
BPCI_MESSAGE(deliver_batch, id, sequence, source, priority, sent_at, count, signature, source_key,
             items, indexes, proof)

/// Client to server: all of these, messages or batches, are safe with me.
struct ack_batch {
  std::vector<ack> items;

  bool operator==(const ack_batch&) const = default;
};
BPCI_MESSAGE(ack_batch, items)

/// Server to client: these targets have acknowledged all that the batch had for them.
struct receipt_batch {
  message_id id;
  std::vector<node_id> targets;

  bool operator==(const receipt_batch&) const = default;
};
BPCI_MESSAGE(receipt_batch, id, targets)

// -- notices (section 15) ------------------------------------------------------

/// Server to client: news of the cluster, for whoever is connected. Nobody acknowledges it.
struct notice {
  std::string topic;
  message_id id;
  timestamp_ms time;
  bytes body;
  bytes signature; ///< By the server's key of the handshake.

  bool operator==(const notice&) const = default;
};
BPCI_MESSAGE(notice, topic, id, time, body, signature)

// -- links between operators' nodes (messages/oracle/peer_link.hpp) ------------

/// Both ways, on a link whose client is another operator's node: what it holds is the chain's
/// (docs/protocol/chain.md).
struct peer {
  bytes body;

  bool operator==(const peer&) const = default;
};
BPCI_MESSAGE(peer, body)

/// What a client may send.
using client_frame = std::variant<hello, send, ack, peer, send_batch, ack_batch>;

/// What a server may send.
using server_frame = std::variant<challenge, welcome, receipt, deliver, refusal, peer,
                                  deliver_batch, receipt_batch, notice>;

} // namespace bpci::oracle
