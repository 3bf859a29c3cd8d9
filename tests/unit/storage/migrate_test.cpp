#define CAF_SUITE migrate

#include "runtime/storage/migrate.hpp"
#include "test_server.hpp"

#include <caf/test/unit_test.hpp>

#include <future>
#include <vector>

using namespace bpci;
using namespace bpci::storage;
using namespace bpci::storage::test;

namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

const std::vector<migration> three{
    {1, "one", "aa", "CREATE TABLE one (x int)"},
    {2, "two", "bb", "CREATE TABLE two (x int); SELECT pg_sleep(0.2)"},
    {3, "three", "cc", "INSERT INTO two VALUES (3)"},
};

} // namespace

CAF_TEST(the steps of the program apply to an empty database and then there are none) {
  auto database = fresh_database();
  auto known = static_cast<int>(all_migrations().size());
  CAF_CHECK(migrate(database) == result<int>{known});
  CAF_CHECK(migrate(database) == result<int>{0});
  CAF_CHECK_EQUAL(query(database, "SELECT count(*) FROM schema_migration"), std::to_string(known));
  CAF_CHECK_EQUAL(query(database, "SELECT count(*) FROM member"), "0");
}

CAF_TEST(three nodes that start together migrate once) {
  auto database = fresh_database();
  std::vector<std::future<result<int>>> nodes;
  for (auto i = 0; i < 3; ++i)
    nodes.push_back(std::async(std::launch::async, [&] { return migrate(database, three); }));
  auto applied = 0;
  for (auto& node : nodes)
    applied += node.get().value();
  CAF_CHECK_EQUAL(applied, 3);
  CAF_CHECK_EQUAL(query(database, "SELECT count(*) FROM two"), "1");
}

CAF_TEST(a step that was changed after it was applied is refused) {
  auto database = fresh_database();
  CAF_REQUIRE(migrate(database, three).has_value());
  auto changed = three;
  changed[1].sha256 = "dd";
  auto outcome = migrate(database, changed);
  CAF_REQUIRE(!outcome.has_value());
  CAF_CHECK(outcome.error().code == ec::storage_failed);
  CAF_CHECK(contains(outcome.error().detail, "0002-two"));
}

CAF_TEST(a database of a newer program is refused with a next step) {
  auto database = fresh_database();
  CAF_REQUIRE(migrate(database, three).has_value());
  auto outcome = migrate(database, std::span{three}.first(2));
  CAF_REQUIRE(!outcome.has_value());
  CAF_CHECK(outcome.error().code == ec::storage_failed);
  CAF_CHECK(contains(outcome.error().detail, "0003-three"));
  CAF_CHECK(contains(outcome.error().detail, "restore the backup"));
}

CAF_TEST(a step that fails leaves nothing of itself and keeps those before it) {
  auto database = fresh_database();
  auto steps = three;
  steps[2].sql = "CREATE TABLE half (x int); SELECT 1 / 0";
  auto outcome = migrate(database, steps);
  CAF_REQUIRE(!outcome.has_value());
  CAF_CHECK(contains(outcome.error().detail, "0003-three"));
  CAF_CHECK_EQUAL(query(database, "SELECT count(*) FROM schema_migration"), "2");
  CAF_CHECK_EQUAL(query(database, "SELECT to_regclass('half') IS NULL"), "t");
  CAF_CHECK(migrate(database, three) == result<int>{1});
}

CAF_TEST(a database that is away is unavailable) {
  auto outcome = migrate("host=/nonexistent dbname=x");
  CAF_REQUIRE(!outcome.has_value());
  CAF_CHECK(outcome.error().code == ec::unavailable);
}

CAF_TEST(one member name has one life at a time) {
  auto database = fresh_database();
  CAF_REQUIRE(migrate(database).has_value());
  auto join = "INSERT INTO member (member_id, link_host, link_port, http_address, state)"
              " VALUES ('n1', '127.0.0.1', 7001, 'http://n1', 'joining')";
  query(database, join);
  auto refused = false;
  try {
    query(database, join);
  } catch (const std::exception&) {
    refused = true;
  }
  CAF_CHECK(refused);
  query(database, "UPDATE member SET state = 'dead'");
  query(database, join);
  CAF_CHECK_EQUAL(query(database, "SELECT max(incarnation) > min(incarnation) FROM member"), "t");
}
