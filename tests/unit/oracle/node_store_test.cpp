#define CAF_SUITE oracle_node_store

#include "actors/oracle/node_store.hpp"
#include "messages/codec/msgpack.hpp"
#include "runtime/storage/migrate.hpp"
#include "tests/unit/storage/test_server.hpp"

#include <caf/test/unit_test.hpp>
#include <pqxx/connection>

/// The table of the register, on a real PostgreSQL.
namespace bpci::oracle::store {

namespace {

struct fixture {
  std::string database = migrated();
  pqxx::connection connection{database};
  entity::state_table_ptr table = node_table();

  static std::string migrated() {
    auto out = storage::test::fresh_database();
    CAF_REQUIRE(storage::migrate(out).has_value());
    return out;
  }

  template <class F>
  auto run(F what) {
    pqxx::work tx{connection};
    if constexpr (std::is_void_v<std::invoke_result_t<F, pqxx::work&>>) {
      what(tx);
      tx.commit();
    } else {
      auto out = what(tx);
      tx.commit();
      return out;
    }
  }

  static node_record bank(const std::string& id) {
    node_record out;
    out.node_id = node_id{id};
    out.node_type = "Banking";
    out.endpoint = "wss://" + id + ".example:443";
    out.capabilities = {"relay", "with \"quotes\", {braces}"};
    out.public_key = std::string(62, '0') + "7f";
    out.sessions = 3;
    out.registered_at = timestamp_ms{1'700'000'000'123};
    return out;
  }

  void save(const node_record& x) {
    run([&](pqxx::work& tx) { table->save(tx, x.node_id.get(), codec::to_msgpack(x)); });
  }

  std::optional<node_record> load(const std::string& id) {
    auto state = run([&](pqxx::work& tx) { return table->load(tx, id); });
    if (!state) return std::nullopt;
    return codec::from_msgpack<node_record>(*state).value();
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(node_store_tests, fixture)

CAF_TEST(a node is read as it was written) {
  CAF_CHECK(!load("a"));
  auto x = bank("a");
  save(x);
  CAF_CHECK(load("a") == x);
  x.endpoint = "ws://elsewhere:1";
  x.capabilities.clear();
  x.sessions = 4;
  x.last_seen = timestamp_ms{1'700'000'001'999};
  save(x);
  CAF_CHECK(load("a") == x);
}

CAF_TEST(a row that was there before entities were is one) {
  storage::test::query(database,
                       "INSERT INTO bpi_node (node_id, node_type, endpoint, capabilities, "
                       "public_key, session_no) VALUES ('old', 'Banking', 'ws://o:1', '{relay}', "
                       "decode(repeat('00', 31) || '7f', 'hex'), 41)");
  auto x = load("old");
  CAF_REQUIRE(x);
  CAF_CHECK_EQUAL(x->sessions, 41u);
  CAF_CHECK_EQUAL(x->public_key, bank("old").public_key);
  CAF_CHECK(!x->last_seen);
  auto before = x->registered_at;
  ++x->sessions;
  save(*x);
  auto after = load("old");
  CAF_CHECK_EQUAL(after->sessions, 42u);
  CAF_CHECK_EQUAL(after->registered_at, before);
}

CAF_TEST(what is entered is listed and known and counted) {
  for (const auto* id : {"b", "a", "c"})
    save(bank(id));
  auto all = run([](pqxx::work& tx) { return list_nodes(tx, node_id{"a"}, "Banking", 10); });
  CAF_REQUIRE_EQUAL(all.size(), 2u);
  CAF_CHECK_EQUAL(all.front().node_id, node_id{"b"});
  auto known = run([](pqxx::work& tx) {
    return known_nodes(tx, {node_id{"c"}, node_id{"nobody"}, node_id{"x,\"y"}});
  });
  CAF_CHECK(known == std::vector{node_id{"c"}});
  auto key = run([](pqxx::work& tx) { return find_key(tx, node_id{"a"}); });
  CAF_REQUIRE(key);
  CAF_CHECK_EQUAL(crypto::to_hex(*key), bank("a").public_key);
  auto count = run([](pqxx::work& tx) { return count_nodes(tx); });
  CAF_CHECK_EQUAL(count, 3u);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::oracle::store
