#pragma once

#include "messages/error.hpp"
#include "messages/inspect.hpp"
#include "messages/oracle/envelope.hpp"

#include <caf/actor.hpp>

#include <memory>

/// What LINKs and RELAYs say to each other, on one node and between nodes of a cluster.
namespace bpci::oracle {

/// A frame that is written as it is, perhaps to many.
using frame_ptr = std::shared_ptr<const bytes>;

} // namespace bpci::oracle

namespace caf {

/// Between nodes it is its bytes, and none at all when it is null.
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, bpci::oracle::frame_ptr& x) {
  auto data = bpci::bytes{};
  if constexpr (Inspector::reads_state) {
    return f(x ? const_cast<bpci::bytes&>(*x) : data); // the inspector only reads
  } else {
    if (auto why = f(data)) return why;
    x = data.empty() ? nullptr : std::make_shared<const bpci::bytes>(std::move(data));
    return none;
  }
}

} // namespace caf

namespace bpci::oracle {

/// An envelope is shared between the actors of a node and copied between nodes.
using envelope_ptr = std::shared_ptr<const envelope>;

/// A message on its way to a target. From: the RELAY of the source's node. To: the target's LINK.
///
/// Of a batch, `message` is the head (its id, source, sequence, priority and time, and no more),
/// and `frame` is the deliver_batch frame for the target, in msgpack, made when the batch was
/// checked; else it is null.
struct delivery {
  envelope_ptr message;
  bytes source_key; ///< 32 bytes.
  member_id relay;  ///< Where the answer goes.
  frame_ptr frame = nullptr;

  [[nodiscard]] bool is_batch() const noexcept { return frame != nullptr; }

  bool operator==(const delivery& x) const {
    return source_key == x.source_key && relay == x.relay && *message == *x.message
           && is_batch() == x.is_batch() && (!is_batch() || *frame == *x.frame);
  }
};
BPCI_MESSAGE(delivery, message, source_key, relay, frame)

/// Everything that one turn of a RELAY has for one target.
struct deliveries {
  std::vector<delivery> items;

  bool operator==(const deliveries&) const = default;
};
BPCI_MESSAGE(deliveries, items)

/// What an outcome with `ec::none` says. `acknowledged`: by the target, and the source waits for
/// it. `stored`: it is safe in the target's mailbox. `later`: the target has acknowledged what was
/// stored, of which the source has been told before.
BOOST_DEFINE_FIXED_ENUM_CLASS(progress, std::uint8_t, acknowledged, stored, later)

/// What became of one message at one target. `why.code` is `ec::none` when it was acknowledged, or
/// stored.
struct outcome {
  node_id source;
  message_id id;
  node_id target;
  failure why;
  oracle::progress progress = progress::acknowledged;
  std::uint64_t retry_after_ms = 0; ///< With `busy`: how long to wait; 0: as long as usual.

  bool operator==(const outcome&) const = default;
};
BPCI_MESSAGE(outcome, source, id, target, why, progress, retry_after_ms)

/// From: a target's LINK, to the RELAY that the delivery names; and from there to the LINK of the
/// source.
struct outcomes {
  std::vector<outcome> items;

  bool operator==(const outcomes&) const = default;
};
BPCI_MESSAGE(outcomes, items)

/// "This BPI node can be reached through me." From: a LINK to its RELAY, and from there to the
/// RELAYs of all other members.
struct route_up {
  node_id node;
  member_id member;
  session_no session;
  bytes key;
  caf::actor link;

  bool operator==(const route_up&) const = default;
};
BPCI_MESSAGE(route_up, node, member, session, key, link)

/// "No longer." Counts only if `session` is the one that was announced.
struct route_down {
  node_id node;
  member_id member;
  session_no session;

  bool operator==(const route_down&) const = default;
};
BPCI_MESSAGE(route_down, node, member, session)

/// All routes of a member, sent when two members meet, or meet again. From: a RELAY. To: another.
struct route_snapshot {
  member_id member;
  std::vector<route_up> routes;
  bool answer_wanted = false; ///< With the receiver's own snapshot.

  bool operator==(const route_snapshot&) const = default;
};
BPCI_MESSAGE(route_snapshot, member, routes, answer_wanted)

/// "Something new is stored for these nodes, which are connected to you." A hint: mailboxes are
/// also read without it, later. From: a RELAY. To: another.
struct letters_waiting {
  std::vector<node_id> nodes;

  bool operator==(const letters_waiting&) const = default;
};
BPCI_MESSAGE(letters_waiting, nodes)

/// "Your BPI node has a newer session elsewhere." From: a RELAY. To: its LINK.
struct superseded {
  session_no by;

  bool operator==(const superseded&) const = default;
};
BPCI_MESSAGE(superseded, by)

// -- notices -------------------------------------------------------------------

/// "Tell every BPI node that is connected to this member." Signed under the member's key and
/// forgotten: who is away, or reads slowly, misses it, and may hear the same from another member.
/// From: any actor of the node. To: its RELAY. No answer.
struct publish_notice {
  std::string topic; ///< An id: `consensus.result`.
  bytes body;        ///< What the topic defines.

  bool operator==(const publish_notice&) const = default;
};
BPCI_MESSAGE(publish_notice, topic, body)

// -- for the API ---------------------------------------------------------------

/// "Check this, relay it and tell me what became of it." From: the HTTP gateway. To: REGISTRY,
/// which knows the keys. Answer: outcomes, when every target has been answered.
struct relay_order {
  envelope_ptr message;

  bool operator==(const relay_order& x) const { return *message == *x.message; }
};
BPCI_MESSAGE(relay_order, message)

/// A relay_order that has passed all checks. From: REGISTRY. To: RELAY. Answer: outcomes.
struct relay_request {
  envelope_ptr message;
  bytes source_key;

  bool operator==(const relay_request& x) const {
    return source_key == x.source_key && *message == *x.message;
  }
};
BPCI_MESSAGE(relay_request, message, source_key)

/// Which of these BPI nodes can be reached now. From: REGISTRY. To: RELAY. Answer:
/// route_list.
struct find_routes {
  std::vector<node_id> nodes;

  bool operator==(const find_routes&) const = default;
};
BPCI_MESSAGE(find_routes, nodes)

struct route_list {
  std::vector<route_up> routes;

  bool operator==(const route_list&) const = default;
};
BPCI_MESSAGE(route_list, routes)

/// Counters since the RELAY's start. Answer to get_relay_stats.
struct relay_stats {
  std::uint64_t connected_local = 0;   ///< BPI nodes with a link at this node.
  std::uint64_t connected_cluster = 0; ///< At any node.
  std::uint64_t accepted = 0;          ///< Messages that passed all checks.
  std::uint64_t delivered = 0;         ///< Acknowledged by a target, a target counted each.
  std::uint64_t refused = 0;
  std::uint64_t expired = 0;
  std::uint64_t duplicates = 0; ///< Recognised by (source, id).
  std::uint64_t in_flight = 0;
  std::uint64_t stored = 0; ///< Put into a mailbox, a target counted each.

  bool operator==(const relay_stats&) const = default;
};
BPCI_MESSAGE(relay_stats, connected_local, connected_cluster, accepted, delivered, refused, expired,
             duplicates, in_flight, stored)

struct get_relay_stats {
  bool operator==(const get_relay_stats&) const = default;
};
BPCI_MESSAGE(get_relay_stats)

} // namespace bpci::oracle
