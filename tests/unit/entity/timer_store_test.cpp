#define CAF_SUITE timer_store

#include "database.hpp"
#include "runtime/entity/timer_store.hpp"

#include <caf/test/unit_test.hpp>

using namespace bpci;
using namespace bpci::entity;
using bpci::entity::test::database;

namespace {

struct fixture {
  database db;
  pqxx::connection connection{db.dsn};

  void put(const std::string& id, const std::string& due) {
    db.sql("INSERT INTO timer VALUES ('counter', '" + id
           + "', 'daily', 1, (extract(epoch FROM now()) * 1000)::bigint + " + due
           + ", 100, 'skip', 4, 4)");
  }

  store::due_timers read(std::size_t most = 10, std::vector<std::string> held_back = {}) {
    pqxx::work tx{connection};
    return store::read_due(tx, db.self, held_back, most);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(timer_store_tests, fixture)

CAF_TEST(due timers come with the longest due first and the next one is known) {
  put("late", "-5000");
  put("later", "-1000");
  put("soon", "60000");
  auto got = read();
  CAF_REQUIRE_EQUAL(got.timers.size(), 2u);
  CAF_CHECK_EQUAL(got.timers[0].of.id, "late");
  CAF_CHECK_EQUAL(got.timers[0].fire_no, 4u);
  CAF_REQUIRE(got.next.has_value());
  CAF_CHECK(got.next->get() > got.now.get() + 50'000);
}

CAF_TEST(those that are held back are not read) {
  put("a", "-5000");
  put("b", "-1000");
  auto got = read(10, {"counter/a/daily"});
  CAF_REQUIRE_EQUAL(got.timers.size(), 1u);
  CAF_CHECK_EQUAL(got.timers[0].of.id, "b");
  auto one = read(1);
  CAF_CHECK_EQUAL(one.timers.size(), 1u);
  CAF_CHECK(one.next.has_value());
}

CAF_TEST(timers of the slots of other nodes are theirs) {
  put("a", "-5000");
  db.give_to(db.join("node-2"));
  CAF_CHECK(read().timers.empty());
}

CAF_TEST(a timer is skipped only as it was read) {
  put("a", "-5000");
  auto got = read();
  auto skipped = skip(got.timers.at(0), got.now);
  auto move = [&] {
    pqxx::work tx{connection};
    store::skip(tx, db.self, {skipped});
    tx.commit();
  };
  move();
  auto due = std::stoll(db.sql("SELECT due_ms FROM timer"));
  CAF_CHECK_EQUAL(due, skipped.next.get());
  db.sql("UPDATE timer SET due_ms = 1");
  move();
  CAF_CHECK_EQUAL(db.sql("SELECT due_ms FROM timer"), "1");
}

CAF_TEST_FIXTURE_SCOPE_END()
