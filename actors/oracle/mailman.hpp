#pragma once

#include "actors/oracle/relay.hpp"
#include "messages/oracle/mailbox.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <variant>
#include <vector>

/// MAILMAN, pure: the part of RELAY that empties the mailboxes of the BPI nodes that are connected
/// to this cluster node. Decides which mailbox is read when, what is in flight to its LINK, and
/// what may be thrown away; `relay_actor` carries out.
///
/// A letter is delivered only out of its mailbox, and leaves it only after its target has
/// acknowledged it: whatever dies on the way, it is read and delivered again, and the target's
/// client drops it if it has seen it. Letters of one mailbox are handed over in the order of their
/// numbers; one that the target does not acknowledge in time does not hold up the others, and comes
/// again after a reconnect or a while.
namespace bpci::oracle {

struct mailman_config {
  member_id self;
  std::uint64_t window = 256;                     ///< Letters of one mailbox in flight.
  std::uint64_t window_bytes = 4 * 1'024 * 1'024; ///< Beyond it no further page is read.
  std::uint64_t page_bytes = 1'024 * 1'024;       ///< What a page should have, at most.
  std::chrono::milliseconds ack_max{30'000};      ///< For one letter; then it comes again.
  std::chrono::milliseconds poll{300'000};        ///< Between looks at an empty mailbox.
  std::chrono::milliseconds retry_min{100};       ///< Backoff of questions and removals.
  std::chrono::milliseconds retry_max{10'000};
  std::chrono::milliseconds again_max{600'000}; ///< Backoff of what is not acknowledged.
};

// -- effects -------------------------------------------------------------------

/// Ask `mailbox/<node>` for a page; the answer is `mailman::page` with the same `no`.
struct read_mailbox {
  node_id node;
  std::uint64_t no = 0;
  mailbox::peek what;
};

/// Tell `mailbox/<node>` to remove these; the answer is `mailman::cleared` with the same `no`.
struct clear_mailbox {
  node_id node;
  std::uint64_t no = 0;
  mailbox::remove what;
};

/// Hand a letter to the LINK of `target`, which is at this cluster node.
struct hand_letter {
  node_id target;
  delivery what;
};

/// Tell the source, if it is connected: the target has acknowledged what was stored.
struct tell_source {
  outcome what;
};

using mailman_effect = std::variant<read_mailbox, clear_mailbox, hand_letter, tell_source>;
using mailman_effects = std::vector<mailman_effect>;

class mailman {
public:
  explicit mailman(mailman_config config) : config_(std::move(config)) {}

  // `luck` is any random number, for the jitter.

  /// The node is connected here, in this session: its mailbox is read from the start.
  void up(const node_id& node, session_no session, instant now, mailman_effects& out);

  /// It is not, or no longer. What it has acknowledged is removed all the same.
  void down(const node_id& node);

  /// Something new is in its mailbox.
  void hint(const node_id& node, instant now, mailman_effects& out);

  /// Hints may have been lost: another member has been met again.
  void hint_all(instant now, mailman_effects& out);

  /// The answer to a read_mailbox.
  void page(const node_id& node, std::uint64_t no, const result<mailbox::page>& what, instant now,
            std::uint64_t luck, mailman_effects& out);

  /// The answer to a clear_mailbox.
  void cleared(const node_id& node, std::uint64_t no, const result<void>& what, instant now,
               std::uint64_t luck, mailman_effects& out);

  /// What the LINK says of a delivery. False: that was none of a mailbox.
  bool settle(const outcome& what, instant now, mailman_effects& out);

  /// Call several times a second.
  void tick(instant now, mailman_effects& out);

  [[nodiscard]] std::size_t mailboxes() const noexcept { return boxes_.size(); }
  [[nodiscard]] std::uint64_t in_flight() const noexcept { return in_flight_; }

private:
  using message_key = std::pair<node_id, message_id>;

  struct flight {
    message_key message;
    std::uint64_t bytes = 0;
    instant at;
  };

  struct box {
    session_no session;
    bool connected = false;

    // -- reading
    std::uint64_t after = 0;    ///< Read up to this number.
    bool more = false;          ///< There is something behind it, as far as is known.
    bool hinted = false;        ///< Something came while a page was on its way.
    std::uint64_t asked = 0;    ///< The page that is on its way; 0: none.
    std::uint64_t limit = 16;   ///< Of the next page.
    instant ask_at{};           ///< Not before.
    instant poll_at{};          ///< When to look whether a hint was lost.
    std::uint32_t failures = 0; ///< Of reading, in a row.

    // -- in flight
    std::map<std::uint64_t, flight> letters;
    std::map<message_key, std::uint64_t> numbers;
    std::uint64_t bytes = 0;
    std::optional<instant> again_at; ///< When to read from the start, for what was left over.
    std::uint32_t agains = 0;

    // -- removing
    std::map<std::uint64_t, bool> done; ///< Acknowledged; true: being removed.
    std::uint64_t clearing = 0;         ///< The removal that is on its way; 0: none.
    instant clear_at{};
    std::uint32_t clear_failures = 0;
  };
  using boxes = std::unordered_map<node_id, box>;

  void pump(const node_id& node, box& at, instant now, mailman_effects& out);
  void clear(const node_id& node, box& at, instant now, mailman_effects& out);
  void hand_over(const node_id& node, box& at, const mailbox::letter& what, instant now,
                 mailman_effects& out);
  void land(box& at, std::map<std::uint64_t, flight>::iterator which);
  void leave_over(box& at, std::chrono::milliseconds again, instant now);
  void forget_overdue(box& at, instant now);
  void look_again(box& at, instant now);
  [[nodiscard]] box* find(const node_id& node);

  mailman_config config_;
  boxes boxes_;
  std::uint64_t last_no_ = 0;
  std::uint64_t in_flight_ = 0;
};

/// What a retry of a message must share with it to be the same: the tag of the signature, targets,
/// type and body, hashed.
bytes identity_of(const envelope& x);

} // namespace bpci::oracle
