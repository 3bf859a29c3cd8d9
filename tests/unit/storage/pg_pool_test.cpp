#define CAF_SUITE pg_pool

#include "messages/inspect.hpp"
#include "messages/runtime/introspection.hpp"
#include "runtime/actor/actor_config.hpp"
#include "runtime/storage/pg_pool_actor.hpp"
#include "runtime/storage/session.hpp"
#include "test_server.hpp"

#include <caf/all.hpp>
#include <caf/test/unit_test.hpp>

#include <csignal>
#include <future>
#include <memory>
#include <optional>
#include <vector>

using namespace bpci;
using namespace bpci::storage;
using namespace bpci::storage::test;
using namespace std::chrono_literals;

namespace {

using std::chrono::steady_clock;

/// Something that cannot be serialized.
struct local_only {
  std::unique_ptr<int> x;
};

struct fixture {
  actor_config cfg;
  caf::actor_system sys{cfg};
  caf::scoped_actor self{sys};
  std::vector<caf::actor> pools;

  ~fixture() {
    for (auto& pool : pools)
      send_exit_now(pool, caf::exit_reason::user_shutdown);
    self->await_all_other_actors_done();
  }

  caf::actor make_pool(const std::string& conninfo, std::size_t size = 1, std::size_t limit = 100) {
    pg_pool_options how;
    how.conninfo = conninfo;
    how.size = size;
    how.queue_limit = limit;
    pools.push_back(sys.spawn<pg_pool_actor>(how));
    return pools.back();
  }

  template <class T = std::string, class F>
  result<T> ask(const caf::actor& pool, std::chrono::milliseconds deadline, F what) {
    result<T> outcome = fail(ec::none);
    storage::run<T>(self, pool, deadline, std::move(what))
        .receive([&](T x) { outcome = std::move(x); }, [&](const failure& why) { outcome = why; });
    return outcome;
  }

  result<std::string> sql(const caf::actor& pool, std::string text,
                          std::chrono::milliseconds deadline = 5s) {
    return ask(pool, deadline, [text](pqxx::work& tx) {
      auto rows = tx.exec(text);
      return rows.empty() || rows.columns() == 0 ? std::string{} : rows[0][0].as<std::string>("");
    });
  }

  pool_stats stats(const caf::actor& pool) {
    pool_stats now;
    self->request(pool, 5s, get_pool_stats{})
        .receive([&](const pool_stats& x) { now = x; }, [](caf::error&) {});
    return now;
  }

  /// Sends `count` transactions at once, from an actor each; their codes.
  std::vector<std::future<ec>> send_many(const caf::actor& pool, int count, std::string text,
                                         std::chrono::milliseconds deadline) {
    std::vector<std::future<ec>> codes;
    for (auto i = 0; i < count; ++i) {
      auto code = std::make_shared<std::promise<ec>>();
      codes.push_back(code->get_future());
      sys.spawn([=](caf::event_based_actor* from) {
        storage::run<void>(from, pool, deadline, [text](pqxx::work& tx) { tx.exec(text); })
            .then([code] { code->set_value(ec::none); },
                  [code](const failure& why) { code->set_value(why.code); });
      });
    }
    return codes;
  }
};

std::chrono::milliseconds since(steady_clock::time_point begin) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - begin);
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(pg_pool_tests, fixture)

CAF_TEST(a result reaches the caller without being serialized) {
  auto pool = make_pool(shared_server().dsn());
  auto got = ask<local_only>(pool, 5s, [](pqxx::work& tx) {
    return local_only{std::make_unique<int>(tx.exec1("SELECT 42")[0].as<int>())};
  });
  CAF_REQUIRE(got.has_value());
  CAF_CHECK_EQUAL(*got->x, 42);
  CAF_CHECK_EQUAL(sql(pool, "SHOW application_name").value(), "bpci");
  CAF_CHECK_EQUAL(sql(pool, "SHOW statement_timeout").value(), "5s");
  CAF_CHECK_EQUAL(sql(pool, "SHOW idle_in_transaction_session_timeout").value(), "1s");
}

CAF_TEST(what returns is committed and what throws or refuses is rolled back) {
  auto pool = make_pool(fresh_database(), 2);
  sql(pool, "CREATE TABLE t (x int)").value();
  auto thrown = ask<int>(pool, 5s, [](pqxx::work& tx) -> int {
    tx.exec("INSERT INTO t VALUES (1)");
    throw std::runtime_error("no");
  });
  CAF_CHECK(thrown.error().code == ec::internal);
  auto refusal = ask<int>(pool, 5s, [](pqxx::work& tx) -> result<int> {
    tx.exec("INSERT INTO t VALUES (2)");
    return fail(ec::superseded, "fenced");
  });
  CAF_CHECK(refusal == result<int>{fail(ec::superseded, "fenced")});
  auto told = ask<int>(pool, 5s, [](pqxx::work& tx) -> int {
    tx.exec("INSERT INTO t VALUES (3)");
    throw refused{fail(ec::not_found, "gone")};
  });
  CAF_CHECK(told == result<int>{fail(ec::not_found, "gone")});
  CAF_CHECK_EQUAL(sql(pool, "SELECT count(*) FROM t").value(), "0");
  sql(pool, "INSERT INTO t VALUES (4)").value();
  CAF_CHECK_EQUAL(sql(pool, "SELECT x FROM t").value(), "4");
}

CAF_TEST(a constraint of the database is a conflict) {
  auto pool = make_pool(fresh_database());
  sql(pool, "CREATE TABLE t (x int PRIMARY KEY)").value();
  sql(pool, "INSERT INTO t VALUES (1)").value();
  auto twice = sql(pool, "INSERT INTO t VALUES (1)");
  CAF_CHECK(twice.error().code == ec::conflict);
  CAF_CHECK(twice.error().detail.find("t_pkey") != std::string::npos);
}

CAF_TEST(a statement that takes too long is answered at the deadline and the worker is free) {
  auto pool = make_pool(shared_server().dsn());
  sql(pool, "SELECT 1").value();
  auto begin = steady_clock::now();
  auto slow = sql(pool, "SELECT pg_sleep(30)", 300ms);
  auto took = since(begin);
  CAF_CHECK(slow.error().code == ec::timeout);
  CAF_CHECK(took >= 300ms);
  CAF_CHECK(took < 10s);
  begin = steady_clock::now();
  CAF_CHECK_EQUAL(sql(pool, "SELECT 1").value(), "1");
  CAF_CHECK(since(begin) < 10s);
  CAF_CHECK_EQUAL(stats(pool).timeouts, 1u);
}

CAF_TEST(what was cut off at its deadline does not go on in the server) {
  auto pool = make_pool(fresh_database());
  sql(pool, "CREATE TABLE t (x int)").value();
  CAF_CHECK(!sql(pool, "SELECT pg_sleep(3); INSERT INTO t VALUES (1)", 200ms).has_value());
  CAF_CHECK(eventually([&] {
    return sql(pool, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(3)%'"
                     " AND pid <> pg_backend_pid()")
               .value()
           == "0";
  }));
  CAF_CHECK_EQUAL(sql(pool, "SELECT count(*) FROM t").value(), "0");
}

CAF_TEST(a full queue answers busy at once and those that wait time out in it) {
  auto pool = make_pool(shared_server().dsn(), 1, 3);
  sql(pool, "SELECT 1").value();
  auto codes = send_many(pool, 10, "SELECT pg_sleep(30)", 500ms);
  auto begin = steady_clock::now();
  auto busy = 0;
  auto late = 0;
  for (auto& code : codes) {
    auto got = code.get();
    busy += got == ec::busy;
    late += got == ec::timeout;
  }
  CAF_CHECK_EQUAL(busy, 6);
  CAF_CHECK_EQUAL(late, 4);
  CAF_CHECK(since(begin) < 10s);
  auto now = stats(pool);
  CAF_CHECK_EQUAL(now.refused, 6u);
  CAF_CHECK_EQUAL(now.queue_depth, 0u);
}

CAF_TEST(connections are shared by many callers) {
  auto pool = make_pool(fresh_database(), 4, 1000);
  sql(pool, "CREATE TABLE t (x int)").value();
  auto codes = send_many(pool, 500, "INSERT INTO t VALUES (1)", 5s);
  for (auto& code : codes)
    CAF_CHECK(code.get() == ec::none);
  CAF_CHECK_EQUAL(sql(pool, "SELECT count(*) FROM t").value(), "500");
  CAF_CHECK(stats(pool).connected == 4u);
}

CAF_TEST(a serialization failure is tried again) {
  auto pool = make_pool(fresh_database(), 2);
  sql(pool, "CREATE TABLE t AS SELECT 0 AS x").value();
  auto attempts = std::make_shared<std::atomic<int>>(0);
  auto outcome = ask<int>(pool, 5s, [attempts](pqxx::work& tx) {
    if (++*attempts < 3) tx.exec("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$");
    return tx.exec1("UPDATE t SET x = x + 1 RETURNING x")[0].as<int>();
  });
  CAF_CHECK(outcome == result<int>{1});
  CAF_CHECK_EQUAL(attempts->load(), 3);
  auto never = sql(pool, "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$");
  CAF_CHECK(never.error().code == ec::busy);
}

CAF_TEST(a database that is away is unavailable before the deadline) {
  auto pool = make_pool("host=/nonexistent dbname=x");
  auto begin = steady_clock::now();
  auto outcome = sql(pool, "SELECT 1", 500ms);
  CAF_CHECK(outcome.error().code == ec::unavailable);
  CAF_CHECK(since(begin) < 4s);
  auto codes = send_many(pool, 5, "SELECT 1", 300ms);
  for (auto& code : codes)
    CAF_CHECK(code.get() == ec::unavailable);
}

CAF_TEST(a lost connection is replaced without the caller seeing it) {
  auto pool = make_pool(shared_server().dsn());
  auto before = sql(pool, "SELECT pg_backend_pid()").value();
  query(shared_server().dsn(), "SELECT pg_terminate_backend(" + before + ")");
  auto after = sql(pool, "SELECT pg_backend_pid()");
  CAF_REQUIRE(after.has_value());
  CAF_CHECK(*after != before);
}

CAF_TEST(a connection that is lost in a transaction is unavailable and nothing is done) {
  auto pool = make_pool(fresh_database(), 2);
  sql(pool, "CREATE TABLE t (x int)").value();
  auto outcome =
      sql(pool, "INSERT INTO t VALUES (1); SELECT pg_terminate_backend(pg_backend_pid())");
  CAF_CHECK(outcome.error().code == ec::unavailable);
  CAF_CHECK_EQUAL(sql(pool, "SELECT count(*) FROM t").value(), "0");
}

CAF_TEST(the pool is back when the server is) {
  temp_dir home;
  auto server = embedded_postgres::start(small(home.path() / "data")).value();
  auto pool = make_pool(server->dsn(), 2);
  sql(pool, "CREATE TABLE t AS SELECT 42 AS x").value();
  server.reset();
  CAF_CHECK(sql(pool, "SELECT 1", 300ms).error().code == ec::unavailable);
  server = embedded_postgres::start(small(home.path() / "data")).value();
  CAF_CHECK_EQUAL(sql(pool, "SELECT x FROM t").value(), "42");
}

CAF_TEST(a stopped server holds nobody beyond the deadline) {
  temp_dir home;
  auto server = embedded_postgres::start(small(home.path() / "data")).value();
  auto pool = make_pool(server->dsn(), 2);
  sql(pool, "SELECT 1").value();
  auto backend = std::stoi(sql(pool, "SELECT pg_backend_pid()").value());
  kill(backend, SIGSTOP);
  kill(server->pid(), SIGSTOP);
  for (auto i = 0; i < 4; ++i) {
    auto begin = steady_clock::now();
    auto outcome = sql(pool, "SELECT 1", 400ms);
    auto took = since(begin);
    CAF_CHECK(!outcome.has_value());
    CAF_CHECK(outcome.error().code == ec::timeout || outcome.error().code == ec::unavailable);
    CAF_CHECK(took < 4s);
  }
  kill(server->pid(), SIGCONT);
  kill(backend, SIGCONT);
  CAF_CHECK_EQUAL(sql(pool, "SELECT 1").value(), "1");
}

CAF_TEST(every request is answered when the pool ends) {
  for (auto reason : {caf::exit_reason::user_shutdown, caf::exit_reason::kill}) {
    auto pool = make_pool(shared_server().dsn(), 1, 100);
    auto codes = send_many(pool, 5, "SELECT pg_sleep(30)", 4s);
    CAF_CHECK(eventually([&] { return stats(pool).queue_depth == 4; }));
    auto begin = steady_clock::now();
    send_exit_now(pool, reason);
    for (auto& code : codes)
      CAF_CHECK(code.get() == ec::shutting_down);
    CAF_CHECK(since(begin) < 3s);
    CAF_CHECK(sql(pool, "SELECT 1").error().code == ec::restarted);
  }
}

CAF_TEST(the state of a pool can be read by an admin) {
  auto pool = make_pool(shared_server().dsn());
  sql(pool, "SELECT 1").value();
  std::string json;
  self->request(pool, 5s, get_state{})
      .receive([&](const actor_state& x) { json = x.json; }, [](caf::error&) {});
  CAF_CHECK(json.find("\"queries\":1") != std::string::npos);
}

CAF_TEST_FIXTURE_SCOPE_END()
