#define CAF_SUITE supervisor_dynamic_children

#include "supervised.hpp"

using namespace bpci;
using namespace bpci::supervision;
using namespace bpci::supervision::test;

namespace {

struct dynamic_fixture : fixture {
  dynamic_fixture() { supervise(strategy::one_for_one, {}); }

  result<caf::actor> start(child_spec what) {
    return answer<caf::actor>(top, start_child{std::move(what)});
  }

  ec stop(const std::string& id) { return refusal<child_action_done>(top, stop_child{id}); }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(dynamic_tests, dynamic_fixture)

CAF_TEST(a child can be started and stopped at any time) {
  auto link = start(child("link:a"));
  CAF_REQUIRE(link);
  CAF_CHECK(*link == at("/node/link:a"));
  CAF_CHECK_EQUAL(state("/node/link:a"), "running");
  CAF_CHECK(stop("link:a") == ec::none);
  CAF_CHECK_EQUAL(events(), "+link:a -link:a");
  CAF_CHECK_EQUAL(state("/node/link:a"), "gone");
  CAF_CHECK(stop("link:a") == ec::not_found);
}

CAF_TEST(starting an id twice gives the running child) {
  auto first = start(child("link:a"));
  auto second = start(child("link:a"));
  CAF_REQUIRE(first && second);
  CAF_CHECK(*first == *second);
  CAF_CHECK_EQUAL(events(), "+link:a");
}

CAF_TEST(a transient child that is done is removed and one that crashed is restarted) {
  start(child("link:a", policy::transient));
  tell("/node/link:a", "crash");
  CAF_CHECK_EQUAL(events(), "+link:a -link:a +link:a");
  tell("/node/link:a", "done");
  CAF_CHECK_EQUAL(state("/node/link:a"), "gone");
  CAF_CHECK(start(child("link:a", policy::transient)));
}

CAF_TEST(a temporary child that crashed is removed) {
  start(child("link:a", policy::temporary));
  tell("/node/link:a", "crash");
  CAF_CHECK_EQUAL(events(), "+link:a -link:a");
  CAF_CHECK_EQUAL(state("/node/link:a"), "gone");
}

CAF_TEST(one child that crashes all the time does not end its siblings) {
  start(child("bad"));
  start(child("good"));
  for (auto i = 0; i < 600; ++i) {
    if (at("/node/bad")) tell("/node/bad", "crash");
    pass(1s);
  }
  CAF_CHECK(!is_over(top));
  CAF_CHECK_EQUAL(row("/node/good").restarts, 0u);
  CAF_CHECK(row("/node/bad").restarts > 10u);
}

CAF_TEST(a child over the intensity is tried again at the longest pause) {
  start(child("bad"));
  for (auto i = 0; i < 6; ++i) {
    tell("/node/bad", "crash");
    if (i < 5) pass(1s);
  }
  events();
  pass(29'999ms);
  CAF_CHECK_EQUAL(events(), "");
  pass(1ms);
  CAF_CHECK_EQUAL(events(), "+bad");
}

CAF_TEST(a start that fails is tried again unless the child is temporary) {
  auto failing = child("a");
  auto broken = std::make_shared<bool>(true);
  failing.spawn = [broken, obey = failing.spawn](const spawn_context& x) {
    if (*broken) throw std::runtime_error("no");
    return obey(x);
  };
  CAF_CHECK(refusal<caf::actor>(top, start_child{failing}) == ec::restarted);
  CAF_CHECK(refusal<caf::actor>(top, start_child{failing}) == ec::restarted);
  *broken = false;
  pass(50ms);
  CAF_CHECK(start(failing));
  *broken = true;
  failing.id = "b";
  failing.policy = policy::temporary;
  CAF_CHECK(refusal<caf::actor>(top, start_child{failing}) == ec::internal);
  CAF_CHECK_EQUAL(state("/node/b"), "gone");
}

CAF_TEST(a child that waits for its restart can be removed) {
  start(child("a"));
  tell("/node/a", "crash");
  tell("/node/a", "crash");
  CAF_CHECK_EQUAL(state("/node/a"), "backing_off");
  CAF_CHECK(stop("a") == ec::none);
  events();
  pass(1min);
  CAF_CHECK_EQUAL(events(), "");
  CAF_CHECK_EQUAL(state("/node/a"), "gone");
}

CAF_TEST(an id that is being stopped is busy until it is free) {
  auto deaf = deaf_child("a");
  deaf.stop_max = 2s;
  start(deaf);
  self->send(top, stop_child{"a"});
  consume_messages();
  CAF_CHECK(refusal<caf::actor>(top, start_child{child("a")}) == ec::busy);
  pass(2s);
  self->receive([](const child_action_done& x) { CAF_CHECK_EQUAL(x.path, "/node/a"); });
  CAF_CHECK(start(child("a")));
}

CAF_TEST(whoever waits for a stop hears of it when the supervisor is killed) {
  auto deaf = deaf_child("a");
  start(deaf);
  auto response = self->request(top, 3600s, stop_child{"a"});
  consume_messages();
  send_exit_now(top, caf::exit_reason::kill);
  consume_messages();
  response.receive(
      [](const child_action_done&) { CAF_FAIL("it was not stopped"); },
      [](const caf::error& why) { CAF_CHECK(from_caf(why).code == ec::shutting_down); });
}

CAF_TEST(a child of the table cannot be removed and a bad id is refused) {
  auto other = spawn_supervisor(sys, "/other", options(strategy::one_for_one, {child("a")}), node);
  CAF_CHECK(refusal<child_action_done>(other, stop_child{"a"}) == ec::unsupported);
  CAF_CHECK(refusal<caf::actor>(other, start_child{child("a/b")}) == ec::invalid_argument);
  auto together = spawn_supervisor(sys, "/all", options(strategy::one_for_all, {}), node);
  CAF_CHECK(refusal<caf::actor>(together, start_child{child("a")}) == ec::unsupported);
  for (const auto& x : {other, together})
    send_exit_now(x, caf::exit_reason::kill);
}

CAF_TEST(ten thousand children start and stop together) {
  constexpr auto many = 10'000;
  for (auto i = 0; i < many; ++i)
    self->send(top, start_child{child("link:" + std::to_string(i))});
  consume_messages();
  CAF_CHECK_EQUAL(node->tree.size(), static_cast<std::size_t>(many));
  CAF_CHECK(at("/node/link:9999"));
  send_exit_now(top, caf::exit_reason::user_shutdown);
  consume_messages();
  CAF_CHECK(is_over(top));
  CAF_CHECK_EQUAL(node->tree.size(), 0u);
  CAF_CHECK(!at("/node/link:9999"));
}

CAF_TEST(dynamic children are stopped together and before the table) {
  auto mixed =
      spawn_supervisor(sys, "/mixed", options(strategy::one_for_one, {child("fixed")}), node);
  for (auto id : {"x", "y"}) {
    auto deaf = deaf_child(id);
    deaf.stop_max = 2s;
    answer<caf::actor>(mixed, start_child{deaf});
  }
  events();
  send_exit_now(mixed, caf::exit_reason::user_shutdown);
  consume_messages();
  CAF_CHECK_EQUAL(events(), "");
  pass(2s);
  CAF_CHECK_EQUAL(events(), "-x -y -fixed");
  CAF_CHECK(is_over(mixed));
}

CAF_TEST(nothing is started while the supervisor is stopping) {
  auto deaf = deaf_child("a");
  start(deaf);
  send_exit_now(top, caf::exit_reason::user_shutdown);
  consume_messages();
  CAF_CHECK(refusal<caf::actor>(top, start_child{child("b")}) == ec::shutting_down);
}

CAF_TEST_FIXTURE_SCOPE_END()
