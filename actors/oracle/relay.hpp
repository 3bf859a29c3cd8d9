#pragma once

#include "actors/oracle/submission.hpp"
#include "runtime/router/credit.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <unordered_map>
#include <variant>
#include <vector>

/// RELAY, pure: where every BPI node can be reached, and what became of every message that came in
/// at this cluster node. Decides; `relay_actor` carries out.
///
/// A message is *open* towards a target until that target has acknowledged it, refused it, or the
/// relay timeout has passed; then it is answered, once. Answered messages are remembered, up to
/// `message_cache_size` of them, so that a retry gets the same answer (docs/protocol/bpi-1.0.md,
/// section 4; document 2, "Replay Attack Prevention").
///
/// A *batch* is one record with a part for each target; the rest is as with a message.
///
/// A *stored* message is not delivered from here: it goes into the mailbox of each target, and is
/// answered when it is safe there. What comes out of mailboxes is MAILMAN's (mailman.hpp).
namespace bpci::oracle {

using instant = std::chrono::steady_clock::time_point;

struct relay_config {
  member_id self;
  std::chrono::milliseconds relay_timeout{30'000};
  /// How long a target that nobody has announced is waited for; 0: not at all. A client is welcomed
  /// before all members have heard of it, and a restarted RELAY has to be told anew.
  std::chrono::milliseconds announce_max{1'000};
  std::size_t message_cache_size = 10'000; ///< Answered messages that are remembered.
  std::size_t open_max = 100'000;          ///< Open ones, a target counted each; beyond, `busy`.
  std::uint64_t open_bytes_max = 64 * 1'024 * 1'024; ///< Of open messages; beyond, `busy`.
  /// What may be under way to the LINKs of one other member; beyond, `busy` at once: a member that
  /// has stopped must not fill the memory of this one.
  router::credit_limit to_member{};
};

/// Who waits for the answers: 0 for the source's LINK, else a ticket that the shell gave out.
using ticket = strong<std::uint64_t, struct ticket_tag>;

// -- effects -------------------------------------------------------------------

/// Hand the message to the LINK of `target`.
struct deliver_to {
  node_id target;
  delivery what;
};

/// Put the message into the mailbox of `target`, and say what came of it: `relay::stored`.
struct store_for {
  node_id target;
  envelope_ptr message;
  bytes source_key;
};

/// Tell the source.
struct answer {
  ticket to;
  outcome what;
  std::chrono::microseconds took; ///< Since the message was accepted.
};

/// Tell the LINK of `node`, which is at this cluster node, that it has been overtaken.
struct supersede {
  node_id node;
  session_no by;
};

using relay_effect = std::variant<deliver_to, store_for, answer, supersede>;
using relay_effects = std::vector<relay_effect>;

class relay {
public:
  explicit relay(relay_config config) : config_(std::move(config)) {}

  // -- routes ------------------------------------------------------------------

  /// A BPI node has connected, here or at another member. A route of an older session than the
  /// one known is ignored; a local one is superseded. What is open towards the node is delivered
  /// again: it drops duplicates.
  void up(const route_up& route, instant now, relay_effects& out);

  void down(const route_down& route, instant now);

  /// A member is gone: its routes are kept for the relay timeout, for their nodes are about to
  /// connect elsewhere.
  void member_down(const member_id& member, instant now);

  /// Replaces what is known of a member's routes.
  void snapshot(const route_snapshot& all, instant now, relay_effects& out);

  /// The routes of this cluster node, for a member that has just been met.
  [[nodiscard]] route_snapshot local_routes() const;

  /// The LINK of a node that is connected now.
  [[nodiscard]] const route_up* find(const node_id& node) const;

  // -- messages ----------------------------------------------------------------

  /// A message, or a batch, that passed all checks.
  void submit(const submission& what, const bytes& source_key, ticket who, instant now,
              relay_effects& out);

  /// What a target's LINK says of a delivery.
  void settle(const outcome& what, instant now, relay_effects& out);

  /// What came of a `store_for`: `what.why` is none when it is safe. Only `source`, `id`, `target`,
  /// `why` and `retry_after_ms` count.
  void stored(const outcome& what, instant now, relay_effects& out);

  /// Call at least once a second: answers what is overdue.
  void tick(instant now, relay_effects& out);

  [[nodiscard]] relay_stats stats() const;

private:
  struct route {
    route_up to;
    bool connected = true;
    instant since;
  };

  enum class state : std::uint8_t { waiting, sent, settled };

  struct addressee {
    node_id target;
    relay::state state = state::waiting;
    failure why;
    oracle::progress progress = progress::acknowledged; ///< Of one that is settled with `none`.
    member_id charged; ///< Whose credit it has taken; empty: nobody's.
    std::uint64_t charged_bytes = 0;
  };

  struct key {
    node_id source;
    message_id id;
    bool operator==(const key&) const = default;
  };

  struct record {
    const key* self = nullptr; ///< In `messages_`.
    envelope_ptr message;      ///< Null once it is answered: what is remembered needs no body.
    std::shared_ptr<const batch_parts> batch; ///< As long as the message, if it is one.
    std::uint64_t weight = 0;                 ///< Of the message, while it is open.
    bytes source_key;
    std::uint64_t content = 0; ///< Hash of targets, type and body.
    ticket who;
    std::uint64_t order = 0;
    instant accepted;
    instant deadline;
    std::vector<addressee> addressees;
    std::size_t open = 0;
    std::list<record*>::iterator place; ///< In `open_`, or in `answered_`.
    bool answered = false;              ///< Which of them.
  };

  struct key_hash {
    std::size_t operator()(const key& x) const noexcept {
      return std::hash<node_id>{}(x.source) * 31 + std::hash<message_id>{}(x.id);
    }
  };

  void accept(record& message, instant now, relay_effects& out);
  void resubmit(record& known, const submission& what, const bytes& source_key, ticket who,
                instant now, relay_effects& out);
  void refuse(const envelope& message, ec why, ticket who, relay_effects& out);
  [[nodiscard]] bool is_full(std::uint64_t weight) const;
  void try_target(record& message, addressee& to, instant now, relay_effects& out);
  void settle_one(record& message, addressee& to, failure why, instant now, relay_effects& out,
                  std::uint64_t retry_after_ms = 0);
  void deliver(record& message, addressee& to, const route_up& where, instant now,
               relay_effects& out);
  [[nodiscard]] std::uint64_t credit_for(const record& message, const addressee& to) const;
  [[nodiscard]] static const frame_ptr* part_of(const record& message, const addressee& to);
  [[nodiscard]] bool charge(record& message, addressee& to, const member_id& member);
  void release(addressee& to);
  void say(const record& message, const addressee& to, instant now, relay_effects& out,
           std::uint64_t retry_after_ms = 0) const;
  void give_up_unannounced(instant now, relay_effects& out);
  static void forget_content(record& answered);
  void forget_oldest();
  void forget_routes(instant now);

  relay_config config_;
  relay_stats stats_;
  router::credits<member_id> under_way_{config_.to_member};
  std::uint64_t open_bytes_ = 0;
  std::uint64_t next_order_ = 1;
  std::unordered_map<node_id, route> routes_;
  std::unordered_map<key, record, key_hash> messages_; ///< Open and remembered.
  std::unordered_map<node_id, std::map<std::uint64_t, record*>> open_towards_;
  std::deque<std::pair<instant, key>> unannounced_; ///< To a target without a route, in order.
  std::list<record*> open_;     ///< By deadline: the timeout is the same for all.
  std::list<record*> answered_; ///< Oldest first; none that is open again.
};

} // namespace bpci::oracle
