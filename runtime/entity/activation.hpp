#pragma once

#include "runtime/entity/batch.hpp"
#include "runtime/entity/kind.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

/// One active entity, pure: its queue, its state, and the transaction that is under way.
///
/// Commands that wait are decided one after the other on top of each other and committed together;
/// each has its own answer, given only when the database has said that it is committed. A refusal,
/// too, is told only after its key was looked up: the same command may have succeeded before.
///
/// When it is unknown whether a transaction was committed, the state is dropped and read again, and
/// the same commands are decided again: those that were committed are found in the inbox. So it is
/// where what the database says shows that something was committed behind our back.
namespace bpci::entity {

struct activation_limits {
  std::size_t queue_commands = 1'000;
  std::size_t queue_bytes = 4 << 20;
  std::size_t batch_commands = 64;
  std::size_t batch_bytes = 1 << 20;
  std::size_t state_bytes = 1 << 20;
};

/// A command or a question on its way through one node.
struct request {
  std::uint64_t ticket = 0; ///< names its answer
  command what;
  std::chrono::steady_clock::time_point deadline; ///< when nobody waits for it any more
};

using request_ptr = std::shared_ptr<const request>;

/// The moment at which something happens to an activation.
struct moment {
  timestamp_ms wall;
  std::chrono::steady_clock::time_point steady;
  bool may_answer = true; ///< this node may speak for the slot from what it holds in memory
};

/// Stands between a command and its handler.
class guard {
public:
  virtual ~guard() = default;
  /// False: the command is in quarantine. True: it is in hand until `put_down`.
  virtual bool take_up(const command& what) = 0;
  virtual void put_down() = 0;
};

// What the actor is to do.
struct read_state {};
struct read_items {
  item_range range;
};
struct commit_batch {
  batch what;
};
struct reply {
  std::uint64_t ticket = 0;
  result<response> answer;
};
/// Effects for other entities are committed.
struct wake_outbox {};
/// A timer was set.
struct wake_timers {};
/// The slot is another node's: this actor has no business here.
struct give_up {};

using effect =
    std::variant<read_state, read_items, commit_batch, reply, wake_outbox, wake_timers, give_up>;
using effects = std::vector<effect>;

class activation {
public:
  /// `what` and `limits` outlive it.
  activation(const kind& what, std::string id, const activation_limits& limits);

  /// Errors, as answers: busy (the queue is full), and those of `command`.
  effects take(request_ptr what, const moment& now, guard& watch);
  effects loaded(result<stored_entity> what, const moment& now, guard& watch);
  effects items_loaded(result<stored_items> what, const moment& now, guard& watch);
  /// A failure is what storage::run gives: `timeout`, `restarted` and `shutting_down` mean that it
  /// is unknown.
  effects committed(result<commit_outcome> what, const moment& now, guard& watch);

  /// Nothing waits and nothing is under way.
  [[nodiscard]] bool idle() const noexcept { return queue_.empty() && !under_way_; }
  [[nodiscard]] std::size_t queued() const noexcept { return queue_.size(); }
  [[nodiscard]] std::uint64_t version() const noexcept { return version_; }
  [[nodiscard]] entity_ref self() const { return {std::string{kind_.name()}, id_}; }
  /// Null: the state is not in memory.
  [[nodiscard]] const instance* state() const noexcept { return state_.get(); }

private:
  struct waiting {
    request_ptr what;
    bool uncertain = false; ///< may have been committed
  };

  /// A command or question of the transaction under way, with the answer that it is to have.
  struct decided {
    waiting who;
    result<response> answer;
    std::uint32_t at = no_command; ///< which command of the batch it is
  };
  static constexpr std::uint32_t no_command = 0xffff'ffff;

  struct transaction {
    std::vector<decided> members;
    instance_ptr after;
    batch what;
    std::size_t bytes = 0;
  };

  struct run; // one call: the moment, the guard and the effects so far

  void advance(run& in);
  void gather(run& in);
  bool gather_one(run& in, transaction& to);
  void ask(run& in, transaction& to, waiting who);
  void decide(run& in, transaction& to, waiting who);
  result<decision> outcome_of(run& in, const transaction& to, const command& what);
  void begin(run& in, transaction what);
  result<void> seal(transaction& what) const;
  void done(run& in);
  void failed(run& in, const failure& why);
  void answer_all(run& in, const transaction& what);
  void settle_refused(run& in, const std::vector<refused_command>& refused);
  void take_back(bool uncertain);
  void reload(run& in);
  void drop_queue(run& in, const failure& why);
  void forget_front();
  [[nodiscard]] bool must_read_items(run& in, const transaction& to, const command& what);

  const kind& kind_;
  const std::string id_;
  const activation_limits& limits_;
  instance_ptr state_; ///< as committed; null: to be loaded
  std::uint64_t version_ = 0;
  std::list<waiting> queue_;
  std::unique_ptr<transaction> open_; ///< is being committed
  std::unique_ptr<items> items_;      ///< for the command at the front of the queue
  // There are very many of these: what fits in eight bytes together stands together.
  std::uint32_t bytes_ = 0;   ///< of what is queued
  std::uint16_t alone_ = 0;   ///< so many commands get a transaction of their own
  std::uint8_t attempts_ = 0; ///< to carry out what is at the front
  bool under_way_ = false;    ///< the database has something in hand for us
};

} // namespace bpci::entity
