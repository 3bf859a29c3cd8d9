#define CAF_SUITE outbox_store

#include "database.hpp"
#include "runtime/entity/list_store.hpp"
#include "runtime/entity/outbox_store.hpp"

#include <caf/test/unit_test.hpp>

using namespace bpci;
using namespace bpci::entity;
using bpci::entity::test::database;

namespace {

struct fixture {
  database db;
  pqxx::connection connection{db.dsn};
  store::errand_room room{100, 1 << 20};

  void put(int slot, const std::string& from, int count, int bytes = 1) {
    db.sql("INSERT INTO outbox (slot, epoch, from_kind, from_id, to_kind, to_id, key, name, body) "
           "SELECT "
           + std::to_string(slot) + ", 1, 'counter', '" + from
           + "', 'counter', 'sink', gen_random_uuid()::text, 'add', "
             "convert_to(repeat('x', "
           + std::to_string(bytes) + "), 'UTF8') FROM generate_series(1, " + std::to_string(count)
           + ")");
  }

  store::errand_result run(const errand& what, incarnation self) {
    pqxx::work tx{connection};
    auto out = store::run_errand(tx, self, what, room);
    tx.commit();
    return out;
  }
  store::errand_result read(std::vector<slots::slot_no> which) {
    return run({{}, {}, std::move(which), {}, {}}, db.self);
  }
  std::string count() { return db.sql("SELECT count(*) FROM outbox"); }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(outbox_store_tests, fixture)

CAF_TEST(rows of the slots that are asked for come in their order) {
  put(1, "a", 3);
  put(2, "b", 2);
  put(3, "c", 1);
  auto got = read({slots::slot_no{1}, slots::slot_no{2}});
  CAF_REQUIRE_EQUAL(got.rows.size(), 5u);
  CAF_CHECK(std::ranges::is_sorted(got.rows, {}, &effect_row::no));
  CAF_CHECK_EQUAL(got.rows[4].from.id, "b");
  CAF_CHECK(!got.full);
}

CAF_TEST(no more is read than there is room for) {
  put(1, "a", 200);
  put(2, "b", 3);
  auto got = read({slots::slot_no{1}, slots::slot_no{2}});
  CAF_CHECK_EQUAL(got.rows.size(), 67u);
  CAF_CHECK(got.full);
  room.rows = 10;
  CAF_CHECK_EQUAL(read({slots::slot_no{1}}).rows.size(), 10u);
  room = {100, 1'000};
  put(5, "big", 5, 400);
  CAF_CHECK_EQUAL(read({slots::slot_no{5}}).rows.size(), 3u);
}

CAF_TEST(what is held and sources that hold enough hide nothing behind them) {
  put(1, "stuck", 100);
  put(1, "a", 1);
  put(1, "b", 2);
  auto first = read({slots::slot_no{1}}).rows;
  CAF_CHECK_EQUAL(first.size(), 64u);
  CAF_CHECK_EQUAL(first.back().from.id, "stuck");
  auto got = run({{}, {}, {slots::slot_no{1}}, {first[0].no}, {{"counter", "stuck"}}}, db.self);
  CAF_REQUIRE_EQUAL(got.rows.size(), 3u);
  CAF_CHECK_EQUAL(got.rows[0].from.id, "a");
  auto rest = run({{}, {}, {slots::slot_no{1}}, {got.rows[1].no}, {{"counter", "stuck"}}}, db.self);
  CAF_CHECK_EQUAL(rest.rows.size(), 2u);
}

CAF_TEST(what is done is deleted by the owner of its slot only) {
  put(1, "a", 2);
  auto rows = read({slots::slot_no{1}}).rows;
  auto what = errand{{rows[0].no}, {}, {}, {}, {}};
  run(what, db.join("node-2"));
  CAF_CHECK_EQUAL(count(), "2");
  run(what, db.self);
  CAF_CHECK_EQUAL(count(), "1");
}

CAF_TEST(a setback is kept and one that is set aside is not read again until an operator says so) {
  put(1, "a", 2);
  auto rows = read({slots::slot_no{1}}).rows;
  using std::chrono::milliseconds;
  run({{},
       {{rows[0].no, 3, milliseconds{200}, false, "busy"},
        {rows[1].no, 20, milliseconds{0}, true, "it's \"bad\""}},
       {},
       {},
       {}},
      db.self);
  CAF_CHECK_EQUAL(read({slots::slot_no{1}}).rows.size(), 1u);
  {
    pqxx::work tx{connection};
    auto failing = store::list_outbox(tx, {"", true, 0, 0});
    CAF_REQUIRE_EQUAL(failing.rows.size(), 2u);
    CAF_CHECK_EQUAL(failing.rows[1].last_error, "set aside: it's \"bad\"");
    CAF_CHECK_EQUAL(store::retry(tx, {{rows[1].no}, "me", "fixed"}).rows, 1u);
    tx.commit();
  }
  CAF_CHECK_EQUAL(read({slots::slot_no{1}}).rows.size(), 2u);
}

CAF_TEST(depth and age count what is to be sent) {
  put(1, "a", 2);
  db.sql("UPDATE outbox SET since = now() - interval '10 s'");
  pqxx::work tx{connection};
  auto now = store::measure_outbox(tx, {slots::slot_no{1}});
  CAF_CHECK_EQUAL(now.rows, 2u);
  CAF_CHECK(now.oldest_ms >= 10'000 && now.oldest_ms < 60'000);
  CAF_CHECK_EQUAL(store::measure_outbox(tx, {slots::slot_no{2}}).rows, 0u);
}

CAF_TEST(old answers are forgotten in small steps) {
  db.sql("INSERT INTO inbox SELECT 'counter', '7', 'k' || i, 'add', '', '', i, 1, "
         "now() - i * interval '1 hour' FROM generate_series(1, 10) i");
  pqxx::work tx{connection};
  auto prune = [&](std::uint64_t most) {
    return store::prune_inbox(tx, {slots::slot_no{1}}, std::chrono::hours{5}, most);
  };
  CAF_CHECK_EQUAL(prune(3), 3u);
  CAF_CHECK_EQUAL(prune(10), 3u);
  CAF_CHECK_EQUAL(prune(10), 0u);
}

CAF_TEST_FIXTURE_SCOPE_END()
