#define CAF_SUITE consensus_record_store

#include "actors/consensus/evidence_store.hpp"
#include "actors/consensus/marker.hpp"
#include "actors/consensus/record_store.hpp"
#include "tests/unit/consensus/helpers.hpp"
#include "tests/unit/entity/database.hpp"

#include <caf/test/unit_test.hpp>
#include <pqxx/pqxx>

/// The tables of consensus, in a real PostgreSQL.
namespace bpci::consensus::store {

namespace {

using testing::id_of;

struct fixture {
  entity::test::database db;
  chain::hold by{slots::slot_no{17}, db.epoch, db.self};

  template <class F>
  auto commit(F what) {
    pqxx::connection to{db.dsn};
    pqxx::work tx{to};
    auto out = what(tx);
    if (out) tx.commit();
    return out;
  }
  found_record take(bool is_marked = false) {
    return commit([&](pqxx::work& tx) { return take_record(tx, by, "test", id_of(1), is_marked); })
        .value();
  }
  std::string write(std::uint64_t life, const safety_record& x) {
    auto done = commit([&](pqxx::work& tx) {
      return write_record(tx, by, "test", id_of(1), life, record_bytes(x), x.at, x.round);
    });
    return std::string{name(done ? ec::none : done.error().code)};
  }
  static safety_record record_at(std::uint64_t at) {
    safety_record out;
    out.at = height{at};
    out.round = round_no{2};
    out.prepared_vote = testing::prepare_of(1, at, 2, {});
    return out;
  }
  static kept_evidence lie_of(int who, std::uint64_t at) {
    auto what = evidence_of(testing::prepare_of(who, at, 0, hash{1}),
                            testing::prepare_of(who, at, 0, hash{2}))
                    .value();
    return {key_of(offence_of(what).value()),
            {what, id_of(who), height{at}, timestamp_ms{5}, std::nullopt},
            height{at + 1}};
  }
  bool keep(const kept_evidence& x) {
    return commit([&](pqxx::work& tx) { return keep_evidence(tx, by, "test", x); }).value();
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(consensus_record_store_tests, fixture)

CAF_TEST(a new validator has no record and finds what it has written) {
  auto first = take();
  CAF_CHECK(first.state == journal_state::fresh);
  CAF_CHECK(!first.was_there);
  CAF_CHECK_EQUAL(write(first.life, record_at(7)), "none");
  auto again = take(true);
  CAF_CHECK(again.state == journal_state::intact);
  CAF_CHECK(again.was_there);
  CAF_CHECK(again.record == record_at(7));
  CAF_CHECK_EQUAL(db.sql("SELECT height || ' ' || round FROM validator_record"), "7 2");
}

CAF_TEST(a new validator that never wrote stays a new one) {
  take();
  auto again = take(true);
  CAF_CHECK(again.state == journal_state::fresh);
}

CAF_TEST(a halt is found by every life until it is lifted) {
  auto halt = [this](const std::string& why) {
    return commit([&](pqxx::work& tx) { return write_halt(tx, by, "test", id_of(1), why); });
  };
  auto lift = [this] {
    return commit([&](pqxx::work& tx) { return lift_halt(tx, by, "test", id_of(1)); }).value();
  };
  CAF_CHECK(halt("two blocks").error().code == ec::not_found);
  CAF_CHECK(!take().halted.has_value());
  CAF_CHECK(halt("two blocks").has_value());
  CAF_CHECK(halt("and two more").has_value());
  CAF_CHECK(take().halted == "two blocks");
  CAF_CHECK(lift());
  CAF_CHECK(!take().halted.has_value());
  CAF_CHECK(!lift());
}

CAF_TEST(what an earlier life writes late is refused) {
  auto first = take();
  auto second = take();
  CAF_CHECK_EQUAL(write(second.life, record_at(8)), "none");
  CAF_CHECK_EQUAL(write(first.life, record_at(7)), "conflict");
  CAF_CHECK(take().record == record_at(8));
}

CAF_TEST(without the row but with the marker it is lost and stays so) {
  auto first = take();
  write(first.life, record_at(7));
  db.sql("DELETE FROM validator_record");
  CAF_CHECK_EQUAL(write(first.life, record_at(8)), "conflict");
  CAF_CHECK(take(true).state == journal_state::lost);
  auto again = take(false);
  CAF_CHECK(again.state == journal_state::lost);
  CAF_CHECK_EQUAL(write(again.life, record_at(30)), "none");
  CAF_CHECK(take(true).state == journal_state::intact);
}

CAF_TEST(damage is seen wherever it is and what was found is kept) {
  auto size = record_bytes(record_at(7)).size();
  for (std::size_t at = 0; at < size; at += 13) {
    auto now = take();
    CAF_REQUIRE_EQUAL(write(now.life, record_at(7)), "none");
    auto n = std::to_string(at);
    db.sql("UPDATE validator_record SET record = set_byte(record, " + n
           + ", 255 - get_byte(record, " + n + "))");
    CAF_CHECK(take().state == journal_state::lost);
    CAF_CHECK_EQUAL(db.sql("SELECT length(damaged) FROM validator_record"), std::to_string(size));
  }
}

CAF_TEST(half a record is damage) {
  auto now = take();
  write(now.life, record_at(7));
  db.sql("UPDATE validator_record SET record = substring(record for length(record) - 9)");
  CAF_CHECK(take().state == journal_state::lost);
}

CAF_TEST(who does not own the slot any more neither reads nor writes) {
  auto now = take();
  db.give_to(db.join("node-2"));
  CAF_CHECK_EQUAL(write(now.life, record_at(7)), "fenced");
  auto taken = commit([&](pqxx::work& tx) { return take_record(tx, by, "test", id_of(1), false); });
  CAF_CHECK(!taken);
}

CAF_TEST(evidence is kept once for its offence and marked with its block) {
  CAF_CHECK(keep(lie_of(4, 3)));
  CAF_CHECK(!keep(lie_of(4, 3)));
  CAF_CHECK(keep(lie_of(5, 3)));
  auto waiting =
      commit([&](pqxx::work& tx) { return std::optional{waiting_evidence(tx, "test", 10)}; });
  CAF_REQUIRE_EQUAL(waiting->size(), 2u);
  CAF_CHECK(waiting->front().line == lie_of(4, 3).line);
  CAF_CHECK(waiting->front().upon == height{4});
  commit(
      [&](pqxx::work& tx) { return mark_evidence(tx, by, "test", {lie_of(4, 3).key}, height{9}); });
  waiting = commit([&](pqxx::work& tx) { return std::optional{waiting_evidence(tx, "test", 10)}; });
  CAF_REQUIRE_EQUAL(waiting->size(), 1u);
  CAF_CHECK(waiting->front().line.by == id_of(5));
  auto all = commit([&](pqxx::work& tx) { return std::optional{list_evidence(tx, "test", 10)}; });
  CAF_REQUIRE_EQUAL(all->size(), 2u);
  CAF_CHECK(all->back().in_block == height{9});
}

CAF_TEST(the marker is there once it was made) {
  storage::test::temp_dir dir;
  auto marker = marker_path(dir.path() / "data", id_of(1));
  CAF_CHECK_EQUAL(marker.filename().string(), "0100000000000000.signed");
  CAF_CHECK(!is_marked(marker));
  CAF_REQUIRE(make_marker(marker).has_value());
  CAF_CHECK(is_marked(marker));
  CAF_CHECK(make_marker(marker).has_value());
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::consensus::store
