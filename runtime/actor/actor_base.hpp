#pragma once

#include "messages/inspect.hpp"
#include "messages/runtime/introspection.hpp"
#include "runtime/actor/caf_error.hpp"
#include "runtime/actor/vitals.hpp"
#include "runtime/log/log.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
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
inline void send_exit_now(const caf::actor& who, caf::exit_reason why) {
  if (who) caf::anon_send<caf::message_priority::high>(who, caf::exit_msg{who.address(), why});
}

/// A request that waits: ends with its answer or a failure, whichever comes first.
class pending_call {
public:
  virtual ~pending_call() = default;
  virtual void fail(const failure& why) = 0;
  [[nodiscard]] virtual bool is_over() const = 0;
};

template <class Reply>
class call_for : public pending_call {
public:
  virtual void answer(const Reply& x) = 0;
};

/// What the handlers hold is let go of with the first of them; CAF's own timer may run for long
/// after.
template <class Reply, class Ok, class Bad>
class call_with final : public call_for<Reply> {
public:
  call_with(Ok ok, Bad bad) : handlers_(std::in_place, std::move(ok), std::move(bad)) {}

  void answer(const Reply& x) override {
    if (auto last = end()) last->first(x);
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
/// `Base` is `caf::event_based_actor` or a typed actor's `base`. A derived class names itself in
/// `name()` and returns its handlers from `make_behavior()`.
template <class Base = caf::event_based_actor>
class actor_base : public Base, public observable {
public:
  explicit actor_base(caf::actor_config& cfg) : Base(cfg) {
    this->set_default_handler([this](caf::scheduled_actor*, caf::message_view& what) {
      return on_unexpected(what.move_content_to_message());
    });
    this->set_exception_handler([this](caf::scheduled_actor*, std::exception_ptr& what) {
      return to_caf(ec::internal, on_exception(what));
    });
    this->set_down_handler([this](caf::scheduled_actor*, caf::down_msg& what) {
      fail_calls_to(what.source);
      on_down(what);
    });
  }

  const char* name() const override = 0;

  using Base::enqueue;

  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit* where) override {
    vitals_->on_enqueue();
    Base::enqueue(std::move(what), where);
  }

  caf::resumable::resume_result resume(caf::execution_unit* where, std::size_t most) override {
    // The mailbox may be counted only while it is ours: before the turn, not after. So the turn of
    // an actor with a thread of its own has an end, which it would not have while it is busy.
    if (this->getf(caf::abstract_actor::is_detached_flag)) most = std::min(most, turn_max);
    vitals_->on_turn(this->mailbox().size());
    auto life = vitals_; // the turn may be this object's last
    auto how = Base::resume(where, most);
    if (how == caf::resumable::awaiting_message) life->on_turn(0);
    return how;
  }

  /// Whoever still has a request of this actor in hand keeps its memory; what the request was made
  /// for is let go of now.
  bool cleanup(caf::error&& why, caf::execution_unit* where) override {
    auto ended = Base::cleanup(std::move(why), where);
    calls_.reset();
    return ended;
  }

protected:
  /// The actor's state as JSON text, without secrets, for `bpci actors show`.
  virtual std::string describe() const { return "{}"; }

  /// Called when an actor that this one monitors has ended.
  virtual void on_down(const caf::down_msg&) {}

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
    begin_call<Reply>(caf::actor_cast<caf::actor>(target), deadline,
                      caf::make_message(std::forward<Message>(what)),
                      std::make_shared<call_with<Reply, Ok, Bad>>(std::move(ok), std::move(bad)));
  }

private:
  // Here and not in `ask`, so that it is compiled once a reply and not once a call.
  template <class Reply>
  void begin_call(const caf::actor& target, std::chrono::milliseconds deadline, caf::message what,
                  std::shared_ptr<call_for<Reply>> call) {
    remember(caf::actor_cast<caf::actor_addr>(target), call);
    this->request(target, deadline, std::move(what))
        .then([call](const Reply& answer) { call->answer(answer); },
              [call](caf::error& why) { call->fail(from_caf(why)); });
  }

  struct watched {
    std::vector<std::shared_ptr<pending_call>> calls;
    std::size_t sweep_at = 16; ///< answered calls are dropped when there are this many
  };

  void remember(caf::actor_addr target, std::shared_ptr<pending_call> call) {
    if (!calls_) calls_ = std::make_unique<calls_by_target>();
    auto [found, fresh] = calls_->try_emplace(target);
    if (fresh) this->template monitor<caf::message_priority::high>(target);
    auto& entry = found->second;
    if (entry.calls.size() >= entry.sweep_at) {
      std::erase_if(entry.calls, [](const auto& x) { return x->is_over(); });
      entry.sweep_at = 16 + 2 * entry.calls.size();
    }
    entry.calls.push_back(std::move(call));
  }

  void fail_calls_to(const caf::actor_addr& target) {
    if (!calls_) return;
    auto found = calls_->find(target);
    if (found == calls_->end()) return;
    auto calls = std::move(found->second.calls);
    calls_->erase(found);
    for (auto& call : calls)
      call->fail({ec::restarted, {}});
  }

  caf::result<caf::message> on_unexpected(const caf::message& what) {
    if (what.match_elements<get_state>()) return caf::make_message(actor_state{describe()});
    log::warn("unexpected-message", {{"actor", this->name()}, {"message", caf::to_string(what)}});
    return caf::sec::unexpected_message;
  }

  std::string on_exception(const std::exception_ptr& what) {
    auto text = std::string{"unknown exception"};
    try {
      std::rethrow_exception(what);
    } catch (const std::exception& e) {
      text = e.what();
    } catch (...) { // not ours to know
    }
    vitals_->crashed(text);
    log::error("actor-crashed", {{"actor", this->name()}, {"why", text}});
    return text;
  }

  /// Messages.
  static constexpr std::size_t turn_max = 100;

  using calls_by_target = std::unordered_map<caf::actor_addr, watched>;
  std::unique_ptr<calls_by_target> calls_; ///< null until there is one: most entities have none
};

} // namespace bpci
