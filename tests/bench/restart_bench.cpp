#include "tests/bench/restart_bench.hpp"

#include "runtime/actor/actor_base.hpp"
#include "runtime/actor/actor_config.hpp"
#include "runtime/entity/memory.hpp"
#include "runtime/supervision/register_messages.hpp"
#include "runtime/supervision/supervisor_actor.hpp"
#include "runtime/time/clock.hpp"

#include <caf/all.hpp>

#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

namespace bpci::bench {

namespace {

constexpr auto answer_max = std::chrono::seconds{10};

/// More than a run can make.
constexpr std::uint32_t no_limit = 1'000'000;

struct config : actor_config {
  config() : actor_config(2) { supervision::register_messages(*this); }
};

/// Anything that answers.
class child final : public actor_base {
public:
  using actor_base::actor_base;
  const char* name() const override { return "child"; }
  caf::behavior make_behavior() override {
    return {[](caf::ping_atom) { return caf::pong_atom::value; }};
  }
};

caf::behavior bare_child(caf::event_based_actor*) {
  return {[](caf::ping_atom) { return caf::pong_atom::value; }};
}

[[noreturn]] void give_up(const caf::error& why) {
  throw std::runtime_error("restart_bench: " + caf::to_string(why));
}

/// By messages, not by a request: CAF would keep the timer of each long after its answer.
void expect_answer(caf::scoped_actor& self, const caf::actor& from) {
  self->send(from, caf::ping_atom::value);
  self->receive([](caf::pong_atom) {},
                caf::after(answer_max) >>
                    [] { throw std::runtime_error("restart_bench: timeout"); });
}

/// `find` gives the present incarnation, or null.
template <class Find>
caf::actor wait_for_another(const caf::actor& old, Find find) {
  const auto until = steady_now() + answer_max;
  for (;;) {
    auto now = find();
    if (now && now != old) return now;
    if (steady_now() > until) throw std::runtime_error("restart_bench: no restart");
    std::this_thread::yield();
  }
}

template <class Find>
restart_times kill_again_and_again(caf::actor_system& system, std::size_t count, Find find) {
  caf::scoped_actor self{system};
  auto present = wait_for_another({}, find);
  expect_answer(self, present);
  restart_times out;
  out.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto begin = steady_now();
    send_exit_now(present, caf::exit_reason::kill);
    present = wait_for_another(present, find);
    expect_answer(self, present);
    out.push_back(steady_now() - begin);
  }
  return out;
}

/// Where the bare keeper says who is alive.
class place {
public:
  void put(caf::actor who) {
    std::lock_guard lock{mutex_};
    who_ = std::move(who);
  }
  caf::actor find() const {
    std::lock_guard lock{mutex_};
    return who_;
  }

private:
  mutable std::mutex mutex_;
  caf::actor who_; // guarded by mutex_
};

caf::behavior bare_keeper(caf::event_based_actor* self, std::shared_ptr<place> where) {
  const auto spawn_next = [self, where] {
    auto next = self->system().spawn(bare_child);
    self->monitor<caf::message_priority::high>(next);
    where->put(std::move(next));
  };
  self->set_down_handler([spawn_next, where](const caf::down_msg&) {
    where->put({}); // as a supervisor does: whoever looks shall not find a dead one
    spawn_next();
  });
  spawn_next();
  return {[](caf::ping_atom) { return caf::pong_atom::value; }};
}

supervision::node_context_ptr unlimited_node() {
  // None of its parts can be copied or moved.
  return supervision::node_context_ptr{new supervision::node_context{
      supervision::restart_budget{no_limit, no_limit}, supervision::quarantine{},
      supervision::tree_registry{}, supervision::directory{}}};
}

supervision::supervisor_options without_pauses() {
  using std::chrono::milliseconds;
  supervision::supervisor_options out;
  out.rules.backoff = {milliseconds{0}, milliseconds{0}, 0, milliseconds{0}};
  return out;
}

} // namespace

restart_times measure_restarts(std::size_t count) {
  config how;
  caf::actor_system system{how};
  const auto node = unlimited_node();
  const auto top = supervision::spawn_supervisor(system, "/bench", without_pauses(), node);
  supervision::child_spec spec;
  spec.id = "child";
  spec.type = "CHILD";
  spec.spawn = [](const supervision::spawn_context& x) -> result<caf::actor> {
    return x.system.spawn<child>();
  };
  {
    caf::scoped_actor self{system};
    self->request(top, answer_max, supervision::start_child{spec})
        .receive([](const caf::actor&) {}, [](const caf::error& why) { give_up(why); });
  }
  auto out =
      kill_again_and_again(system, count, [&] { return node->directory.find("/bench/child"); });
  send_exit_now(top, caf::exit_reason::user_shutdown);
  return out;
}

restart_times measure_bare_restarts(std::size_t count) {
  config how;
  caf::actor_system system{how};
  auto where = std::make_shared<place>();
  const auto keeper = system.spawn(bare_keeper, where);
  auto out = kill_again_and_again(system, count, [&] { return where->find(); });
  send_exit_now(keeper, caf::exit_reason::kill);
  send_exit_now(where->find(), caf::exit_reason::kill);
  return out;
}

double measure_bare_actors(std::size_t count) {
  config how;
  caf::actor_system system{how};
  caf::scoped_actor self{system};
  std::vector<caf::actor> all;
  all.reserve(count);
  for (std::size_t i = 0; i < count / 10; ++i)
    expect_answer(self, system.spawn(bare_child)); // what only the first of them cost
  const auto before = static_cast<double>(entity::resident_bytes());
  for (std::size_t i = 0; i < count; ++i)
    expect_answer(self, all.emplace_back(system.spawn(bare_child)));
  const auto after = static_cast<double>(entity::resident_bytes());
  for (const auto& x : all)
    send_exit_now(x, caf::exit_reason::kill);
  return (after - before) / static_cast<double>(count);
}

} // namespace bpci::bench
