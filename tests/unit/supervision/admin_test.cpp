#define CAF_SUITE supervisor_admin

#include "supervised.hpp"

using namespace bpci;
using namespace bpci::supervision;
using namespace bpci::supervision::test;

namespace {

struct admin_fixture : fixture {
  template <class Command>
  ec act(const std::string& path) {
    return refusal<child_action_done>(top, Command{path, "ada", "because"});
  }

  void supervise_two_levels() {
    supervise(strategy::one_for_one,
              {child("a"),
               supervisor_child("s", options(strategy::one_for_one, {child("x"), child("y")}))});
    events();
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(admin_tests, admin_fixture)

CAF_TEST(a killed actor is back at once and the kill counts) {
  supervise_two_levels();
  auto victim = at("/node/s/x");
  auto done = answer<child_action_done>(top, kill_child{"/node/s/x", "ada", "it hangs"});
  CAF_REQUIRE(done);
  CAF_CHECK_EQUAL(done->actor_id, victim.id());
  CAF_CHECK_EQUAL(events(), "-x +x");
  CAF_CHECK_EQUAL(row("/node/s/x").restarts_in_period, 1u);
  CAF_CHECK_EQUAL(row("/node/s/x").last_error, "killed");
}

CAF_TEST(a kill does not wait behind a full mailbox) {
  supervise(strategy::one_for_one, {child("a")});
  auto victim = at("/node/a");
  for (auto i = 0; i < 10'000; ++i)
    self->send(victim, std::string{"ping"});
  self->send(top, kill_child{"/node/a", "ada", "it hangs"});
  // The test scheduler lets an actor finish before the next one; a real one would not.
  CAF_REQUIRE(sched.prioritize(top));
  sched.run_once();
  CAF_CHECK(!is_over(victim));
  sched.run_once();
  CAF_CHECK(is_over(victim));
  consume_messages();
  CAF_CHECK(at("/node/a") && at("/node/a") != victim);
}

CAF_TEST(who acts must say so and say why) {
  supervise(strategy::one_for_one, {child("a")});
  events();
  CAF_CHECK(refusal<child_action_done>(top, kill_child{"/node/a", "", "x"})
            == ec::invalid_argument);
  CAF_CHECK(refusal<child_action_done>(top, restart_child{"/node/a", "ada", ""})
            == ec::invalid_argument);
  CAF_CHECK(refusal<message_released>(top, release_message{message_id{"m"}, "ada", ""})
            == ec::invalid_argument);
  CAF_CHECK_EQUAL(events(), "");
}

CAF_TEST(a path that leads nowhere is not found) {
  supervise_two_levels();
  for (auto path : {"", "/", "/node", "/node/z", "/node/s/z", "/node/a/b", "/else/a", "node/a"}) {
    CAF_CHECK(act<kill_child>(path) == ec::not_found);
    CAF_CHECK(act<restart_child>(path) == ec::not_found);
    CAF_CHECK(act<pause_child>(path) == ec::not_found);
    CAF_CHECK(refusal<caf::actor>(top, find_child{path}) == ec::not_found);
  }
}

CAF_TEST(a restart in good order does not count) {
  supervise_two_levels();
  CAF_CHECK(act<restart_child>("/node/s/x") == ec::none);
  CAF_CHECK_EQUAL(events(), "-x +x");
  CAF_CHECK_EQUAL(row("/node/s/x").restarts, 1u);
  CAF_CHECK_EQUAL(row("/node/s/x").restarts_in_period, 0u);
  for (auto i = 0; i < 10; ++i)
    CAF_CHECK(act<restart_child>("/node/s/x") == ec::none);
  CAF_CHECK_EQUAL(row("/node/s").restarts, 0u);
}

CAF_TEST(a restart takes along those that depend on the actor) {
  supervise(strategy::rest_for_one, {child("a"), child("b"), child("c")});
  events();
  CAF_CHECK(act<restart_child>("/node/b") == ec::none);
  CAF_CHECK_EQUAL(events(), "-c -b +b +c");
}

CAF_TEST(a restart ends a backoff) {
  supervise(strategy::one_for_one, {child("a")});
  tell("/node/a", "crash");
  tell("/node/a", "crash");
  events();
  CAF_CHECK_EQUAL(state("/node/a"), "backing_off");
  CAF_CHECK(act<restart_child>("/node/a") == ec::none);
  CAF_CHECK_EQUAL(events(), "+a");
  pass(1min);
  CAF_CHECK_EQUAL(events(), "");
}

CAF_TEST(a whole subtree can be restarted) {
  supervise_two_levels();
  CAF_CHECK(act<restart_child>("/node/s") == ec::none);
  CAF_CHECK_EQUAL(events(), "-y -x +x +y");
}

CAF_TEST(a paused actor stays stopped until it is resumed) {
  supervise_two_levels();
  CAF_CHECK(act<pause_child>("/node/s/x") == ec::none);
  CAF_CHECK_EQUAL(events(), "-x");
  CAF_CHECK_EQUAL(state("/node/s/x"), "paused");
  CAF_CHECK(act<pause_child>("/node/s/x") == ec::none);
  tell("/node/s/y", "crash");
  pass(1min);
  CAF_CHECK_EQUAL(events(), "-y +y");
  CAF_CHECK(act<resume_child>("/node/s/x") == ec::none);
  CAF_CHECK_EQUAL(events(), "+x");
  CAF_CHECK(act<resume_child>("/node/s/x") == ec::conflict);
}

CAF_TEST(an actor that is being stopped is not stopped twice) {
  supervise(strategy::one_for_one, {deaf_child("a")});
  CAF_CHECK(act<pause_child>("/node/a") == ec::none);
  CAF_CHECK(act<restart_child>("/node/a") == ec::conflict);
  CAF_CHECK(act<pause_child>("/node/a") == ec::conflict);
  CAF_CHECK(act<kill_child>("/node/a") == ec::none);
  CAF_CHECK_EQUAL(state("/node/a"), "paused");
}

CAF_TEST(a dynamic child can be restarted and paused as well) {
  supervise(strategy::one_for_one, {});
  CAF_CHECK(answer<caf::actor>(top, start_child{child("link:a")}));
  CAF_CHECK(act<restart_child>("/node/link:a") == ec::none);
  CAF_CHECK(act<pause_child>("/node/link:a") == ec::none);
  CAF_CHECK(refusal<caf::actor>(top, start_child{child("link:a")}) == ec::unavailable);
  CAF_CHECK(act<resume_child>("/node/link:a") == ec::none);
  CAF_CHECK_EQUAL(events(), "+link:a -link:a +link:a -link:a +link:a");
}

CAF_TEST(the tree is read from any supervisor) {
  supervise_two_levels();
  auto page = answer<tree_page>(at("/node/s"), tree_query{"OBEDIENT", "", 2});
  CAF_REQUIRE(page);
  CAF_REQUIRE_EQUAL(page->rows.size(), 2u);
  CAF_CHECK_EQUAL(page->rows[0].path, "/node/a");
  CAF_CHECK_EQUAL(page->rows[1].path, "/node/s/x");
  CAF_CHECK_EQUAL(page->next, "/node/s/x");
  CAF_CHECK_EQUAL(row("/node/s").children, 2u);
  CAF_CHECK_EQUAL(row("/node/s").type, "SUPERVISOR");
}

CAF_TEST(an actor that hangs is seen with its full mailbox) {
  supervise(strategy::one_for_one, {child("a")});
  for (auto i = 0; i < 50; ++i)
    self->send(at("/node/a"), std::string{"ping"});
  CAF_CHECK_EQUAL(row("/node/a").mailbox_depth, 50u);
  consume_messages();
  CAF_CHECK_EQUAL(row("/node/a").mailbox_depth, 0u);
  CAF_CHECK_EQUAL(row("/node/a").messages_received, 50u);
}

CAF_TEST(the present handle of an actor can be asked for) {
  supervise_two_levels();
  auto found = answer<caf::actor>(top, find_child{"/node/s/x"});
  CAF_REQUIRE(found);
  CAF_CHECK(*found == at("/node/s/x"));
}

CAF_TEST(a quarantined message can be listed and released) {
  supervise(strategy::one_for_one, {child("a")});
  for (auto i = 0; i < 3; ++i) {
    tell("/node/a", "poison m-1");
    pass(1s);
  }
  auto page = answer<quarantine_page>(top, quarantine_query{});
  CAF_REQUIRE(page);
  CAF_REQUIRE_EQUAL(page->messages.size(), 1u);
  auto release = release_message{message_id{"m-1"}, "ada", "fixed in 1.2"};
  CAF_CHECK(answer<message_released>(top, release));
  CAF_CHECK(!node->quarantine.contains(message_id{"m-1"}));
  CAF_CHECK(refusal<message_released>(top, release) == ec::not_found);
}

CAF_TEST_FIXTURE_SCOPE_END()
