#define CAF_SUITE governance_round_store

#include "actors/governance/round_store.hpp"
#include "messages/codec/msgpack.hpp"
#include "runtime/storage/migrate.hpp"
#include "runtime/time/clock.hpp"
#include "tests/unit/storage/test_server.hpp"

#include <caf/test/unit_test.hpp>
#include <pqxx/connection>

/// The table of the rounds, on a real PostgreSQL.
namespace bpci::governance::store {

namespace {

struct fixture {
  std::string database = migrated();
  pqxx::connection connection{database};
  entity::state_table_ptr table = round_table();

  static std::string migrated() {
    auto out = storage::test::fresh_database();
    CAF_REQUIRE(storage::migrate(out).has_value());
    return out;
  }

  template <class F>
  auto run(F what) {
    pqxx::work tx{connection};
    auto out = what(tx);
    tx.commit();
    return out;
  }

  static round_record round(const std::string& id, std::int64_t opened, standing how,
                            std::int64_t closed = 0) {
    round_record out;
    out.what.proposal_id = id;
    out.what.proposer_node = "ann";
    out.what.proposal_type = "ProtocolUpgrade";
    out.what.content = "{\"version\": \"2\"}";
    out.opened_at = timestamp_ms{opened};
    out.standing = how;
    if (closed > 0) out.closed_at = timestamp_ms{closed};
    out.tally = {4, 4'000, 3, 2'000, 1'000, 0};
    out.refused = 2;
    return out;
  }

  void save(const round_record& x) {
    run([&](pqxx::work& tx) {
      table->save(tx, x.what.proposal_id, codec::to_msgpack(x));
      return 0;
    });
  }

  /// "c b | ..." in pages of two.
  std::string listed(const std::string& how, const std::string& type = {}) {
    std::string out;
    governance::list_rounds what{how, type, {}, 2};
    do {
      const auto page = run([&](pqxx::work& tx) { return list_rounds(tx, what); }).value();
      for (const auto& one : page.rounds)
        out += one.what.proposal_id + " ";
      what.after = page.next;
      if (!what.after.empty()) out += "| ";
    } while (!what.after.empty());
    return out;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(round_store_tests, fixture)

CAF_TEST(a round is read as it was written) {
  auto x = round("a", 1'000, standing::Active);
  save(x);
  const auto load = [&] {
    return run([&](pqxx::work& tx) { return table->load(tx, "a"); }).value();
  };
  CAF_CHECK(codec::from_msgpack<round_record>(load()).value() == x);
  x.standing = standing::Approved;
  x.closed_at = timestamp_ms{2'000};
  save(x);
  CAF_CHECK(codec::from_msgpack<round_record>(load()).value() == x);
  CAF_CHECK(!run([&](pqxx::work& tx) { return table->load(tx, "b"); }));
}

CAF_TEST(rounds are listed newest first and by state and type) {
  save(round("a", 1'000, standing::Approved, 1'500));
  save(round("b", 2'000, standing::Active));
  save(round("c", 2'000, standing::Active));
  auto other = round("d", 3'000, standing::Expired, 4'000);
  other.what.proposal_type = "Custom(x)";
  save(other);
  CAF_CHECK_EQUAL(listed(""), "d c | b a ");
  CAF_CHECK_EQUAL(listed("Active"), "c b ");
  CAF_CHECK_EQUAL(listed("", "ProtocolUpgrade"), "c b | a ");
  CAF_CHECK_EQUAL(listed("", "Custom(x)"), "d ");
  const auto bad = run([](pqxx::work& tx) { return list_rounds(tx, {{}, {}, "nonsense", 2}); });
  CAF_CHECK(bad.error().code == ec::invalid_argument);
}

CAF_TEST(what has become of the rounds is counted) {
  save(round("a", 1'000, standing::Approved, 2'000));
  save(round("b", 1'000, standing::Rejected, 4'000));
  save(round("c", 1'000, standing::Active));
  const auto x = run([](pqxx::work& tx) { return read_stats(tx); });
  CAF_CHECK_EQUAL(x.rounds, 3u);
  CAF_CHECK_EQUAL(x.active, 1u);
  CAF_CHECK_EQUAL(x.approved, 1u);
  CAF_CHECK_EQUAL(x.rejected, 1u);
  CAF_CHECK_EQUAL(x.votes, 9u);
  CAF_CHECK_EQUAL(x.votes_refused, 6u);
  CAF_CHECK_EQUAL(x.participation, 7'500u);
  CAF_CHECK_EQUAL(x.duration_ms, 2'000u);
  const auto active = run([](pqxx::work& tx) { return count_active(tx, "bob"); });
  CAF_CHECK_EQUAL(active.all, 1u);
  CAF_CHECK_EQUAL(active.of_proposer, 0u);
}

CAF_TEST(results of the last minute are found by a member that starts and older ones are not ) {
  const auto now = wall_now().get();
  save(round("old", 1'000, standing::Approved, now - 120'000));
  save(round("new", 1'000, standing::Approved, now - 5'000));
  save(round("open", 1'000, standing::Active));
  const auto found = run([](pqxx::work& tx) { return read_news(tx, {}, 10); });
  CAF_REQUIRE_EQUAL(found.ended.size(), 1u);
  CAF_CHECK_EQUAL(found.ended.front().what.proposal_id, "new");
  const auto all = run([&](pqxx::work& tx) { return read_news(tx, timestamp_ms{1}, 1); });
  CAF_REQUIRE_EQUAL(all.ended.size(), 1u);
  CAF_CHECK_EQUAL(all.ended.front().what.proposal_id, "old");
  CAF_CHECK(found.opened.empty());
  save(round("fresh", now - 5'000, standing::Active));
  const auto fresh = run([](pqxx::work& tx) { return read_news(tx, {}, 10); });
  CAF_REQUIRE_EQUAL(fresh.opened.size(), 1u);
  CAF_CHECK_EQUAL(fresh.opened.front().what.proposal_id, "fresh");
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::governance::store
