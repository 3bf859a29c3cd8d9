#pragma once

#include "gateways/clients/cpp/backoff.hpp"
#include "gateways/clients/cpp/message.hpp"
#include "messages/oracle/frames.hpp"

#include <chrono>
#include <map>
#include <set>
#include <unordered_map>

namespace bpci::client {

/// Now, by the clock that other machines can be compared with and by the one that never jumps.
struct moment {
  timestamp_ms wall;
  std::chrono::steady_clock::time_point steady;
};

struct outbox_settings {
  node_id source;
  std::size_t queue_max = 10'000; ///< messages without all their answers
  backoff retry;
  std::size_t batch_max = 1; ///< messages under one signature; 0: as the server suggests
};

/// A message that has all its answers, and whom to tell.
struct completion {
  report_handler tell;
  report what;
};
using completions = std::vector<completion>;

/// Decides what a client sends, and when (docs/protocol/bpi-1.0.md, sections 3 and 4): keeps each
/// message until it is answered for every target, sends it again after a reconnect or a passing
/// refusal, and stays inside the window and the rate that the server allows. Messages leave in the
/// order in which they were added, except for retries that a single target asks for. Pure: no
/// socket, no clock, no key; the envelopes and batches that it yields are unsigned.
///
/// Messages that wait behind each other may be put into a batch. From then on they are one thing,
/// which keeps its id and content through all retries, as a message does.
class outbox {
public:
  using instant = std::chrono::steady_clock::time_point;

  explicit outbox(outbox_settings how);

  /// `x.id` must be set. Errors: `invalid_argument` (an id, the type, no target or the same one
  /// twice), `conflict` (the id is under way), `busy` (the queue is full).
  result<void> add(outgoing x, std::chrono::milliseconds deadline, moment now, report_handler tell);

  /// The handshake is done: everything without an answer is to be sent (again).
  void opened(const oracle::limits& allowed, std::uint64_t resume_from, moment now);

  /// The connection is gone, and nothing is under way on it any more.
  void closed();

  /// The next envelope to be transmitted now, if there is one: it counts as transmitted. Nothing
  /// while a batch is next.
  std::optional<oracle::envelope> next(moment now);

  /// The next batch, if what is next is one, or can be made one with `fresh` as its id: at least
  /// two live messages of one priority with one target each, which wait behind each other.
  std::optional<oracle::send_batch> next_batch(moment now, const message_id& fresh);

  completions on_receipt(const oracle::receipt& x);
  completions on_receipt(const oracle::receipt_batch& x);

  /// `luck` is any random number, for the jitter.
  completions on_refusal(const oracle::refusal& x, moment now, std::uint64_t luck);

  /// Ends a message that cannot be sent at all.
  completions refuse(const message_id& id, const failure& why);

  /// Ends the messages whose deadline has passed.
  completions expire(moment now);

  /// Ends all messages.
  completions refuse_all(const failure& why);

  /// When to call `expire` and `next` again, if nothing else happens before.
  [[nodiscard]] std::optional<instant> wake(moment now) const;

  /// Whether a message under this id has no answer of some target.
  [[nodiscard]] bool contains(const message_id& id) const { return by_id_.contains(id); }

  /// Messages without all their answers, each one of a batch counted.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
  [[nodiscard]] std::uint64_t last_sequence() const noexcept { return last_sequence_; }

private:
  /// The place in the order of `add`.
  using place = std::uint64_t;

  enum class stage : std::uint8_t { ready, in_flight, waiting };

  struct target_state {
    node_id name;
    std::optional<failure> answer; ///< final
    bool asked_again = false;      ///< has refused this transmission for a time
    bool stored = false;           ///< the answer, if it is `ec::none`, is the cluster's
  };

  /// A message of a batch.
  struct item {
    outgoing what;
    report_handler tell;
    instant deadline;
    bool told = false;
  };

  /// A message; or a batch, of which `what` is the id and the priority.
  struct entry {
    outgoing what;
    std::vector<target_state> targets;
    report_handler tell;
    instant deadline; ///< Of a batch: the earliest of those that have not been told.
    std::vector<item> items;
    bool sent = false; ///< At least once: its id is known to the cluster, so it stays alone.
    stage now = stage::ready;
    instant retry_at;
    std::uint32_t attempts = 0; ///< transmissions that ended with a passing refusal
  };

  using entries = std::map<place, entry>;

  entries::iterator find(const message_id& id);
  void move(entries::iterator at, stage to);
  void retry_later(entries::iterator at, instant when);
  void promote(instant now);
  bool take_tokens(instant now, std::size_t count);
  [[nodiscard]] std::chrono::nanoseconds depth(std::size_t count) const;
  [[nodiscard]] bool may_send(instant now) const;
  [[nodiscard]] std::size_t batch_max() const;
  [[nodiscard]] std::vector<entries::iterator> next_group();
  entries::iterator join(const std::vector<entries::iterator>& group, const message_id& id);
  completions answer(entries::iterator at, const node_id& target, failure why, bool stored = false);
  completions settle(entries::iterator at);
  completions finish(entries::iterator at, const failure& missing);
  completions finish_items(entries::iterator at, const node_id& target, const failure& why);
  completions expire_items(entries::iterator at, instant now, const failure& why);
  void forget(entries::iterator at);

  outbox_settings how_;
  entries messages_;
  std::unordered_map<message_id, place> by_id_;
  std::set<place> ready_;
  std::set<std::pair<instant, place>> waiting_;
  std::set<std::pair<instant, place>> deadlines_;
  std::size_t size_ = 0;
  std::size_t in_flight_ = 0;
  place next_place_ = 0;
  std::uint64_t last_sequence_ = 0;

  bool open_ = false;
  oracle::limits allowed_;
  instant paused_until_{}; ///< The server has refused for a reason that hits every message.
  std::chrono::nanoseconds interval_{0}; ///< between two messages at the allowed rate
  instant bucket_full_at_{};             ///< when the token bucket would be full again
};

} // namespace bpci::client
