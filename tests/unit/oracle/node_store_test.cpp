#define CAF_SUITE oracle_node_store

#include "actors/oracle/node_store.hpp"
#include "actors/oracle/peer_announcement_store.hpp"
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

CAF_TEST(the standing of a node is kept and its key changes) {
  auto x = bank("a");
  save(x);
  x.public_key = std::string(62, '0') + "80";
  x.isolated_until = timestamp_ms{1'900'000'000'123};
  x.isolated_for = "bad_signature";
  x.isolations = 2;
  x.settled_sessions = 3;
  x.former_keys = {{bank("a").public_key, timestamp_ms{5}}};
  x.events = {
      {timestamp_ms{1'700'000'000'123}, "isolated", "bad_signature", "m1", x.isolated_until}};
  x.announced = announcement{node_id{"a"},    "Banking", "ws://a:1",   {"relay"},
                             timestamp_ms{7}, 60,        x.public_key, "00"};
  x.announced_until = timestamp_ms{1'900'000'000'456};
  save(x);
  CAF_CHECK(load("a") == x);
  x.isolated_until.reset();
  x.announced_until.reset();
  save(x);
  CAF_CHECK(load("a") == x);
}

CAF_TEST(an isolated node is counted and has no key to send under) {
  auto x = bank("a");
  x.isolated_until = timestamp_ms{4'000'000'000'000};
  save(x);
  auto past = bank("b");
  past.isolated_until = timestamp_ms{1'700'000'000'000};
  save(past);
  auto key_of = [&](const char* id) {
    auto key = run([id](pqxx::work& tx) { return find_key(tx, node_id{id}); });
    return key ? ec::none : key.error().code;
  };
  CAF_CHECK_EQUAL(key_of("a"), ec::isolated);
  CAF_CHECK_EQUAL(key_of("b"), ec::none);
  CAF_CHECK_EQUAL(key_of("c"), ec::unknown_node);
  CAF_CHECK_EQUAL(run([](pqxx::work& tx) { return count_isolated(tx); }), 1u);
  auto isolated = run([](pqxx::work& tx) { return isolated_nodes(tx, 10); });
  CAF_REQUIRE_EQUAL(isolated.size(), 1u);
  CAF_CHECK_EQUAL(isolated.front().node_id, node_id{"a"});
}

CAF_TEST(the last events of all nodes come newest first) {
  for (const auto* id : {"a", "b", "c"}) {
    auto x = bank(id);
    for (auto i = 0; i < 3; ++i)
      x.events.push_back(
          {timestamp_ms{1'700'000'000'000 + 10 * i + id[0]}, "isolated", "x", "m1", {}});
    save(x);
  }
  auto last = run([](pqxx::work& tx) { return last_events(tx, 4); });
  std::string order;
  for (const auto& x : last)
    order += x.node.get() + std::to_string((x.event.at.get() - 1'700'000'000'000) / 10) + " ";
  CAF_CHECK_EQUAL(order, "c11 b11 a11 c10 ");
}

CAF_TEST(announced nodes are found by type and by all of several capabilities) {
  auto announce = [&](const std::string& id, std::string type, std::vector<std::string> can,
                      std::int64_t until) {
    auto x = bank(id);
    x.node_type = std::move(type);
    x.capabilities = std::move(can);
    x.announced = announcement{x.node_id,       x.node_type, x.endpoint,   x.capabilities,
                               timestamp_ms{7}, 60,          x.public_key, "00"};
    x.announced_until = timestamp_ms{until};
    save(x);
  };
  constexpr std::int64_t later = 4'000'000'000'000;
  announce("a", "Banking", {"relay", "fast"}, later);
  announce("b", "Banking", {"relay"}, later);
  announce("c", "Storage", {"relay", "fast", "big"}, later);
  announce("d", "Banking", {"relay", "fast"}, 1'700'000'000'000); // not any more
  save(bank("e"));                                                // never
  announce("f", "Banking", {"relay", "fast"}, later);
  auto isolated = load("f").value();
  isolated.isolated_until = timestamp_ms{later};
  save(isolated);
  auto found = [&](const discover& what, std::size_t limit = 10) {
    std::string out;
    for (const auto& x :
         run([&](pqxx::work& tx) { return announced_nodes(tx, what, what.after, limit); }))
      out += x.announcement.node_id.get();
    return out;
  };
  CAF_CHECK_EQUAL(found({}), "abc");
  CAF_CHECK_EQUAL(found({"Banking", {}, 0, {}}), "ab");
  CAF_CHECK_EQUAL(found({{}, {"fast"}, 0, {}}), "ac");
  CAF_CHECK_EQUAL(found({"Storage", {"big", "fast"}, 0, {}}), "c");
  CAF_CHECK_EQUAL(found({{}, {"fast", "none"}, 0, {}}), "");
  CAF_CHECK_EQUAL(found({{}, {}, 0, "a"}, 1), "b");
  CAF_CHECK_EQUAL(run([](pqxx::work& tx) { return count_announced(tx); }), 4u);
}

CAF_TEST(what other operators pass on is kept until its end and a newer one wins) {
  constexpr std::int64_t later = 4'000'000'000'000;
  auto heard = [](const std::string& id, std::int64_t issued, const std::string& endpoint,
                  std::int64_t until) {
    return announced_node{{node_id{id},
                           "Banking",
                           endpoint,
                           {"relay"},
                           timestamp_ms{issued},
                           60,
                           std::string(64, '0'),
                           "00"},
                          timestamp_ms{until},
                          {}};
  };
  auto keep = [&](std::uint8_t who, const std::vector<announced_node>& all) {
    run([&](pqxx::work& tx) { keep_peer_announcements(tx, consensus::address{who}, all); });
  };
  keep(2, {heard("a", 5, "ws://a:5", later), heard("b", 5, "ws://b:5", later)});
  keep(1, {heard("b", 5, "ws://other:5", later)});
  keep(2, {heard("a", 4, "ws://a:4", later), heard("b", 6, "ws://b:6", later)});
  keep(2, {heard("c", 5, "ws://c:5", 1'700'000'000'000)});
  auto found = [&](const discover& what, const std::string& id = {}, const std::string& op = {},
                   std::size_t limit = 10) {
    std::string out;
    for (const auto& x :
         run([&](pqxx::work& tx) { return peer_announcements(tx, what, id, op, limit); }))
      out += x.announcement.endpoint + " of " + x.of_operator.substr(0, 2) + "; ";
    return out;
  };
  CAF_CHECK_EQUAL(found({}), "ws://a:5 of 02; ws://other:5 of 01; ws://b:6 of 02; ");
  CAF_CHECK_EQUAL(found({}, "b", "01" + std::string(62, '0')), "ws://b:6 of 02; ");
  CAF_CHECK_EQUAL(found({}, "b"), "ws://other:5 of 01; ws://b:6 of 02; ");
  CAF_CHECK_EQUAL(found({}, {}, {}, 1), "ws://a:5 of 02; ");
  CAF_CHECK_EQUAL(found({"Storage", {}, 0, {}}), "");
  CAF_CHECK_EQUAL(found({{}, {"relay", "fast"}, 0, {}}), "");
  run([](pqxx::work& tx) { drop_stale_peer_announcements(tx); });
  CAF_CHECK_EQUAL(storage::test::query(database, "SELECT count(*) FROM peer_announcement"), "3");
}

CAF_TEST(of one operator no more is kept than is allowed) {
  std::vector<announced_node> all;
  for (std::uint64_t i = 0; i < peer_announcements_max + 5; ++i)
    all.push_back({{node_id{"n" + std::to_string(i)},
                    "Banking",
                    "ws://n:1",
                    {},
                    timestamp_ms{5},
                    60,
                    std::string(64, '0'),
                    "00"},
                   timestamp_ms{4'000'000'000'000},
                   {}});
  auto keep = [&](std::uint8_t who) {
    run([&](pqxx::work& tx) { keep_peer_announcements(tx, consensus::address{who}, all); });
  };
  keep(1);
  keep(1);
  CAF_CHECK_EQUAL(storage::test::query(database, "SELECT count(*) FROM peer_announcement"), "1000");
  all.resize(1);
  keep(2);
  CAF_CHECK_EQUAL(storage::test::query(database, "SELECT count(*) FROM peer_announcement"), "1001");
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::oracle::store
