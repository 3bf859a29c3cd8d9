#define CAF_SUITE slot_store

#include "runtime/slots/fence.hpp"
#include "runtime/slots/slot_store.hpp"
#include "runtime/storage/migrate.hpp"
#include "tests/unit/storage/test_server.hpp"

#include <caf/test/unit_test.hpp>
#include <pqxx/connection>

#include <future>
#include <optional>

using namespace bpci;
using namespace bpci::slots;
using namespace bpci::storage::test;
using namespace std::chrono_literals;

namespace {

/// A database with the schema.
std::string new_database() {
  auto database = fresh_database();
  storage::migrate(database).value();
  return database;
}

struct fixture {
  std::string database = new_database();
  pqxx::connection connection{database};

  std::string sql(const std::string& text) { return query(database, text); }

  incarnation join(const std::string& id, const std::string& state = "up") {
    return incarnation{std::stoull(
        sql("INSERT INTO member (member_id, link_host, link_port, http_address, state) VALUES ('"
            + id + "', '127.0.0.1', 7001, 'h', '" + state + "') RETURNING incarnation"))};
  }

  void set(incarnation who, const std::string& state) {
    sql("UPDATE member SET state = '" + state
        + "' WHERE incarnation = " + std::to_string(who.get()));
  }

  /// In a transaction that is committed unless `what` gives a failure.
  template <class F>
  auto run(F what) {
    return run_on(connection, std::move(what));
  }

  template <class F>
  static auto run_on(pqxx::connection& on, F what) {
    pqxx::work tx{on};
    auto out = what(tx);
    tx.commit();
    return out;
  }

  result<table_part> claim(incarnation who, const std::vector<seen_slot>& slots) {
    pqxx::work tx{connection};
    auto out = store::claim(tx, who, slots);
    if (out) tx.commit();
    return out;
  }

  table_part release(incarnation who, const std::vector<seen_slot>& slots,
                     const char* why = "why") {
    return run([&](pqxx::work& tx) { return store::release(tx, who, slots, why); });
  }

  table_part read() { return run(store::read_all); }
  slot_record at(std::uint16_t slot) { return read().rows.at(slot); }
  std::string reason(std::uint16_t slot) { return at(slot).reason; }
  /// On another connection: also while a transaction is open on this one.
  epoch_no at_epoch(int slot) {
    return epoch_no{
        std::stoull(sql("SELECT epoch FROM slot WHERE slot = " + std::to_string(slot)))};
  }

  std::vector<seen_slot> seen(std::initializer_list<std::uint16_t> slots) {
    auto all = read();
    std::vector<seen_slot> out;
    for (auto slot : slots)
      out.push_back({slot_no{slot}, all.rows.at(slot).row.epoch});
    return out;
  }

  ec lock(std::uint16_t slot, epoch_no epoch, incarnation who) {
    pqxx::work tx{connection};
    auto locked = lock_slot(tx, slot_no{slot}, epoch, who);
    return locked ? ec::none : locked.error().code;
  }

  move_page moves(const move_query& what) {
    return run([&](pqxx::work& tx) { return store::list_moves(tx, what); });
  }

  /// "7: >a claimed: nobody had it"
  static std::string words(const slot_move& x) {
    return std::to_string(x.slot.get()) + ": " + x.from.get() + ">" + x.to.get() + " " + x.reason;
  }
};

bool is_pending(auto& future) {
  return future.wait_for(100ms) == std::future_status::timeout;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(slot_store_tests, fixture)

CAF_TEST(at first nobody owns anything) {
  auto all = read();
  CAF_REQUIRE_EQUAL(all.rows.size(), 1024u);
  for (std::uint16_t i = 0; i < slot_count; ++i)
    CAF_CHECK(all.rows[i].row == (slot_row{slot_no{i}, {}, {}, false, {}}));
  CAF_CHECK_EQUAL(all.rows[0].reason, "never owned");
}

CAF_TEST(a claim makes an owner with an epoch of the timeline) {
  auto a = join("a");
  auto before = read().change;
  auto got = claim(a, seen({3, 900}));
  CAF_REQUIRE(got.has_value());
  CAF_REQUIRE_EQUAL(got->rows.size(), 2u);
  CAF_CHECK(got->change == change_no{before.get() + 1});
  auto now = at(900);
  CAF_CHECK(now == got->rows[1]);
  CAF_CHECK(now.row.owner == a);
  CAF_CHECK(now.owner_id == member_id{"a"});
  CAF_CHECK(now.row.epoch == epoch_no{(std::uint64_t{1} << 40) + 1});
  CAF_CHECK(read().change == got->change);
  CAF_CHECK(now.moved_at > timestamp_ms{1'600'000'000'000});
}

CAF_TEST(only members that are up may claim) {
  for (const auto* state : {"joining", "draining", "left", "dead"}) {
    auto got = claim(join(state, state), seen({1}));
    CAF_CHECK(got.error().code == ec::not_permitted);
  }
  CAF_CHECK(claim(incarnation{999}, seen({1})).error().code == ec::not_permitted);
  CAF_CHECK(at(1).row.owner == incarnation{});
  CAF_CHECK_EQUAL(sql("SELECT change_no FROM cluster_view"), "0");
}

CAF_TEST(a claim takes nothing from the living and everything from the dead and the left) {
  auto a = join("a");
  auto b = join("b");
  auto c = join("c");
  claim(a, seen({1})).value();
  claim(c, seen({2})).value();
  auto part = claim(b, seen({1, 2, 3})).value();
  CAF_CHECK_EQUAL(part.rows.size(), 1u);
  CAF_CHECK_EQUAL(claim(b, seen({1, 2})).value().rows.size(), 0u);
  CAF_CHECK(claim(b, seen({1, 2})).value().change == change_no{});
  for (const auto* state : {"joining", "draining"}) {
    set(a, state);
    CAF_CHECK_EQUAL(claim(b, seen({1})).value().rows.size(), 0u);
  }
  set(a, "dead");
  set(c, "left");
  CAF_CHECK_EQUAL(claim(b, seen({1, 2})).value().rows.size(), 2u);
  CAF_CHECK_EQUAL(reason(1), "claimed: a is dead");
  CAF_CHECK_EQUAL(reason(2), "claimed: c has left");
  CAF_CHECK_EQUAL(reason(3), "claimed: nobody had it");
}

CAF_TEST(a claim under an old epoch gets nothing) {
  auto a = join("a");
  auto old = seen({1});
  auto part = claim(a, old).value();
  release(a, seen({1}));
  CAF_CHECK_EQUAL(claim(a, old).value().rows.size(), 0u);
  CAF_CHECK_EQUAL(claim(a, seen({1})).value().rows.size(), 1u);
}

CAF_TEST(the epoch rises with each release and each claim) {
  auto a = join("a");
  auto b = join("b");
  auto last = epoch_no{};
  for (auto i = 0; i < 3; ++i)
    for (auto who : {a, b}) {
      CAF_CHECK_EQUAL(claim(who, seen({5})).value().rows.size(), 1u);
      CAF_CHECK(at(5).row.epoch > last);
      last = at(5).row.epoch;
      CAF_CHECK_EQUAL(release(who, seen({5})).rows.size(), 1u);
      CAF_CHECK(at(5).row.epoch > last);
      last = at(5).row.epoch;
    }
}

CAF_TEST(only the owner can mark and release a slot) {
  auto a = join("a");
  auto b = join("b");
  claim(a, seen({1, 2})).value();
  auto now = seen({1, 2, 3});
  auto mark = [&](incarnation who) {
    return run([&](pqxx::work& tx) { return store::mark_draining(tx, who, now); });
  };
  CAF_CHECK(mark(b).rows.empty());
  CAF_CHECK(release(b, now).rows.empty());
  auto marked = mark(a);
  CAF_CHECK_EQUAL(marked.rows.size(), 2u);
  CAF_CHECK(marked.rows[0].row.draining);
  CAF_CHECK(marked.change == read().change);
  CAF_CHECK(at(1) == marked.rows[0]);
  auto released = release(a, now, "released: b scores higher");
  CAF_CHECK_EQUAL(released.rows.size(), 2u);
  CAF_CHECK(at(1) == released.rows[0]);
  CAF_CHECK(at(1).row.owner == incarnation{});
  CAF_CHECK(!at(1).row.draining);
  CAF_CHECK(at(1).owner_id == member_id{});
  CAF_CHECK_EQUAL(reason(1), "released: b scores higher");
  CAF_CHECK(release(a, now).rows.empty());
}

CAF_TEST(of two members that claim at once one wins each slot) {
  auto a = join("a");
  auto b = join("b");
  for (auto round = std::uint16_t{0}; round < 20; ++round) {
    std::vector<seen_slot> slots;
    for (std::uint16_t i = 0; i < 40; ++i)
      slots.push_back({slot_no{static_cast<std::uint16_t>(round * 40 + i)}, {}});
    auto turned = std::vector<seen_slot>{slots.rbegin(), slots.rend()};
    auto attempt = [&](incarnation who, const std::vector<seen_slot>& what) {
      pqxx::connection own{database};
      return run_on(own, [&](pqxx::work& tx) { return store::claim(tx, who, what); })
          .value()
          .rows.size();
    };
    auto one = std::async(std::launch::async, [&] { return attempt(a, slots); });
    auto other = std::async(std::launch::async, [&] { return attempt(b, turned); });
    CAF_CHECK_EQUAL(one.get() + other.get(), 40u);
  }
  CAF_CHECK_EQUAL(sql("SELECT count(*) FROM slot_move"), "800");
}

CAF_TEST(a writer must know the owner and the epoch) {
  auto a = join("a");
  auto b = join("b");
  claim(a, seen({1})).value();
  auto epoch = at(1).row.epoch;
  CAF_CHECK(lock(1, epoch, a) == ec::none);
  CAF_CHECK(lock(1, epoch, b) == ec::fenced);
  CAF_CHECK(lock(1, epoch_no{epoch.get() - 1}, a) == ec::fenced);
  CAF_CHECK(lock(2, epoch, a) == ec::fenced);
  release(a, seen({1}));
  CAF_CHECK(lock(1, epoch, a) == ec::fenced);
}

CAF_TEST(a claim waits for a writer that has the slot locked and sees what it has written) {
  auto a = join("a");
  auto b = join("b");
  claim(a, seen({1})).value();
  sql("CREATE TABLE written (x int)");
  std::optional<pqxx::work> writer{connection};
  CAF_REQUIRE(lock_slot(*writer, slot_no{1}, at_epoch(1), a).has_value());
  set(a, "dead");
  auto claimed = std::async(std::launch::async, [&] {
    pqxx::connection own{database};
    pqxx::work tx{own};
    auto rows = store::claim(tx, b, std::vector<seen_slot>{{slot_no{1}, at_epoch(1)}}).value().rows;
    auto seen_there = tx.exec1("SELECT count(*) FROM written")[0].as<int>();
    tx.commit();
    return std::pair{rows.size(), seen_there};
  });
  CAF_CHECK(is_pending(claimed));
  writer->exec("INSERT INTO written VALUES (1)");
  CAF_CHECK(is_pending(claimed));
  writer->commit();
  writer.reset();
  CAF_CHECK((claimed.get() == std::pair{std::size_t{1}, 1}));
}

CAF_TEST(a writer that comes while a claim is open waits and is then fenced) {
  auto a = join("a");
  auto b = join("b");
  claim(a, seen({1})).value();
  set(a, "dead");
  auto epoch = at_epoch(1);
  std::optional<pqxx::work> claiming{connection};
  CAF_REQUIRE(store::claim(*claiming, b, std::vector<seen_slot>{{slot_no{1}, epoch}}).has_value());
  auto writer = std::async(std::launch::async, [&] {
    pqxx::connection own{database};
    pqxx::work tx{own};
    auto locked = lock_slot(tx, slot_no{1}, epoch, a);
    return locked ? ec::none : locked.error().code;
  });
  CAF_CHECK(is_pending(writer));
  claiming->commit();
  claiming.reset();
  CAF_CHECK(writer.get() == ec::fenced);
}

CAF_TEST(a claim that waits does not hold up the heartbeats of its node) {
  auto a = join("a");
  auto b = join("b");
  claim(a, seen({1})).value();
  std::optional<pqxx::work> writer{connection};
  CAF_REQUIRE(lock_slot(*writer, slot_no{1}, at_epoch(1), a).has_value());
  set(a, "dead");
  auto claimed = std::async(std::launch::async, [&] {
    pqxx::connection own{database};
    return run_on(own, [&](pqxx::work& tx) {
      return store::claim(tx, b, std::vector<seen_slot>{{slot_no{1}, at_epoch(1)}});
    });
  });
  CAF_CHECK(is_pending(claimed));
  for (const auto* who : {"a", "b"})
    sql(std::string{"SET lock_timeout = 200; UPDATE member SET hb_seq = hb_seq + 1 "
                    "WHERE member_id = '"}
        + who + "'");
  sql("SET lock_timeout = 200; UPDATE cluster_view SET view_no = view_no + 1");
  CAF_CHECK(is_pending(claimed));
  writer.reset();
  CAF_CHECK_EQUAL(claimed.get().value().rows.size(), 1u);
}

CAF_TEST(a member whose state changes during its claim gets nothing and nobody is stuck) {
  auto a = join("a");
  pqxx::connection other{database};
  std::optional<pqxx::work> evicting{other};
  evicting->exec("UPDATE member SET state = 'dead' WHERE member_id = 'a'");
  evicting->exec("UPDATE cluster_view SET view_no = view_no + 1, change_no = change_no + 1");
  auto claimed = std::async(std::launch::async, [&] { return claim(a, seen({1})); });
  CAF_CHECK(is_pending(claimed));
  evicting->commit();
  evicting.reset();
  CAF_CHECK(claimed.get().error().code == ec::not_permitted);
  CAF_CHECK(at(1).row.owner == incarnation{});
}

// -- history and the rest ----------------------------------------------------------------

CAF_TEST(the history says who had a slot and why it moved) {
  auto a = join("a");
  auto b = join("b");
  sql("UPDATE cluster_view SET view_no = 17");
  claim(a, seen({7})).value();
  release(a, seen({7}), "released: b scores higher");
  claim(b, seen({7, 8})).value();
  set(b, "dead");
  claim(a, seen({7})).value();
  auto page = moves({7, "", 0, 0});
  CAF_REQUIRE_EQUAL(page.moves.size(), 4u);
  CAF_CHECK_EQUAL(words(page.moves[3]), "7: >a claimed: nobody had it");
  CAF_CHECK_EQUAL(words(page.moves[2]), "7: a> released: b scores higher");
  CAF_CHECK_EQUAL(words(page.moves[1]), "7: >b claimed: nobody had it");
  CAF_CHECK_EQUAL(words(page.moves[0]), "7: b>a claimed: b is dead");
  CAF_CHECK_EQUAL(page.moves[0].epoch, "1.4");
  CAF_CHECK_EQUAL(page.moves[0].view, 17u);
  CAF_CHECK(page.moves[0].at > timestamp_ms{1'600'000'000'000});
  CAF_CHECK_EQUAL(page.next, 0u);
  CAF_CHECK_EQUAL(moves({-1, "", 0, 0}).moves.size(), 5u);
  CAF_CHECK_EQUAL(moves({-1, "b", 0, 0}).moves.size(), 3u);
  CAF_CHECK_EQUAL(moves({9, "", 0, 0}).moves.size(), 0u);
}

CAF_TEST(the history comes in pages and is pruned from its old end) {
  auto a = join("a");
  claim(a, seen({1, 2, 3, 4, 5, 6, 7})).value();
  auto first = moves({-1, "", 0, 3});
  CAF_CHECK_EQUAL(first.moves.size(), 3u);
  CAF_CHECK_EQUAL(first.next, first.moves.back().no);
  CAF_CHECK(first.moves.front().slot == slot_no{7});
  auto second = moves({-1, "", first.next, 4});
  CAF_CHECK_EQUAL(second.moves.size(), 4u);
  CAF_CHECK_EQUAL(second.next, 0u);
  auto prune = [&](std::uint64_t keep, std::uint64_t batch) {
    return run([&](pqxx::work& tx) { return store::prune_moves(tx, keep, batch); });
  };
  CAF_CHECK_EQUAL(prune(7, 100), 0u);
  CAF_CHECK_EQUAL(prune(3, 2), 2u);
  CAF_CHECK_EQUAL(prune(3, 100), 2u);
  auto left = moves({-1, "", 0, 0});
  CAF_CHECK_EQUAL(left.moves.size(), 3u);
  CAF_CHECK(left.moves.back().slot == slot_no{5});
}

CAF_TEST(pins are written and removed and count as a change) {
  auto before = read().change;
  auto pin = [&](std::vector<slot_no> slots, const char* to) {
    return run([&](pqxx::work& tx) { return store::pin(tx, slots, member_id{to}); });
  };
  CAF_CHECK_EQUAL(pin({slot_no{3}, slot_no{1}}, "b"), 2u);
  CAF_CHECK(at(3).row.pinned == member_id{"b"});
  CAF_CHECK(read().change > before);
  CAF_CHECK_EQUAL(pin({slot_no{3}}, ""), 1u);
  CAF_CHECK(at(3).row.pinned == member_id{});
  CAF_CHECK(at(1).row.pinned == member_id{"b"});
}

CAF_TEST(entities are counted by slot) {
  sql("INSERT INTO entity (kind, id, slot, version, schema, state) "
      "SELECT 'k', 'e' || i, i % 3 * 100, 1, 1, '' FROM generate_series(1, 10) i");
  auto counts = run(store::count_entities);
  CAF_CHECK_EQUAL(counts[0], 3u);
  CAF_CHECK_EQUAL(counts[100], 4u);
  CAF_CHECK_EQUAL(counts[200], 3u);
  CAF_CHECK_EQUAL(counts[1], 0u);
}

CAF_TEST_FIXTURE_SCOPE_END()
