#define CAF_SUITE gateway_wallet_store

#include "gateways/wallet/wallet_store.hpp"
#include "runtime/storage/migrate.hpp"
#include "tests/unit/storage/test_server.hpp"

#include <caf/test/unit_test.hpp>
#include <pqxx/pqxx>

/// The tables of the wallets, in a real PostgreSQL.
namespace bpci::gateway::wallet::store {

namespace {

ledger::hash hash_of(std::uint8_t n) {
  ledger::hash out{};
  out.fill(n);
  return out;
}

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

  bool make(const std::string& name, std::uint8_t n) {
    return commit([&](pqxx::work& tx) {
      return add(tx, {{name, hash_of(n), {}}, "keystore of " + name});
    });
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(gateway_wallet_store_tests, fixture)

CAF_TEST(a wallet is stored once under its name) {
  CAF_CHECK(make("ada", 1));
  CAF_CHECK(!make("ada", 2));
  const auto found = commit([](pqxx::work& tx) { return find(tx, "ada"); });
  CAF_REQUIRE(found.has_value());
  CAF_CHECK(found->line.address == hash_of(1));
  CAF_CHECK_EQUAL(found->keystore, "keystore of ada");
  CAF_CHECK(found->line.made.get() > 1'700'000'000'000);
  CAF_CHECK(!commit([](pqxx::work& tx) { return find(tx, "bob"); }));
}

CAF_TEST(wallets are listed in pages) {
  make("c", 3);
  make("a", 1);
  make("b", 2);
  const auto first = commit([](pqxx::work& tx) { return list(tx, {"", 2}); });
  CAF_REQUIRE_EQUAL(first.wallets.size(), 2u);
  CAF_CHECK_EQUAL(first.wallets[0].name, "a");
  CAF_CHECK_EQUAL(first.next, "b");
  const auto second = commit([](pqxx::work& tx) { return list(tx, {"b", 2}); });
  CAF_REQUIRE_EQUAL(second.wallets.size(), 1u);
  CAF_CHECK_EQUAL(second.next, "");
}

CAF_TEST(of two transfers under one key the first one stays) {
  make("ada", 1);
  const transfer_row first{"k", "ada", hash_of(5), hash_of(6), {1, 2, 3}};
  const transfer_row second{"k", "ada", hash_of(7), hash_of(8), {4}};
  CAF_CHECK(commit([&](pqxx::work& tx) { return keep(tx, first); }) == first);
  CAF_CHECK(commit([&](pqxx::work& tx) { return keep(tx, second); }) == first);
  CAF_CHECK(commit([&](pqxx::work& tx) { return find_transfer(tx, "k"); }) == first);
  CAF_CHECK(commit([&](pqxx::work& tx) { return find_transfer_by_id(tx, hash_of(6)); }) == first);
  commit([](pqxx::work& tx) { forget(tx, "k"); });
  CAF_CHECK(!commit([&](pqxx::work& tx) { return find_transfer(tx, "k"); }));
  CAF_CHECK(commit([&](pqxx::work& tx) { return keep(tx, second); }) == second);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::gateway::wallet::store
