#define CAF_SUITE oracle_registry_actor

#include "actors/oracle/registry_actor.hpp"
#include "runtime/storage/sql.hpp"
#include "tests/actor/oracle/oracle_fixture.hpp"

/// REGISTRY as an actor: what it refuses without the database, and what it says when that is away.
namespace bpci::oracle {

namespace {

using namespace test;

/// One message a second and sender.
constexpr auto slow = [] {
  auto out = small_limits;
  out.rate_limit_per_sec = 1;
  return out;
}();

struct fixture : oracle_fixture {
  caf::actor registry = start<registry_actor>(context_of("alpha-1", slow));

  registration good_registration() {
    return {node_id{"bank-a"},
            "Banking",
            "wss://bank-a.example:443",
            {"relay"},
            crypto::to_hex(alice_keys.pub)};
  }

  std::string verdict_of_order(const envelope& x) {
    return verdict_of<outcomes>(registry, relay_order{std::make_shared<const envelope>(x)});
  }

  void pool_that_answers(ec code) {
    put("/alpha-1/storage/pool",
        answering([code](const storage::job_ptr&) -> caf::result<storage::job_ptr> {
          return to_caf(code, "of the pool");
        }));
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(oracle_registry_actor_tests, fixture)

CAF_TEST(a registration is checked before the register is asked) {
  auto router = stand_in(path::router);
  auto no_name = good_registration();
  no_name.node_id = node_id{"bank a"};
  auto got = request_of<node_record>(registry, no_name);
  CAF_CHECK_EQUAL(verdict(got), "invalid_argument");
  CAF_CHECK((**got).error().detail.starts_with("node_id"));
  CAF_CHECK_EQUAL(router.messages->size(), 0u);
  CAF_CHECK_EQUAL(verdict_of<node_record>(registry, good_registration()), "pending");
  CAF_CHECK_EQUAL(router.count<entity::command>(), 1u);
}

CAF_TEST(a registration is entered and the same again is the same command) {
  put_router();
  auto first = reply_of<node_record>(registry, good_registration());
  CAF_CHECK_EQUAL(first.endpoint, "wss://bank-a.example:443");
  CAF_CHECK_EQUAL(first.public_key, crypto::to_hex(alice_keys.pub));
  auto second = reply_of<node_record>(registry, good_registration());
  CAF_CHECK(second == first);
  CAF_CHECK_EQUAL(entities->commands.at(0).key, entities->commands.at(1).key);
  CAF_CHECK_EQUAL(entities->find({node_kind, "bank-a"}).version, 1u);
}

CAF_TEST(a key is the same in capitals) {
  put_router();
  auto small = good_registration();
  auto capital = small;
  for (auto& c : capital.public_key)
    if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
  CAF_CHECK(reply_of<node_record>(registry, capital) == reply_of<node_record>(registry, small));
}

CAF_TEST(what was registered before something else is registered anew) {
  put_router();
  auto one = good_registration();
  auto other = one;
  other.endpoint = "ws://elsewhere:1";
  for (const auto& x : {one, other, one, other, one}) {
    auto told = reply_of<node_record>(registry, x);
    CAF_CHECK_EQUAL(told.endpoint, x.endpoint);
    auto now = entities->row_of("bank-a");
    CAF_CHECK_EQUAL(now.endpoint, x.endpoint);
  }
}

CAF_TEST(nobody registers the id of another and a register that is away says so) {
  CAF_CHECK_EQUAL(verdict_of<node_record>(registry, good_registration()), "unavailable");
  put_router();
  reply_of<node_record>(registry, good_registration());
  auto thief = good_registration();
  thief.public_key = crypto::to_hex(keys_of(2).pub);
  CAF_CHECK_EQUAL(verdict_of<node_record>(registry, thief), "conflict");
  entities->broken = fail(ec::retry_after, "500");
  CAF_CHECK_EQUAL(verdict_of<node_record>(registry, good_registration()), "retry_after");
}

CAF_TEST(without a database everything that needs it is unavailable) {
  CAF_CHECK_EQUAL(verdict_of<registered_nodes>(registry, find_registered{}), "unavailable");
  CAF_CHECK_EQUAL(verdict_of<node_page>(registry, list_nodes{}), "unavailable");
  CAF_CHECK_EQUAL(verdict_of<oracle_stats>(registry, get_oracle_stats{}), "unavailable");
  CAF_CHECK_EQUAL(verdict_of_order(letter("m1", 1)), "unavailable");
}

CAF_TEST(what the database refuses is passed on) {
  pool_that_answers(ec::conflict);
  CAF_CHECK_EQUAL(verdict_of<registered_nodes>(registry, find_registered{}), "conflict");
  CAF_CHECK_EQUAL(verdict_of<node_page>(registry, list_nodes{}), "conflict");
  CAF_CHECK_EQUAL(verdict_of<oracle_stats>(registry, get_oracle_stats{}), "restarted"); // no relay
}

CAF_TEST(a database that stays silent is waited for no longer than allowed) {
  auto pool = stand_in(path::pool);
  auto got = request_of<node_page>(registry, list_nodes{});
  pass(2'999ms);
  CAF_CHECK_EQUAL(verdict(got), "pending");
  pass(1ms);
  CAF_CHECK_EQUAL(verdict(got), "timeout");
}

CAF_TEST(a message over HTTP passes the checks of a link but for the sequence) {
  auto no_targets = letter("m1", 1, {});
  CAF_CHECK_EQUAL(verdict_of_order(no_targets), "invalid_argument");
  auto old = letter("m1", 1);
  old.sent_at = timestamp_ms{wall_now().get() - 301'000};
  CAF_CHECK_EQUAL(verdict_of_order(old), "too_old");
  for (auto crash = 0; crash < 3; ++crash)
    node->quarantine.record(message_id{"m2"}, {"/alpha-1/oracle/relay", "boom", wall_now()});
  CAF_CHECK_EQUAL(verdict_of_order(letter("m2", 1)), "quarantined");
  CAF_CHECK_EQUAL(verdict_of_order(letter("m3", 1)), "unavailable");
}

CAF_TEST(the rate over HTTP is that of each source) {
  CAF_CHECK_EQUAL(verdict_of_order(letter("m1", 1)), "unavailable");
  CAF_CHECK_EQUAL(verdict_of_order(letter("m2", 2)), "rate_limited");
  auto of_bob = letter("m3", 3);
  of_bob.source = node_id{"bob"};
  CAF_CHECK_EQUAL(verdict_of_order(of_bob), "unavailable");
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::oracle
