#define CAF_SUITE gateway_audit_store

#include "gateways/api/access_store.hpp"
#include "gateways/api/audit_store.hpp"
#include "runtime/storage/migrate.hpp"
#include "tests/unit/storage/test_server.hpp"

#include <caf/test/unit_test.hpp>
#include <pqxx/pqxx>

#include <future>

/// The tables of the API, in a real PostgreSQL.
namespace bpci::gateway::store {

namespace {

struct fixture {
  std::string database = storage::test::fresh_database();

  fixture() { storage::migrate(database).value(); }

  template <class F>
  auto commit(F what) {
    pqxx::connection to{database};
    pqxx::work tx{to};
    if constexpr (std::is_void_v<std::invoke_result_t<F, pqxx::work&>>) {
      what(tx);
      tx.commit();
    } else {
      auto out = what(tx);
      tx.commit();
      return out;
    }
  }

  std::uint64_t begin(const std::string& action, const std::string& target) {
    return commit([&](pqxx::work& tx) {
      return begin_action(tx, {"ada", action, target, "why, 'so'", correlation_id{"c-1"}});
    });
  }

  audit::page list(const audit::query& what) {
    return commit([&](pqxx::work& tx) { return list_actions(tx, what); });
  }

  /// "3 2": the numbers, and the cursor behind a colon if there is one.
  std::string numbers(const audit::query& what) {
    std::string out;
    auto page = list(what);
    for (const auto& x : page.actions)
      out += (out.empty() ? "" : " ") + std::to_string(x.no);
    return page.next == 0 ? out : out + ":" + std::to_string(page.next);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(gateway_audit_store_tests, fixture)

CAF_TEST(an action stands without a result until it is completed) {
  auto no = begin("drain", "node-2");
  auto open = list({"", "", 0, 10}).actions.at(0);
  CAF_CHECK_EQUAL(open.result, "");
  CAF_CHECK_EQUAL(open.why, "why, 'so'");
  CAF_CHECK(open.at.get() > 1'700'000'000'000);
  commit([&](pqxx::work& tx) { end_action(tx, no, "done"); });
  commit([&](pqxx::work& tx) { end_action(tx, no, "conflict"); });
  auto all = list({"", "", 0, 10});
  CAF_REQUIRE_EQUAL(all.actions.size(), 1u);
  auto expected = open;
  expected.result = "done";
  CAF_CHECK(all.actions[0] == expected);
}

CAF_TEST(actions are listed newest first in pages and by target and action) {
  begin("kill", "/node-1/oracle/relay");
  begin("drain", "node-2");
  begin("kill", "/node-2/oracle/relay");
  begin("move", "slots 1_2 to node-3");
  CAF_CHECK_EQUAL(numbers({"", "", 0, 10}), "4 3 2 1");
  CAF_CHECK_EQUAL(numbers({"", "", 0, 3}), "4 3 2:2");
  CAF_CHECK_EQUAL(numbers({"", "", 2, 3}), "1");
  CAF_CHECK_EQUAL(numbers({"node-2", "", 0, 10}), "3 2");
  CAF_CHECK_EQUAL(numbers({"node-2", "drain", 0, 10}), "2");
  CAF_CHECK_EQUAL(numbers({"", "kill", 0, 1}), "3:3");
  CAF_CHECK_EQUAL(numbers({"1%2", "", 0, 10}), "");
  CAF_CHECK_EQUAL(numbers({"", "", ~std::uint64_t{0}, 10}), "4 3 2 1");
}

CAF_TEST(the first token knows itself again and no other is the first) {
  auto enter = [this](const std::string& hash) {
    return commit([&](pqxx::work& tx) { return enter_first_token(tx, hash); });
  };
  CAF_CHECK(enter("aa"));
  CAF_CHECK(enter("aa"));
  CAF_CHECK(!enter("bb"));
  auto label = [this](const std::string& hash) {
    return commit([&](pqxx::work& tx) { return find_token(tx, hash); });
  };
  CAF_CHECK(label("aa") == "first start");
  CAF_CHECK(!label("bb"));
}

CAF_TEST(of nodes that start together one has the first token) {
  std::vector<std::future<bool>> nodes;
  for (auto i = 0; i < 4; ++i)
    nodes.push_back(std::async(std::launch::async, [this, i] {
      return commit([&](pqxx::work& tx) { return enter_first_token(tx, std::to_string(i)); });
    }));
  auto first = 0;
  for (auto& node : nodes)
    first += node.get() ? 1 : 0;
  CAF_CHECK_EQUAL(first, 1);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::gateway::store
