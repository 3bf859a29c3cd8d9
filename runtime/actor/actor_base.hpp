#pragma once

#include "messages/inspect.hpp"
#include "runtime/actor/caf_error.hpp"
#include "runtime/actor/pending_call.hpp"
#include "runtime/actor/vitals.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace bpci {

/// The side of an actor that its supervisor sees, whatever its interface is.
class observable {
public:
  virtual ~observable() = default;
  [[nodiscard]] const vitals_ptr& life() const noexcept { return vitals_; }

protected:
  vitals_ptr vitals_ = std::make_shared<vitals>();
};

/// Ends an actor ahead of whatever waits in its mailbox (an exit message of normal priority
/// would queue behind it).
void send_exit_now(const caf::actor& who, caf::exit_reason why);

/// What the handlers hold is let go of with the first of them; CAF's own timer may run for long
/// after.
template <class Reply, class Ok, class Bad>
class call_with final : public pending_call {
public:
  call_with(Ok ok, Bad bad) : handlers_(std::in_place, std::move(ok), std::move(bad)) {}

  bool answer(caf::type_erased_tuple& x) override {
    if (!x.match_elements<Reply>()) return false;
    if (auto last = end()) last->first(x.get_as<Reply>(0));
    return true;
  }
  void fail(const failure& why) override {
    if (auto last = end()) last->second(why);
  }
  [[nodiscard]] bool is_over() const override { return !handlers_; }

private:
  using both = std::pair<Ok, Bad>;

  std::optional<both> end() {
    std::optional<both> out;
    if (handlers_) out.emplace(std::move(*handlers_));
    handlers_.reset();
    return out;
  }

  std::optional<both> handlers_;
};

/// What every actor of the project is built on. It adds to CAF's actor:
///
/// - vitals: mailbox depth, start, last words (runtime/actor/vitals.hpp);
/// - an answer to `get_state` with what `describe()` says, for the admin API;
/// - `ask`: a request that is answered when the other side dies (CAF lets it wait for its
///   timeout);
/// - an exception ends the actor with a reason that its supervisor can read, and is logged.
///
/// A derived class names itself in `name()` and returns its handlers from `make_behavior()`.
class actor_base : public caf::event_based_actor, public observable {
public:
  explicit actor_base(caf::actor_config& cfg);
  ~actor_base() override;

  const char* name() const override = 0;

  using caf::event_based_actor::enqueue;
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit* where) override;
  caf::resumable::resume_result resume(caf::execution_unit* where, std::size_t most) override;

  /// Whoever still has a request of this actor in hand keeps its memory; what the request was made
  /// for is let go of now.
  bool cleanup(caf::error&& why, caf::execution_unit* where) override;

protected:
  /// The actor's state as JSON text, without secrets, for `bpci actors show`.
  virtual std::string describe() const;

  /// Called when an actor that this one monitors has ended.
  virtual void on_down(const caf::down_msg&);

  /// Runs `handle` with `id` on record, so that a message that crashes its handler again and
  /// again can be told from the rest (runtime/supervision/quarantine.hpp).
  template <class F>
  void handling(const message_id& id, F&& handle) {
    vitals_->take_in_hand(id);
    std::forward<F>(handle)();
    vitals_->put_down();
  }

  /// Sends a request that expects one `Reply`; calls exactly one of `ok(const Reply&)` and
  /// `bad(const failure&)`: at the answer, at the deadline, or at once when `target` ends.
  template <class Reply, class Handle, class Message, class Ok, class Bad>
  void ask(const Handle& target, std::chrono::milliseconds deadline, Message&& what, Ok ok,
           Bad bad) {
    begin_call(caf::actor_cast<caf::actor>(target), deadline,
               caf::make_message(std::forward<Message>(what)),
               std::make_shared<call_with<Reply, Ok, Bad>>(std::move(ok), std::move(bad)));
  }

private:
  void begin_call(const caf::actor& target, std::chrono::milliseconds deadline, caf::message what,
                  std::shared_ptr<pending_call> call);
  void remember(const caf::actor_addr& target, std::shared_ptr<pending_call> call);
  void fail_calls_to(const caf::actor_addr& target);
  caf::result<caf::message> on_unexpected(const caf::message& what);
  std::string on_exception(const std::exception_ptr& what);

  struct watched {
    std::vector<std::shared_ptr<pending_call>> calls;
    std::size_t sweep_at = 16; ///< answered calls are dropped when there are this many
  };
  using calls_by_target = std::unordered_map<caf::actor_addr, watched>;
  std::unique_ptr<calls_by_target> calls_; ///< null until there is one: most entities have none
};

} // namespace bpci
