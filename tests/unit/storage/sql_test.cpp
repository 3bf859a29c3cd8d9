#define CAF_SUITE sql

#include "runtime/storage/sql.hpp"
#include "test_server.hpp"

#include <caf/test/unit_test.hpp>
#include <pqxx/connection>
#include <pqxx/nontransaction>

using namespace bpci;
using namespace bpci::storage;
using namespace bpci::storage::test;

namespace {

struct fixture {
  pqxx::connection connection{shared_server().dsn()};
  pqxx::nontransaction session{connection};

  failure failure_of(const std::string& sql) {
    try {
      session.exec(sql);
    } catch (...) {
      return to_failure(std::current_exception());
    }
    return fail(ec::none);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(sql_tests, fixture)

CAF_TEST(lists of text come back as they went) {
  std::vector<std::string> texts{"a", "", "b,c", "\"quoted\"", "back\\slash", "{}", "NULL", "ä"};
  auto rows = session.exec_params("SELECT $1::text[]", to_text_array(texts));
  CAF_CHECK_EQUAL(to_texts(rows[0][0]), texts);
  CAF_CHECK(to_texts(session.exec("SELECT '{}'::text[]")[0][0]).empty());
  CAF_CHECK(to_texts(session.exec("SELECT NULL::text[]")[0][0]).empty());
}

CAF_TEST(bytes come back as they went) {
  bytes value;
  for (auto i = 0; i < 256; ++i)
    value.push_back(static_cast<std::uint8_t>(i));
  auto rows = session.exec_params("SELECT $1::bytea", to_bytea(value));
  CAF_CHECK_EQUAL(to_bytes(rows[0][0]), value);
}

CAF_TEST(a conflict names the constraint and the columns but no value) {
  session.exec(
      "CREATE TEMP TABLE t (a int, secret text CHECK (secret <> 'x'), UNIQUE (a, secret))");
  session.exec("INSERT INTO t VALUES (1, 'hush')");
  auto twice = failure_of("INSERT INTO t VALUES (1, 'hush')");
  CAF_CHECK(twice.code == ec::conflict);
  CAF_CHECK_EQUAL(twice.detail, "duplicate key value violates unique constraint "
                                "\"t_a_secret_key\", columns a, secret");
  auto check = failure_of("INSERT INTO t VALUES (4711, 'x')");
  CAF_CHECK(check.code == ec::conflict);
  CAF_CHECK(check.detail.find("t_secret_check") != std::string::npos);
  CAF_CHECK(check.detail.find("4711") == std::string::npos);
}

CAF_TEST(every class of error has a code) {
  CAF_CHECK(failure_of("SELECT 1 / 0").code == ec::invalid_argument);
  CAF_CHECK(failure_of("SELECT nothing FROM nowhere").code == ec::internal);
  CAF_CHECK(failure_of("SET statement_timeout = 20; SELECT pg_sleep(5)").code == ec::timeout);
  CAF_CHECK(to_failure(std::make_exception_ptr(refused{fail(ec::superseded, "x")}))
            == fail(ec::superseded, "x"));
  CAF_CHECK(to_failure(std::make_exception_ptr(7)).code == ec::internal);
}

CAF_TEST_FIXTURE_SCOPE_END()
