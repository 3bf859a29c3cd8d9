#pragma once

#include "runtime/actor/actor_base.hpp"
#include "runtime/actor/actor_config.hpp"
#include "runtime/supervision/node_context.hpp"

#include <caf/all.hpp>
#include <caf/test/unit_test.hpp>
// CAF 0.17.6: dsl.hpp uses a macro that unit_test.hpp does not define.
#define FAIL(text) CAF_FAIL(text)
#include <caf/test/dsl.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What the tests of single actors share: a deterministic system, a node's directory, and actors
/// that stand in for those that the subject talks to.
namespace bpci::test {

using namespace std::chrono_literals;

/// An actor that keeps what it is sent, and answers nothing.
struct inbox {
  caf::actor who;
  std::shared_ptr<std::vector<caf::message>> messages;

  /// All messages of this type, oldest first.
  template <class T>
  [[nodiscard]] std::vector<T> all() const {
    std::vector<T> out;
    for (const auto& x : *messages)
      if (x.match_elements<T>()) out.push_back(x.get_as<T>(0));
    return out;
  }

  template <class T>
  [[nodiscard]] std::size_t count() const {
    return all<T>().size();
  }
};

/// The answer to a request, once it is there.
template <class Reply>
using later = std::shared_ptr<std::optional<result<Reply>>>;

/// "pending" while there is no answer, else the name of its code: "none" for a reply.
template <class Reply>
std::string verdict(const later<Reply>& x) {
  if (!*x) return "pending";
  return std::string{name(**x ? ec::none : (**x).error().code)};
}

struct node_fixture : test_coordinator_fixture<actor_config> {
  supervision::node_context_ptr node = std::make_shared<supervision::node_context>();

  /// Actors that set their timer again would keep the base's destructor busy, and messages that
  /// are kept hold the actors that they name.
  ~node_fixture() override {
    for (const auto& x : kept_)
      send_exit_now(x, caf::exit_reason::kill);
    settle();
    for (const auto& x : inboxes_)
      x.messages->clear();
    // The directory holds actors that hold the node.
    for (const auto& [path, who] : places_)
      node->directory.remove(path, who);
    sys.await_actors_before_shutdown(false);
  }

  /// Everything that is under way is handled; no time passes.
  void settle() { consume_messages(); }

  void pass(std::chrono::milliseconds time) {
    advance_time(time);
    settle();
  }

  caf::actor keep(caf::actor who) {
    settle();
    return kept_.emplace_back(std::move(who));
  }

  template <class Actor, class... Args>
  caf::actor start(Args&&... args) {
    return keep(sys.spawn<Actor>(std::forward<Args>(args)...));
  }

  inbox make_inbox() {
    auto messages = std::make_shared<std::vector<caf::message>>();
    auto who = keep(sys.spawn([messages](caf::event_based_actor* self) -> caf::behavior {
      self->set_default_handler(
          [messages](caf::scheduled_actor*, caf::message_view& what) -> caf::result<caf::message> {
            messages->push_back(what.move_content_to_message());
            return caf::delegated<caf::message>{}; // somebody else's to answer: nobody's
          });
      return {[](caf::unit_t) {}};
    }));
    return inboxes_.emplace_back(inbox{std::move(who), std::move(messages)});
  }

  /// An actor that handles one kind of message with `handle`.
  template <class F>
  caf::actor answering(F handle) {
    return keep(sys.spawn(
        [handle](caf::event_based_actor*) -> caf::behavior { return caf::behavior{handle}; }));
  }

  void put(const std::string& path, const caf::actor& who) {
    places_.emplace_back(path, who);
    node->directory.put(path, who);
  }

  template <class Message>
  void tell(const caf::actor& who, Message what) {
    caf::anon_send(who, std::move(what));
    settle();
  }

  template <class Message>
  void tell_from(const caf::actor& sender, const caf::actor& who, Message what) {
    caf::send_as(sender, who, std::move(what));
    settle();
  }

  void end(const caf::actor& who, caf::exit_reason why = caf::exit_reason::kill) {
    send_exit_now(who, why);
    settle();
  }

  static bool is_over(const caf::actor& who) {
    return caf::actor_cast<caf::abstract_actor*>(who)->getf(
        caf::abstract_actor::is_terminated_flag);
  }

  static const vitals& life_of(const caf::actor& who) {
    return *dynamic_cast<observable&>(*caf::actor_cast<caf::abstract_actor*>(who)).life();
  }

  template <class Reply, class Message>
  later<Reply> request_of(const caf::actor& who, Message what) {
    auto got = std::make_shared<std::optional<result<Reply>>>();
    keep(sys.spawn([got, who, what](caf::event_based_actor* self) {
      self->request(who, 3600s, what)
          .then([got](const Reply& x) { got->emplace(x); },
                [got](const caf::error& why) { got->emplace(from_caf(why)); });
    }));
    settle();
    return got;
  }

  /// The reply to a request that is answered without any time passing.
  template <class Reply, class Message>
  Reply reply_of(const caf::actor& who, Message what) {
    auto got = request_of<Reply>(who, std::move(what));
    CAF_REQUIRE_EQUAL(verdict(got), "none");
    return ***got;
  }

  template <class Reply, class Message>
  std::string verdict_of(const caf::actor& who, Message what) {
    return verdict(request_of<Reply>(who, std::move(what)));
  }

private:
  std::vector<caf::actor> kept_;
  std::vector<inbox> inboxes_;
  std::vector<std::pair<std::string, caf::actor>> places_;
};

} // namespace bpci::test
