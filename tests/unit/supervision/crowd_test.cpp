#define CAF_SUITE supervisor_crowd

#include "supervised.hpp"

using namespace bpci;
using namespace bpci::supervision;
using namespace bpci::supervision::test;

namespace {

struct crowd_fixture : fixture {
  std::shared_ptr<const child_spec> prototype = make_prototype(false);

  crowd_fixture() { supervise(strategy::one_for_one, {}); }

  std::shared_ptr<const child_spec> make_prototype(bool deaf) {
    auto spec = child("unused", policy::temporary);
    spec.spawn = [log = log, deaf](const spawn_context& x) -> result<caf::actor> {
      auto id = x.path.substr(x.path.rfind('/') + 1);
      if (id == "bad") return fail(ec::retry_after, "later");
      note(log, '+', id);
      return x.system.spawn<obedient>(x, id, log, deaf);
    };
    return std::make_shared<const child_spec>(std::move(spec));
  }

  result<caf::actor> start(std::string id) {
    return answer<caf::actor>(top, start_child_like{prototype, std::move(id)});
  }
  ec stop(const std::string& id) { return refusal<child_action_done>(top, stop_child{id}); }

  std::string paths(std::uint64_t limit = 0, const std::string& filter = {}) {
    std::string text;
    tree_query query{filter, "", limit};
    do {
      auto page = node->tree.read(query, timestamp_ms{0});
      for (const auto& x : page.rows)
        text += x.path + ' ';
      query.after = page.next;
    } while (!query.after.empty());
    return text;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(crowd_tests, crowd_fixture)

CAF_TEST(a member is found listed and stopped like any child) {
  auto one = start("e:1");
  CAF_REQUIRE(one);
  CAF_CHECK(*one == at("/node/e:1"));
  auto listed = row("/node/e:1");
  CAF_CHECK_EQUAL(listed.actor_id, one->id());
  CAF_CHECK_EQUAL(listed.type, "OBEDIENT");
  CAF_CHECK_EQUAL(state("/node/e:1"), "running");
  CAF_CHECK(stop("e:1") == ec::none);
  CAF_CHECK_EQUAL(events(), "+e:1 -e:1");
  CAF_CHECK_EQUAL(state("/node/e:1"), "gone");
  CAF_CHECK(!at("/node/e:1"));
  CAF_CHECK(stop("e:1") == ec::not_found);
}

CAF_TEST(starting an id twice gives the running member) {
  auto first = start("e:1");
  auto second = start("e:1");
  CAF_REQUIRE(first && second);
  CAF_CHECK(*first == *second);
  auto other = child("e:1");
  CAF_CHECK(*answer<caf::actor>(top, start_child{other}) == *first);
}

CAF_TEST(a member that crashed is gone and its message is remembered) {
  for (auto i = 0; i < 3; ++i) {
    start("e:1");
    tell("/node/e:1", "poison m-1");
    CAF_CHECK_EQUAL(state("/node/e:1"), "gone");
  }
  CAF_CHECK(node->quarantine.contains(message_id{"m-1"}));
  CAF_CHECK(!is_over(top));
}

CAF_TEST(a start that fails says why) {
  CAF_CHECK(start("bad").error().code == ec::retry_after);
  CAF_CHECK(start("a/b").error().code == ec::invalid_argument);
  auto wrong = std::make_shared<const child_spec>(child("x", policy::permanent));
  CAF_CHECK((refusal<caf::actor>(top, start_child_like{wrong, "e:1"})) == ec::invalid_argument);
}

CAF_TEST(members are listed behind their supervisor and in pages of any size) {
  send_exit_now(top, caf::exit_reason::kill);
  consume_messages();
  supervisor_options many;
  many.rules = exact_rules();
  auto first = child("a");
  auto last = child("z");
  supervise(strategy::one_for_one, {first, supervisor_child("many", std::move(many)), last});
  for (auto id : {"e:3", "e:1", "e:2"})
    CAF_CHECK(answer<caf::actor>(at("/node/many"), start_child_like{prototype, id}));
  auto all = std::string{"/node/a /node/many /node/many/e:1 /node/many/e:2 /node/many/e:3 "
                         "/node/z "};
  for (auto limit : {0, 1, 2, 3, 4, 5, 6, 7})
    CAF_CHECK_EQUAL(paths(static_cast<std::uint64_t>(limit)), all);
  CAF_CHECK_EQUAL(paths(1, "e:"), "/node/many/e:1 /node/many/e:2 /node/many/e:3 ");
  CAF_CHECK_EQUAL(row("/node/many").children, 3u);
  CAF_CHECK(at("/node/many/e:2"));
}

CAF_TEST(an admin kills and restarts a member but cannot pause it) {
  auto one = *start("e:1");
  auto path = std::string{"/node/e:1"};
  CAF_CHECK((refusal<child_action_done>(top, pause_child{path, "me", "test"})) == ec::unsupported);
  CAF_CHECK((refusal<child_action_done>(top, restart_child{path, "me", "test"})) == ec::none);
  CAF_CHECK(is_over(one));
  auto two = *start("e:1");
  CAF_CHECK((refusal<child_action_done>(top, kill_child{path, "me", "test"})) == ec::none);
  CAF_CHECK(is_over(two));
  CAF_CHECK_EQUAL(state(path), "gone");
}

CAF_TEST(a supervisor ends after its members) {
  start("e:1");
  start("e:2");
  send_exit_now(top, caf::exit_reason::user_shutdown);
  consume_messages();
  CAF_CHECK(is_over(top));
  CAF_CHECK_EQUAL(events(), "+e:1 +e:2 -e:1 -e:2");
  CAF_CHECK_EQUAL(paths(), "");
}

CAF_TEST(a member that does not end is killed) {
  prototype = make_prototype(true);
  auto one = *start("e:1");
  self->send(top, stop_child{"e:1"});
  consume_messages();
  CAF_CHECK_EQUAL(state("/node/e:1"), "stopping");
  pass(5s);
  CAF_CHECK(is_over(one));
  auto two = *start("e:2");
  send_exit_now(top, caf::exit_reason::user_shutdown);
  consume_messages();
  CAF_CHECK(!is_over(top));
  pass(5s);
  CAF_CHECK(is_over(two));
  CAF_CHECK(is_over(top));
}

CAF_TEST(a killed supervisor takes its members along) {
  auto one = *start("e:1");
  send_exit_now(top, caf::exit_reason::kill);
  consume_messages();
  CAF_CHECK(is_over(one));
  CAF_CHECK(!at("/node/e:1"));
}

CAF_TEST_FIXTURE_SCOPE_END()
