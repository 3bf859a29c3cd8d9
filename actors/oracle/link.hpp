#pragma once

#include "actors/oracle/backlog.hpp"
#include "actors/oracle/conduct.hpp"
#include "actors/oracle/rate_limit.hpp"
#include "actors/oracle/submission.hpp"
#include "messages/oracle/batch.hpp"
#include "runtime/crypto/keys.hpp"
#include "runtime/crypto/merkle.hpp"

#include <chrono>
#include <list>
#include <unordered_map>
#include <variant>
#include <vector>

/// LINK, pure: one BPI node's side of the relay. Checks what the node sends, cheapest check first
/// (docs/protocol/bpi-1.0.md, section 3), and hands it what others send, within its credit.
///
/// Lives through reconnects of its node: `attach` when a connection has been authenticated,
/// `detach` when it is gone.
namespace bpci::oracle {

using instant = std::chrono::steady_clock::time_point;

/// Now, by the clock that can be compared with other machines and by the one that never jumps.
struct moment {
  timestamp_ms wall;
  instant steady;
};

struct link_config {
  node_id node;
  oracle::limits limits;
  std::size_t backlog_max = 10'000; ///< Deliveries of a priority beyond the credit; then `busy`.
  conduct_rules conduct = {};
};

// -- effects -------------------------------------------------------------------

/// Write this frame to the node.
struct write {
  server_frame frame;
};

/// Write this delivery to the node. If the write queue is full, tell `link::write_failed`.
struct write_delivery {
  delivery what;
};

/// Pass an accepted message, or batch, on to the RELAY.
struct submit {
  envelope_ptr message;
  std::shared_ptr<const batch_parts> batch = nullptr; ///< As in `submission`.
};

/// Tell the RELAY of `relay` what became of its delivery.
struct settle {
  member_id relay;
  outcome what;
};

/// Close the connection.
struct hang_up {
  failure why;
};

/// The node has broken the rules too often: have it isolated, and close the connection.
struct accuse {
  ec reason; ///< The last violation.
};

using link_effect = std::variant<write, write_delivery, submit, settle, hang_up, accuse>;
using link_effects = std::vector<link_effect>;

struct link_stats {
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
  std::uint64_t delivered = 0; ///< Acknowledged by this node.
};

class link {
public:
  explicit link(link_config config);

  /// `last_sequence`: what the node says that it has used; returns where it resumes from. What was
  /// delivered and not acknowledged comes again from the RELAYs.
  std::uint64_t attach(const crypto::public_key& key, std::uint64_t last_sequence);
  void detach();
  [[nodiscard]] bool attached() const noexcept { return attached_; }

  // -- from the node -----------------------------------------------------------

  void on_frame(client_frame frame, moment now, link_effects& out);

  /// A batch; `x` need not outlive the call.
  void on_batch(const batch_view& x, moment now, link_effects& out);

  /// A frame that could not be decoded. Counts against the rate.
  void on_garbage(const failure& why, moment now, link_effects& out);

  // -- from the cluster --------------------------------------------------------

  /// What the node has not acknowledged within the relay timeout no longer counts against its
  /// credit: its sender has been told `expired`.
  void on_delivery(delivery what, instant now, link_effects& out);

  /// What became of a message, or of a batch, of this node.
  void on_outcome(const outcome& what, link_effects& out);

  /// The same for many; the receipts of a batch are written together.
  void on_outcomes(const std::vector<outcome>& all, link_effects& out);

  /// The message was found in quarantine.
  void refuse(const message_id& id, const failure& why, link_effects& out);

  // -- from the shell ----------------------------------------------------------

  /// The write queue was full: `what` waits, and everything behind it, until `on_writable`. Of
  /// several, the last one first.
  void write_failed(delivery what);
  void on_writable(instant now, link_effects& out);

  /// Call every second or so while there is a backlog: credit may have come back by itself.
  void tick(instant now, link_effects& out);

  /// The RELAY has died with what it held: every open message is refused, to be sent again.
  void relay_lost(link_effects& out);

  [[nodiscard]] const link_stats& stats() const noexcept { return stats_; }
  [[nodiscard]] std::size_t in_flight() const noexcept { return unanswered_.size(); }
  [[nodiscard]] std::size_t unacknowledged() const noexcept { return unacknowledged_.size(); }
  [[nodiscard]] std::size_t backlog() const noexcept { return backlog_.size(); }
  [[nodiscard]] std::uint64_t last_sequence() const noexcept { return last_sequence_; }
  [[nodiscard]] std::uint64_t score(instant now) const { return conduct_.score(now); }

private:
  using message_key = std::pair<node_id, message_id>;
  struct message_key_hash {
    std::size_t operator()(const message_key& x) const noexcept {
      return std::hash<node_id>{}(x.first) * 31 + std::hash<message_id>{}(x.second);
    }
  };

  struct refused {
    failure why;
    std::optional<std::chrono::milliseconds> retry_after;
  };

  /// A message of this node that has no answer yet.
  struct open_message {
    envelope_ptr message;
    std::size_t targets = 0; ///< Without an answer.
    /// Targets of other messages that this node has sent under the same id, to be refused with
    /// `conflict`. Counted apart: an answer to them must not pass for one to the message.
    std::size_t conflicts = 0;
  };

  /// A delivery that the node has been given and has not acknowledged.
  struct handed_over {
    member_id relay;
    instant at;
  };

  void on_send(envelope message, moment now, link_effects& out);
  void on_ack(const ack& x, link_effects& out);
  [[nodiscard]] std::optional<refused> check(const envelope& x, moment now);
  void note(ec code, instant now, link_effects& out);
  [[nodiscard]] std::optional<refused> check(const batch_view& x, moment now);
  [[nodiscard]] std::optional<refused> check_window(std::uint64_t sequence, std::uint64_t messages,
                                                    moment now);
  void refuse(std::string_view id, const refused& no, instant now, link_effects& out);
  void accept(const envelope_ptr& message);
  [[nodiscard]] std::shared_ptr<const batch_parts> take_apart(const batch_view& x,
                                                              std::vector<node_id>& targets) const;
  void note_answer(const outcome& what);
  void forget_overdue(instant now);
  [[nodiscard]] bool has_room() const;
  void pump(instant now, link_effects& out);
  void hand_over(delivery what, instant now, link_effects& out);

  link_config config_;
  bool attached_ = false;
  bool blocked_ = false; ///< The write queue was full.
  crypto::public_key key_;
  crypto::sealed_tree tree_; ///< Over the items of the batch at hand.
  batch_view batch_;         ///< The same, when it came in another encoding.
  std::uint64_t last_sequence_ = 0;
  rate_limit rate_;
  conduct conduct_;      ///< Kept through reconnects.
  bool accused_ = false; ///< Once for each connection.
  link_stats stats_;
  std::unordered_map<message_id, open_message> unanswered_;
  std::unordered_map<message_key, handed_over, message_key_hash> unacknowledged_;
  /// Oldest first. A list takes no memory while it is empty.
  std::list<std::pair<instant, message_key>> handed_over_order_;
  oracle::backlog backlog_;
};

/// A refusal frame for `why`.
refusal make_refusal(const failure& why, std::optional<message_id> id = {},
                     std::optional<node_id> target = {},
                     std::optional<std::chrono::milliseconds> retry_after = {});

} // namespace bpci::oracle
