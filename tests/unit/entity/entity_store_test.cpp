#define CAF_SUITE entity_store

#include "database.hpp"
#include "runtime/entity/entity_store.hpp"
#include "runtime/entity/list_store.hpp"
#include "runtime/entity/state_table.hpp"

#include <boost/describe/enum_to_string.hpp>
#include <caf/test/unit_test.hpp>
#include <pqxx/except>

using namespace bpci;
using namespace bpci::entity;
using bpci::entity::test::database;

namespace {

const entity_ref seven{"counter", "7"};

/// Keeps the states in a table with a column that others can read.
struct plain_table final : state_table {
  std::optional<bytes> load(pqxx::work& tx, const std::string& id) const override {
    auto rows = tx.exec_params("SELECT text FROM plain WHERE id = $1", id);
    if (rows.empty()) return {};
    auto text = rows[0][0].as<std::string>();
    return bytes(text.begin(), text.end());
  }
  void save(pqxx::work& tx, const std::string& id, const bytes& state) const override {
    tx.exec_params("INSERT INTO plain VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET text = $2", id,
                   std::string(state.begin(), state.end()));
  }
};

struct fixture {
  database db;
  pqxx::connection connection{db.dsn};
  state_table* table = nullptr;

  batch adding(std::uint64_t known, std::string key, bytes state, std::uint8_t hash = 1) {
    batch out;
    out.known = known;
    out.added = 1;
    out.state = std::move(state);
    auto& x = out.commands.emplace_back();
    x.key = std::move(key);
    x.name = "add";
    x.hash[0] = hash;
    x.response = bytes{0x2a};
    x.version = known + 1;
    return out;
  }

  commit_outcome commit(const batch& what, const tenure& as) {
    pqxx::work tx{connection};
    auto out = store::commit(tx, as, seven, 1, what, table);
    tx.commit();
    return out;
  }
  commit_outcome commit(const batch& what) { return commit(what, db.as(seven)); }
  std::string commit_end_of(const batch& what) {
    auto out = commit(what);
    if (out.how != commit_end::refused) return boost::describe::enum_to_string(out.how, "");
    return boost::describe::enum_to_string(out.refused.at(0).why, "");
  }

  stored_entity load() {
    pqxx::work tx{connection};
    return store::load(tx, db.as(seven), seven, table).value();
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(entity_store_tests, fixture)

CAF_TEST(an entity is fresh until its first commit) {
  auto before = load();
  CAF_CHECK_EQUAL(before.version, 0u);
  CAF_CHECK(!before.state.has_value());
  CAF_CHECK_EQUAL(commit_end_of(adding(0, "a", {1, 2})), "done");
  auto after = load();
  CAF_CHECK_EQUAL(after.version, 1u);
  CAF_CHECK(after.state == (bytes{1, 2}));
  CAF_CHECK_EQUAL(commit_end_of(adding(1, "b", {3})), "done");
  CAF_CHECK_EQUAL(load().version, 2u);
}

CAF_TEST(the same key again is answered as before and writes nothing) {
  commit(adding(0, "a", {1}));
  auto again = commit(adding(1, "a", {2}));
  CAF_REQUIRE_EQUAL(again.refused.size(), 1u);
  CAF_CHECK(again.refused[0].why == verdict::repeated);
  CAF_CHECK(again.refused[0].response.body == bytes{0x2a});
  CAF_CHECK_EQUAL(again.refused[0].response.version, 1u);
  CAF_CHECK(load().state == bytes{1});
}

CAF_TEST(another command under a known key is a conflict) {
  commit(adding(0, "a", {1}));
  CAF_CHECK_EQUAL(commit_end_of(adding(1, "a", {2}, 9)), "conflict");
}

CAF_TEST(a refused command is looked up as well) {
  commit(adding(0, "a", {1}));
  auto refused = adding(1, "a", {});
  refused.added = 0;
  refused.state.reset();
  refused.commands[0].response.reset();
  CAF_CHECK_EQUAL(commit_end_of(refused), "repeated");
  refused.commands[0].key = "b";
  CAF_CHECK_EQUAL(commit_end_of(refused), "done");
  refused.known = 7;
  CAF_CHECK_EQUAL(commit_end_of(refused), "stale");
  CAF_CHECK_EQUAL(db.sql("SELECT count(*) FROM inbox"), "1");
}

CAF_TEST(a version that has moved on is stale) {
  commit(adding(0, "a", {1}));
  CAF_CHECK_EQUAL(commit_end_of(adding(0, "b", {2})), "stale");
  CAF_CHECK_EQUAL(commit_end_of(adding(5, "b", {2})), "stale");
  CAF_CHECK_EQUAL(db.sql("SELECT count(*) FROM inbox"), "1");
}

CAF_TEST(a node that does not own the slot writes nothing) {
  auto former = db.as(seven);
  commit(adding(0, "a", {1}));
  db.give_to(db.join("node-2"));
  CAF_CHECK(commit(adding(1, "b", {2}), former).how == commit_end::fenced);
  pqxx::work tx{connection};
  CAF_CHECK(store::load(tx, former, seven, nullptr).error().code == ec::fenced);
}

CAF_TEST(a claim waits for a commit that is under way) {
  pqxx::work tx{connection};
  store::commit(tx, db.as(seven), seven, 1, adding(0, "a", {1}), nullptr);
  auto claim = "SET lock_timeout = '200ms'; UPDATE slot SET epoch = epoch + 1 WHERE slot = "
               + std::to_string(slot_of(seven).get()) + " RETURNING epoch";
  auto waited = false;
  try {
    db.sql(claim);
  } catch (const pqxx::sql_error& e) {
    waited = e.sqlstate() == "55P03";
  }
  CAF_CHECK(waited);
  tx.commit();
  db.sql(claim);
  CAF_CHECK_EQUAL(db.sql("SELECT version FROM entity"), "1");
}

CAF_TEST(two at the same time do not both succeed) {
  pqxx::work first{connection};
  store::commit(first, db.as(seven), seven, 1, adding(0, "a", {1}), nullptr);
  pqxx::connection other{db.dsn};
  pqxx::work second{other};
  second.exec("SET LOCAL lock_timeout = '200ms'");
  auto waited = false;
  try {
    store::commit(second, db.as(seven), seven, 1, adding(0, "b", {2}), nullptr);
  } catch (const pqxx::sql_error&) {
    waited = true;
  }
  CAF_CHECK(waited);
  first.commit();
  CAF_CHECK_EQUAL(commit_end_of(adding(0, "b", {2})), "stale");
}

CAF_TEST(a batch is one transaction with a version for each command) {
  auto both = adding(0, "a", {9});
  both.added = 2;
  both.commands.push_back(both.commands[0]);
  both.commands[1].key = "b";
  both.commands[1].version = 2;
  commit(both);
  CAF_CHECK_EQUAL(load().version, 2u);
  CAF_CHECK_EQUAL(db.sql("SELECT string_agg(key || version, ' ' ORDER BY key) FROM inbox"),
                  "a1 b2");
}

CAF_TEST(effects stand in the outbox in their order) {
  auto what = adding(0, "a", {1});
  for (auto i = 0; i < 5; ++i)
    what.sends.push_back({"counter/7/1/" + std::to_string(i),
                          {{"counter", "id-\"" + std::to_string(i)}, "add", {0, 0x22, 0x5c}}});
  commit(what);
  CAF_CHECK_EQUAL(db.sql("SELECT string_agg(right(key, 1), '' ORDER BY no) FROM outbox"), "01234");
  CAF_CHECK_EQUAL(db.sql("SELECT to_id FROM outbox ORDER BY no LIMIT 1"), "id-\"0");
  CAF_CHECK_EQUAL(db.sql("SELECT encode(body, 'hex') FROM outbox LIMIT 1"), "00225c");
}

CAF_TEST(items are written and removed and read in their order) {
  auto what = adding(0, "a", {1});
  for (auto key : {"c", "a", "b"})
    what.items.push_back({key, bytes{static_cast<std::uint8_t>(key[0])}});
  commit(what);
  auto next = adding(1, "b", {1});
  next.items = {{"b", {}}, {"c", bytes{7}}};
  commit(next);
  pqxx::work tx{connection};
  auto found = store::load_items(tx, seven, {"", 10, {}});
  CAF_REQUIRE_EQUAL(found.all.size(), 2u);
  CAF_CHECK_EQUAL(found.all[0].key, "a");
  CAF_CHECK(found.all[1].value == bytes{7});
  CAF_CHECK_EQUAL(found.version, 2u);
  CAF_CHECK_EQUAL(store::load_items(tx, seven, {"a", 10, {}}).all.size(), 1u);
  CAF_CHECK_EQUAL(store::load_items(tx, seven, {"", 0, {"c", "x"}}).all.size(), 1u);
  const auto none = store::load_items(tx, seven, {"x", 10, {}});
  CAF_CHECK(none.all.empty());
  CAF_CHECK_EQUAL(none.version, 2u);
  CAF_CHECK_EQUAL(store::load_items(tx, {"counter", "8"}, {"", 10, {}}).version, 0u);
}

CAF_TEST(a timer is set moved and stopped with the commit) {
  auto set = adding(4, "a", {1});
  db.sql("INSERT INTO entity VALUES ('counter', '7', " + std::to_string(slot_of(seven).get())
         + ", 4, 1, '')");
  set.timers = {{"daily", timestamp_ms{1'000}, 500, catch_up::once}};
  commit(set);
  CAF_CHECK_EQUAL(db.sql("SELECT due_ms || ' ' || every_ms || ' ' || catch_up || ' ' || fire_no "
                         "FROM timer"),
                  "1000 500 once 5");
  auto moved = adding(5, "b", {1});
  moved.timers = {{"daily", timestamp_ms{2'000}, 0, catch_up::each}};
  commit(moved);
  CAF_CHECK_EQUAL(db.sql("SELECT due_ms || ' ' || fire_no FROM timer"), "2000 5");
  auto stopped = adding(6, "c", {1});
  stopped.timers = {{"daily", {}}};
  commit(stopped);
  CAF_CHECK_EQUAL(db.sql("SELECT count(*) FROM timer"), "0");
}

CAF_TEST(a firing moves its timer on and one that is outdated writes nothing) {
  auto set = adding(0, "a", {1});
  set.timers = {{"daily", timestamp_ms{1'000}, 500, catch_up::once}};
  commit(set);
  auto fire = adding(1, "timer/daily/2", {2});
  fire.firings = {{0, {"daily", timestamp_ms{1'000}, 2, 3}}};
  CAF_CHECK_EQUAL(commit_end_of(fire), "done");
  CAF_CHECK_EQUAL(db.sql("SELECT due_ms || ' ' || fire_no FROM timer"), "3000 2");
  auto late = adding(2, "timer/daily/x", {3});
  late.firings = {{0, {"daily", timestamp_ms{1'000}, 2, 0}}};
  CAF_CHECK_EQUAL(commit_end_of(late), "outdated");
  CAF_CHECK_EQUAL(load().version, 2u);
}

CAF_TEST(a timer that fires once is gone unless its handler sets it again) {
  auto set = adding(0, "a", {1});
  set.timers = {{"soon", timestamp_ms{1'000}, 0, catch_up::each}};
  commit(set);
  auto fire = adding(1, "timer/soon/2", {2});
  fire.firings = {{0, {"soon", timestamp_ms{1'000}, 2, 0}}};
  fire.timers = {{"soon", timestamp_ms{5'000}, 0, catch_up::each}};
  CAF_CHECK_EQUAL(commit_end_of(fire), "done");
  CAF_CHECK_EQUAL(db.sql("SELECT due_ms || ' ' || fire_no FROM timer"), "5000 2");
  auto last = adding(2, "timer/soon/3", {3});
  last.firings = {{0, {"soon", timestamp_ms{5'000}, 3, 0}}};
  CAF_CHECK_EQUAL(commit_end_of(last), "done");
  CAF_CHECK_EQUAL(db.sql("SELECT count(*) FROM timer"), "0");
}

CAF_TEST(a kind with a table of its own keeps its states there) {
  db.sql("CREATE TABLE plain (id text PRIMARY KEY, text text)");
  db.sql("INSERT INTO plain VALUES ('7', 'from before')");
  auto mine = plain_table{};
  table = &mine;
  auto before = load();
  CAF_CHECK_EQUAL(before.version, 0u);
  CAF_CHECK(before.state.has_value());
  CAF_CHECK_EQUAL(commit_end_of(adding(0, "a", {'n', 'e', 'w'})), "done");
  CAF_CHECK_EQUAL(db.sql("SELECT text FROM plain"), "new");
  CAF_CHECK_EQUAL(db.sql("SELECT length(state) FROM entity"), "0");
  CAF_CHECK_EQUAL(load().version, 1u);
  CAF_CHECK_EQUAL(commit_end_of(adding(0, "b", {'x'})), "stale");
  CAF_CHECK_EQUAL(db.sql("SELECT text FROM plain"), "new");
}

CAF_TEST(lists come in pages) {
  for (auto i = 0; i < 5; ++i) {
    auto what = adding(static_cast<std::uint64_t>(i), "key/" + std::to_string(i), {1});
    what.timers = {{"t" + std::to_string(i), timestamp_ms{1'000}, 0, catch_up::skip}};
    what.sends = {{"k" + std::to_string(i), {{"counter", "sink"}, "add", {}}}};
    commit(what);
  }
  pqxx::work tx{connection};
  auto inbox = store::list_inbox(tx, {"counter/7", "", 3});
  CAF_REQUIRE_EQUAL(inbox.rows.size(), 3u);
  CAF_CHECK_EQUAL(inbox.next, "counter/7/key/2");
  auto rest = store::list_inbox(tx, {"counter/7", inbox.next, 3});
  CAF_CHECK_EQUAL(rest.rows.size(), 2u);
  CAF_CHECK(rest.next.empty());
  auto timers = store::list_timers(tx, {"", "", 2});
  CAF_CHECK_EQUAL(timers.next, "counter/7/t1");
  CAF_CHECK(timers.rows[0].catch_up == catch_up::skip);
  CAF_CHECK_EQUAL(store::list_timers(tx, {"", timers.next, 0}).rows.size(), 3u);
  auto outbox = store::list_outbox(tx, {"sink", false, 0, 4});
  CAF_CHECK_EQUAL(outbox.rows.size(), 4u);
  CAF_CHECK_EQUAL(store::list_outbox(tx, {"sink", false, outbox.next, 4}).rows.size(), 1u);
  CAF_CHECK(store::list_outbox(tx, {"", true, 0, 0}).rows.empty());
  auto entities = store::list_entities(tx, {"counter", "7", "", 0});
  CAF_REQUIRE_EQUAL(entities.rows.size(), 1u);
  CAF_CHECK_EQUAL(entities.rows[0].version, 5u);
  CAF_CHECK(store::list_entities(tx, {"mailbox", "", "", 0}).rows.empty());
}

CAF_TEST_FIXTURE_SCOPE_END()
