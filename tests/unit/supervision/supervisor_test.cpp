#define CAF_SUITE supervisor

#include "messages/runtime/introspection.hpp"
#include "supervised.hpp"

using namespace bpci;
using namespace bpci::supervision;
using namespace bpci::supervision::test;

namespace {

struct supervisor_fixture : fixture {
  /// A child whose siblings below wait until it is ready.
  child_spec gate(const std::string& id) {
    auto spec = child(id);
    spec.wait_ready_max = 10s;
    return spec;
  }

  void exit_top() {
    send_exit_now(top, caf::exit_reason::user_shutdown);
    consume_messages();
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(supervisor_tests, supervisor_fixture)

// -- order ---------------------------------------------------------------------

CAF_TEST(children start top to bottom and stop bottom to top) {
  supervise(strategy::one_for_one, {child("a"), child("b"), child("c")});
  CAF_CHECK_EQUAL(events(), "+a +b +c");
  CAF_CHECK_EQUAL(state("/node/b"), "running");
  exit_top();
  CAF_CHECK_EQUAL(events(), "-c -b -a");
  CAF_CHECK(is_over(top));
  CAF_CHECK_EQUAL(state("/node/b"), "gone");
  CAF_CHECK(!at("/node/b"));
}

CAF_TEST(a child finds the siblings that were started before it) {
  auto seen = std::make_shared<std::string>();
  auto curious = child("b");
  curious.spawn = [seen, obey = curious.spawn](const spawn_context& x) {
    *seen += x.find("a") ? "a" : "-";
    *seen += x.find("c") ? "c" : "-";
    return obey(x);
  };
  supervise(strategy::one_for_one, {child("a"), curious, child("c")});
  CAF_CHECK_EQUAL(*seen, "a-");
}

CAF_TEST(a child that does not stop is killed at its deadline) {
  auto deaf = deaf_child("b");
  deaf.stop_max = 2s;
  supervise(strategy::one_for_one, {child("a"), deaf, child("c")});
  exit_top();
  CAF_CHECK_EQUAL(events(), "+a +b +c -c");
  CAF_CHECK_EQUAL(state("/node/b"), "stopping");
  pass(1999ms);
  CAF_CHECK_EQUAL(events(), "");
  pass(1ms);
  CAF_CHECK_EQUAL(events(), "-b -a");
  CAF_CHECK(is_over(top));
}

CAF_TEST(a child that gets no time is killed at once) {
  auto deaf = deaf_child("a");
  deaf.stop_max = 0ms;
  supervise(strategy::one_for_one, {deaf});
  exit_top();
  CAF_CHECK_EQUAL(events(), "+a -a");
}

CAF_TEST(a child that cannot even be killed does not hold up the others) {
  caf::scoped_actor stuck{sys}; // never handles a message here
  child_spec hanging;
  hanging.id = "b";
  hanging.type = "STUCK";
  hanging.spawn = [handle = caf::actor_cast<caf::actor>(stuck)](const spawn_context&) {
    return result<caf::actor>{handle};
  };
  supervise(strategy::one_for_one, {child("a"), hanging});
  exit_top();
  pass(hanging.stop_max);
  CAF_CHECK_EQUAL(events(), "+a");
  pass(kill_max);
  CAF_CHECK_EQUAL(events(), "-a");
  CAF_CHECK(is_over(top));
}

CAF_TEST(a supervisor that is killed takes its children along) {
  supervise(strategy::one_for_one,
            {child("a"), supervisor_child("s", options(strategy::one_for_one, {child("b")}))});
  CAF_CHECK_EQUAL(events(), "+a +b");
  send_exit_now(top, caf::exit_reason::kill);
  consume_messages();
  CAF_CHECK_EQUAL(events(), "-a -b");
  CAF_CHECK_EQUAL(node->tree.size(), 0u);
}

// -- strategies ------------------------------------------------------------------

CAF_TEST(one for one restarts only the child that crashed) {
  supervise(strategy::one_for_one, {child("a"), child("b"), child("c")});
  auto before = at("/node/b");
  events();
  tell("/node/b", "crash");
  CAF_CHECK_EQUAL(events(), "-b +b");
  CAF_CHECK(at("/node/b") != before);
  CAF_CHECK_EQUAL(row("/node/b").restarts, 1u);
  CAF_CHECK_EQUAL(row("/node/b").restarts_in_period, 1u);
  CAF_CHECK_EQUAL(row("/node/b").last_error, "boom");
  CAF_CHECK_EQUAL(row("/node/a").restarts, 0u);
}

CAF_TEST(one for all restarts everybody in order) {
  supervise(strategy::one_for_all, {child("a"), child("b"), child("c")});
  events();
  tell("/node/b", "crash");
  CAF_CHECK_EQUAL(events(), "-b -c -a +a +b +c");
}

CAF_TEST(rest for one restarts the child and those started after it) {
  supervise(strategy::rest_for_one, {child("a"), child("b"), child("c"), child("d")});
  events();
  tell("/node/b", "crash");
  CAF_CHECK_EQUAL(events(), "-b -d -c +b +c +d");
  tell("/node/d", "crash");
  pass(1s);
  CAF_CHECK_EQUAL(events(), "-d +d");
}

CAF_TEST(those restarted together wait for the one that will not stop) {
  auto deaf = deaf_child("c");
  deaf.stop_max = 2s;
  supervise(strategy::rest_for_one, {child("a"), child("b"), deaf});
  events();
  tell("/node/a", "crash");
  CAF_CHECK_EQUAL(events(), "-a");
  pass(2s);
  CAF_CHECK_EQUAL(events(), "-c -b +a +b +c");
}

CAF_TEST(who was killed at a deadline may wait for those above for as long as they take) {
  auto deaf = deaf_child("b");
  deaf.stop_max = 1s;
  auto how = options(strategy::rest_for_one, {child("a"), deaf});
  how.rules.backoff.min = 30s;
  supervise(std::move(how));
  tell("/node/a", "crash");
  pass(1s);
  CAF_CHECK_EQUAL(events(), "+a +b -a -b +a +b");
  tell("/node/a", "crash");
  pass(1s);
  CAF_CHECK_EQUAL(events(), "-a -b");
  pass(kill_max);
  CAF_CHECK_EQUAL(state("/node/b"), "stopped");
  pass(30s);
  CAF_CHECK_EQUAL(events(), "+a +b");
}

CAF_TEST(a second crash during a common restart is one more round and no deadlock) {
  supervise(strategy::one_for_all, {child("a"), deaf_child("b"), child("c")});
  events();
  self->send(at("/node/a"), std::string{"crash"});
  self->send(at("/node/c"), std::string{"crash"});
  consume_messages();
  pass(5s); // the deaf one is killed
  pass(5s);
  CAF_CHECK_EQUAL(state("/node/a"), "running");
  CAF_CHECK_EQUAL(state("/node/b"), "running");
  CAF_CHECK_EQUAL(state("/node/c"), "running");
}

CAF_TEST(one for all waits with everybody until the backoff is over) {
  supervise(strategy::one_for_all, {child("a"), child("b")});
  tell("/node/b", "crash");
  events();
  tell("/node/b", "crash");
  CAF_CHECK_EQUAL(events(), "-b -a");
  pass(49ms);
  CAF_CHECK_EQUAL(events(), "");
  pass(1ms);
  CAF_CHECK_EQUAL(events(), "+a +b");
}

CAF_TEST(rest for one keeps those above while the backoff lasts) {
  supervise(strategy::rest_for_one, {child("a"), child("b"), child("c")});
  tell("/node/b", "crash");
  events();
  tell("/node/b", "crash");
  CAF_CHECK_EQUAL(events(), "-b -c");
  tell("/node/a", "crash");
  CAF_CHECK_EQUAL(events(), "-a +a");
  pass(50ms);
  CAF_CHECK_EQUAL(events(), "+b +c");
}

CAF_TEST(a start that fails stops those that are restarted with it) {
  auto failing = child("b");
  failing.spawn = [](const spawn_context&) -> result<caf::actor> {
    return fail(ec::storage_failed, "connection refused");
  };
  supervise(strategy::one_for_all, {child("a"), failing});
  CAF_CHECK_EQUAL(events(), "+a -a +a -a");
  CAF_CHECK_EQUAL(state("/node/a"), "stopped");
  CAF_CHECK_EQUAL(state("/node/b"), "waiting");
}

// -- restarts ------------------------------------------------------------------

CAF_TEST(a child that goes on crashing is restarted later each time) {
  supervise(strategy::one_for_one, {child("a")});
  tell("/node/a", "crash");
  CAF_CHECK_EQUAL(events(), "+a -a +a");
  for (auto delay : {50ms, 100ms, 200ms, 400ms}) {
    tell("/node/a", "crash");
    CAF_CHECK_EQUAL(events(), "-a");
    CAF_CHECK_EQUAL(state("/node/a"), "backing_off");
    CAF_CHECK(!at("/node/a"));
    pass(delay - 1ms);
    CAF_CHECK_EQUAL(events(), "");
    pass(1ms);
    CAF_CHECK_EQUAL(events(), "+a");
  }
}

CAF_TEST(a child that has run quietly is restarted at once again) {
  supervise(strategy::one_for_one, {child("a")});
  tell("/node/a", "crash");
  tell("/node/a", "crash");
  pass(50ms);
  pass(9s);
  tell("/node/a", "crash");
  CAF_CHECK_EQUAL(state("/node/a"), "backing_off");
  pass(100ms);
  events();
  pass(10s);
  tell("/node/a", "crash");
  CAF_CHECK_EQUAL(events(), "-a +a");
}

CAF_TEST(the sixth crash within a minute ends the supervisor and its children) {
  supervise(strategy::one_for_one, {child("a"), child("b")});
  for (auto i = 0; i < 5; ++i) {
    tell("/node/a", "crash");
    pass(1s);
  }
  CAF_CHECK_EQUAL(state("/node/a"), "running");
  CAF_CHECK_EQUAL(row("/node/a").restarts_in_period, 5u);
  events();
  self->monitor(top);
  tell("/node/a", "crash");
  CAF_CHECK_EQUAL(events(), "-a -b");
  self->receive([&](const caf::down_msg& x) {
    CAF_CHECK(from_caf(x.reason) == fail(ec::internal, "/node/a ended too often: boom"));
  });
}

CAF_TEST(crashes of all children count together) {
  supervise(strategy::one_for_one, {child("a"), child("b"), child("c")});
  for (auto path : {"/node/a", "/node/b", "/node/c", "/node/a", "/node/b"}) {
    tell(path, "crash");
    pass(1s);
  }
  CAF_CHECK(!is_over(top));
  tell("/node/c", "crash");
  CAF_CHECK(is_over(top));
}

CAF_TEST(crashes that are spread over time never end the supervisor) {
  supervise(strategy::one_for_one, {child("a")});
  for (auto i = 0; i < 50; ++i) {
    tell("/node/a", "crash");
    pass(13s);
  }
  CAF_CHECK_EQUAL(state("/node/a"), "running");
  CAF_CHECK_EQUAL(row("/node/a").restarts, 50u);
}

CAF_TEST(a supervisor that gives up is restarted by its own with all children) {
  supervise(strategy::one_for_one,
            {supervisor_child("s", options(strategy::one_for_one, {child("a"), child("b")}))});
  for (auto i = 0; i < 5; ++i) {
    tell("/node/s/a", "crash");
    pass(1s);
  }
  events();
  tell("/node/s/a", "crash");
  CAF_CHECK_EQUAL(events(), "-a -b +a +b");
  CAF_CHECK_EQUAL(row("/node/s").restarts, 1u);
  CAF_CHECK_EQUAL(row("/node/s").last_error, "/node/s/a ended too often: boom");
  CAF_CHECK_EQUAL(row("/node/s/a").restarts, 0u);
}

CAF_TEST(a database that is away pauses a child and never ends the supervisor) {
  supervise(strategy::one_for_one, {child("a")});
  auto waited = 0s;
  for (auto i = 0; i < 20; ++i) {
    tell("/node/a", "away");
    for (; !at("/node/a"); waited += 1s) {
      CAF_CHECK_EQUAL(state("/node/a"), "waiting");
      pass(1s);
    }
  }
  CAF_CHECK(waited > 250s);
  CAF_CHECK_EQUAL(row("/node/a").restarts, 20u);
  CAF_CHECK_EQUAL(row("/node/a").restarts_in_period, 0u);
  tell("/node/a", "crash");
  CAF_CHECK_EQUAL(row("/node/a").restarts_in_period, 1u);
}

CAF_TEST(a transient child that is done stays stopped and one that crashes does not ) {
  supervise(strategy::rest_for_one, {child("a", policy::transient), child("b")});
  tell("/node/a", "crash");
  CAF_CHECK_EQUAL(events(), "+a +b -a -b +a +b");
  tell("/node/a", "done");
  pass(1min);
  CAF_CHECK_EQUAL(events(), "-a");
  CAF_CHECK_EQUAL(state("/node/a"), "stopped");
  CAF_CHECK_EQUAL(state("/node/b"), "running");
}

CAF_TEST(a permanent child that is done is started again) {
  supervise(strategy::one_for_one, {child("a")});
  tell("/node/a", "done");
  CAF_CHECK_EQUAL(events(), "+a -a +a");
}

CAF_TEST(a temporary child is never restarted) {
  supervise(strategy::one_for_one, {child("a", policy::temporary)});
  tell("/node/a", "crash");
  pass(1min);
  CAF_CHECK_EQUAL(events(), "+a -a");
  CAF_CHECK_EQUAL(row("/node/a").last_error, "boom");
}

CAF_TEST(a start that throws counts as a crash) {
  auto attempts = std::make_shared<int>(0);
  auto failing = child("a");
  failing.spawn = [attempts, obey = failing.spawn](const spawn_context& x) {
    if (++*attempts < 4) throw std::runtime_error("port taken");
    return obey(x);
  };
  supervise(strategy::one_for_one, {failing, child("b")});
  CAF_CHECK_EQUAL(*attempts, 2); // the second one comes at once
  CAF_CHECK_EQUAL(events(), "+b");
  CAF_CHECK_EQUAL(row("/node/a").last_error, "port taken");
  pass(50ms);
  pass(100ms);
  CAF_CHECK_EQUAL(*attempts, 4);
  CAF_CHECK_EQUAL(events(), "+a");
}

CAF_TEST(a start that always throws ends the supervisor) {
  auto failing = child("a");
  failing.spawn = [](const spawn_context&) -> result<caf::actor> {
    throw std::runtime_error("port taken");
  };
  supervise(strategy::one_for_one, {child("b"), failing});
  pass(50ms);
  pass(100ms);
  pass(200ms);
  CAF_CHECK(!is_over(top));
  pass(400ms);
  CAF_CHECK(is_over(top));
  CAF_CHECK_EQUAL(events(), "+b -b");
}

CAF_TEST(a start that finds the database away is only put off) {
  auto failing = child("a");
  failing.spawn = [](const spawn_context&) -> result<caf::actor> {
    return fail(ec::storage_failed, "connection refused");
  };
  supervise(strategy::one_for_one, {failing});
  for (auto i = 0; i < 20; ++i)
    pass(36s);
  CAF_CHECK_EQUAL(state("/node/a"), "waiting");
}

CAF_TEST(restarts of a whole node are spread out) {
  std::vector<child_spec> all;
  for (auto i = 100; i < 180; ++i)
    all.push_back(child(std::to_string(i)));
  auto many = options(strategy::one_for_one, all);
  many.rules.intensity.max_restarts = 1'000;
  supervise(many);
  for (const auto& x : all)
    self->send(at("/node/" + x.id), std::string{"crash"});
  events();
  consume_messages();
  auto starts = [this] {
    auto text = events();
    return std::count(text.begin(), text.end(), '+');
  };
  CAF_CHECK_EQUAL(starts(), 50);
  pass(200ms);
  CAF_CHECK_EQUAL(starts(), 10);
  pass(400ms);
  CAF_CHECK_EQUAL(starts(), 20);
}

// -- ready ---------------------------------------------------------------------

CAF_TEST(the next child waits until the one above is ready) {
  supervise(strategy::one_for_one, {gate("db"), child("b")});
  CAF_CHECK_EQUAL(events(), "+db");
  CAF_CHECK_EQUAL(state("/node/db"), "starting");
  tell("/node/db", "ready");
  CAF_CHECK_EQUAL(events(), "+b");
  CAF_CHECK_EQUAL(state("/node/db"), "running");
  pass(1min);
  CAF_CHECK_EQUAL(events(), "");
}

CAF_TEST(a child that is not ready in time has crashed) {
  supervise(strategy::one_for_one, {gate("db"), child("b")});
  pass(10s);
  CAF_CHECK_EQUAL(events(), "+db -db +db");
  CAF_CHECK_EQUAL(row("/node/db").last_error, "was not ready after 10000 ms");
  CAF_CHECK_EQUAL(row("/node/db").restarts_in_period, 1u);
  tell("/node/db", "ready");
  CAF_CHECK_EQUAL(events(), "+b");
}

CAF_TEST(the time until a child is ready does not count as running quietly) {
  supervise(strategy::one_for_one, {gate("db")});
  pass(10s);
  events();
  pass(10s);
  CAF_CHECK_EQUAL(events(), "-db");
  pass(50ms);
  CAF_CHECK_EQUAL(events(), "+db");
}

CAF_TEST(the word of an incarnation that is gone opens no gate) {
  auto signals = std::make_shared<std::vector<std::function<void()>>>();
  auto db = gate("db");
  db.spawn = [signals, obey = db.spawn](const spawn_context& x) {
    signals->push_back(x.ready);
    return obey(x);
  };
  supervise(strategy::one_for_one, {db, child("b")});
  tell("/node/db", "crash");
  CAF_REQUIRE_EQUAL(signals->size(), 2u);
  (*signals)[0]();
  consume_messages();
  CAF_CHECK_EQUAL(state("/node/db"), "starting");
  (*signals)[1]();
  consume_messages();
  CAF_CHECK_EQUAL(state("/node/db"), "running");
}

CAF_TEST(what runs goes on while the gate above is restarted) {
  supervise(strategy::one_for_one, {gate("db"), child("b"), child("c")});
  tell("/node/db", "ready");
  events();
  tell("/node/db", "crash");
  CAF_CHECK_EQUAL(events(), "-db +db");
  tell("/node/b", "crash"); // what it needs is not there
  CAF_CHECK_EQUAL(events(), "-b");
  tell("/node/db", "ready");
  CAF_CHECK_EQUAL(events(), "+b");
}

CAF_TEST(siblings of a supervisor wait for its children) {
  supervise(strategy::one_for_one,
            {supervisor_child("s", options(strategy::one_for_one, {gate("db"), child("b")})),
             child("c")});
  CAF_CHECK_EQUAL(events(), "+db");
  pass(9s);
  CAF_CHECK_EQUAL(state("/node/s"), "starting");
  tell("/node/s/db", "ready");
  CAF_CHECK_EQUAL(events(), "+b +c");
  CAF_CHECK_EQUAL(state("/node/s"), "running");
}

// -- crashes and messages --------------------------------------------------------

CAF_TEST(a message that crashes its handler three times is set aside with evidence) {
  supervise(strategy::one_for_one, {child("a")});
  const auto id = message_id{"m-17"};
  for (auto i = 0; i < 3; ++i) {
    CAF_CHECK(!node->quarantine.contains(id));
    tell("/node/a", "poison m-17");
    pass(1s);
  }
  CAF_CHECK(node->quarantine.contains(id));
  auto page = node->quarantine.list({});
  CAF_REQUIRE_EQUAL(page.messages.size(), 1u);
  CAF_REQUIRE_EQUAL(page.messages[0].crashes.size(), 3u);
  CAF_CHECK_EQUAL(page.messages[0].crashes[0].actor, "/node/a");
  CAF_CHECK_EQUAL(page.messages[0].crashes[0].error, "indigestible");
  CAF_CHECK_EQUAL(state("/node/a"), "running");
}

CAF_TEST(a crash without a message in hand sets nothing aside) {
  supervise(strategy::one_for_one, {child("a")});
  for (auto i = 0; i < 5; ++i) {
    tell("/node/a", "crash");
    pass(1s);
  }
  CAF_CHECK_EQUAL(node->quarantine.size(), 0u);
}

namespace {

/// Asks a child that never answers, and notes what it hears.
class asker final : public actor_base {
public:
  asker(caf::actor_config& cfg, caf::actor target, std::shared_ptr<std::string> heard)
      : actor_base(cfg), target_(std::move(target)), heard_(std::move(heard)) {}

  const char* name() const override { return "asker"; }

  caf::behavior make_behavior() override {
    for (auto i = 0; i < 3; ++i)
      ask<std::string>(
          target_, 10s, std::string{"keep"}, [this](const std::string&) { *heard_ += "answer "; },
          [this](const failure& why) { heard_->append(bpci::name(why.code)).append(1, ' '); });
    return {[](int) {}};
  }

private:
  caf::actor target_;
  std::shared_ptr<std::string> heard_;
};

} // namespace

CAF_TEST(requests in flight are answered when the child is killed) {
  supervise(strategy::one_for_one, {child("a")});
  auto heard = std::make_shared<std::string>();
  auto who = sys.spawn<asker>(at("/node/a"), heard);
  consume_messages();
  CAF_CHECK_EQUAL(*heard, "");
  CAF_CHECK(answer<child_action_done>(top, kill_child{"/node/a", "ada", "test"}));
  CAF_CHECK_EQUAL(*heard, "restarted restarted restarted ");
  CAF_CHECK_EQUAL(events(), "+a -a +a");
  send_exit_now(who, caf::exit_reason::kill);
}

CAF_TEST(the state of a supervisor can be asked for) {
  supervise(strategy::rest_for_one, {child("a"), child("b")});
  auto state = answer<actor_state>(top, get_state{});
  CAF_REQUIRE(state);
  CAF_CHECK_EQUAL(state->json, R"({"strategy":"rest_for_one","children":2,"restarts_in_period":0,)"
                               R"("max_restarts":5,"period_secs":60,"stopping":false})");
}

CAF_TEST(a table with two children of one name is refused) {
  auto refused = false;
  try {
    spawn_supervisor(sys, "/node", options(strategy::one_for_one, {child("a"), child("a")}), node);
  } catch (const std::invalid_argument&) {
    refused = true;
  }
  CAF_CHECK(refused);
}

CAF_TEST_FIXTURE_SCOPE_END()
