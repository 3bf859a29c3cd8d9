#pragma once

#include "messages/inspect.hpp"
#include "messages/runtime/supervision.hpp"
#include "runtime/actor/actor_config.hpp"
#include "runtime/supervision/crowd_member.hpp"
#include "runtime/supervision/register_messages.hpp"
#include "runtime/supervision/supervisor_actor.hpp"

#include <boost/describe/enum_to_string.hpp>
#include <caf/all.hpp>
#include <caf/test/unit_test.hpp>
// CAF 0.17.6: dsl.hpp uses a macro that unit_test.hpp does not define.
#define FAIL(text) CAF_FAIL(text)
#include <caf/test/dsl.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

/// Children that do as they are told, and a deterministic system to supervise them in.
namespace bpci::supervision::test {

using namespace std::chrono_literals;

/// Starts and ends in the order in which they happened: "+a -a".
using journal = std::shared_ptr<std::string>;

inline void note(const journal& log, char what, const std::string& id) {
  log->append(1, what).append(id).append(1, ' ');
}

/// Obeys words: crash, done (ends normally), away (ends because its database is), ping, ready.
/// "poison NAME" crashes with the message NAME in hand, "keep" is never answered.
class obedient final : public crowd_member {
public:
  obedient(caf::actor_config& cfg, const spawn_context& in, std::string id, journal log, bool deaf)
      : crowd_member(cfg, in.supervisor.address()),
        id_(std::move(id)),
        log_(std::move(log)),
        ready_(in.ready) {
    if (deaf) set_exit_handler([](caf::exit_msg&) {}); // all but kill
  }

  const char* name() const override { return "obedient"; }

  caf::behavior make_behavior() override {
    return {[this](const std::string& word) -> caf::result<std::string> { return obey(word); }};
  }

  void on_exit() override {
    note(log_, '-', id_);
    kept_.clear(); // a promise holds its asker, who may hold this actor
  }

protected:
  std::string child_id() const override { return id_; }

private:
  caf::result<std::string> obey(const std::string& word) {
    if (word == "crash") throw std::runtime_error("boom");
    if (word == "done") quit();
    if (word == "away") quit(to_caf(ec::unavailable, "no database"));
    if (word == "ready") ready_();
    if (word == "keep") return kept_.emplace_back(make_response_promise<std::string>());
    if (word.starts_with("poison "))
      handling(message_id{word.substr(7)}, [] { throw std::runtime_error("indigestible"); });
    return "pong";
  }

  std::string id_;
  journal log_;
  std::function<void()> ready_;
  std::vector<caf::typed_response_promise<std::string>> kept_;
};

struct config : actor_config {
  config() { register_messages(*this); }
};

/// The rules without jitter, so that delays are exact.
inline restart_rules exact_rules() {
  restart_rules rules;
  rules.backoff.jitter_percent = 0;
  return rules;
}

struct fixture : test_coordinator_fixture<config> {
  journal log = std::make_shared<std::string>();
  node_context_ptr node = std::make_shared<node_context>();
  caf::actor top;

  ~fixture() {
    // Children that are restarted for ever would keep the base's destructor busy.
    send_exit_now(top, caf::exit_reason::kill);
    consume_messages();
    sys.await_actors_before_shutdown(false);
  }

  child_spec child(std::string id, supervision::policy policy = policy::permanent) {
    child_spec spec;
    spec.id = id;
    spec.type = "OBEDIENT";
    spec.policy = policy;
    spec.spawn = [id, log = log](const spawn_context& x) -> result<caf::actor> {
      note(log, '+', id);
      return x.system.spawn<obedient>(x, id, log, false);
    };
    return spec;
  }

  child_spec deaf_child(std::string id) {
    auto spec = child(id);
    spec.spawn = [id, log = log](const spawn_context& x) -> result<caf::actor> {
      note(log, '+', id);
      return x.system.spawn<obedient>(x, id, log, true);
    };
    return spec;
  }

  supervisor_options options(supervision::strategy how, std::vector<child_spec> children) {
    return {.strategy = how, .rules = exact_rules(), .children = std::move(children)};
  }

  void supervise(supervisor_options how) {
    top = spawn_supervisor(sys, "/node", std::move(how), node);
    consume_messages();
  }

  void supervise(supervision::strategy how, std::vector<child_spec> children) {
    supervise(options(how, std::move(children)));
  }

  caf::actor at(const std::string& path) { return node->directory.find(path); }

  void tell(const std::string& path, const std::string& word) {
    self->send(at(path), word);
    consume_messages();
  }

  void pass(std::chrono::milliseconds time) {
    advance_time(time);
    consume_messages();
  }

  /// What has happened since the last call.
  std::string events() {
    auto text = std::exchange(*log, {});
    if (!text.empty()) text.pop_back();
    return text;
  }

  tree_row row(const std::string& path) {
    for (const auto& x : node->tree.read({path, "", 0}, wall()).rows)
      if (x.path == path) return x;
    return {};
  }

  std::string state(const std::string& path) {
    auto x = row(path);
    return x.path.empty() ? "gone" : boost::describe::enum_to_string(x.state, "");
  }

  bool is_over(const caf::actor& who) {
    return (
        caf::actor_cast<caf::abstract_actor*>(who)->getf(caf::abstract_actor::is_terminated_flag));
  }

  template <class Reply, class Message>
  result<Reply> answer(const caf::actor& who, const Message& what) {
    auto response = self->request(who, 3600s, what);
    consume_messages();
    result<Reply> got = fail(ec::timeout);
    response.receive([&](const Reply& x) { got = x; },
                     [&](const caf::error& why) { got = from_caf(why); });
    return got;
  }

  template <class Reply, class Message>
  ec refusal(const caf::actor& who, const Message& what) {
    auto got = answer<Reply>(who, what);
    return got ? ec::none : got.error().code;
  }

private:
  static timestamp_ms wall() {
    return timestamp_ms{std::chrono::duration_cast<std::chrono::milliseconds>(
                            std::chrono::system_clock::now().time_since_epoch())
                            .count()};
  }
};

} // namespace bpci::supervision::test
