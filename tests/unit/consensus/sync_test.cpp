#define CAF_SUITE consensus_sync

#include "actors/consensus/sync.hpp"
#include "tests/unit/consensus/helpers.hpp"

#include <caf/test/unit_test.hpp>

namespace bpci::consensus {

namespace {

using namespace testing;

/// A block is its height, and whether it is right.
bytes block_at(std::uint64_t at, bool right = true) {
  return {static_cast<std::uint8_t>(at >> 8), static_cast<std::uint8_t>(at),
          static_cast<std::uint8_t>(right)};
}

/// One node that is behind, and peers of whom the test decides what they answer.
struct fixture {
  sync_rules rules = [] {
    sync_rules out;
    out.batch = 4;
    out.window = 3;
    out.snapshot_gap = 200;
    return out;
  }();
  sync_rules::instant now{1h};
  std::unique_ptr<sync> uut = std::make_unique<sync>(rules, now);
  std::uint64_t head = 0;
  std::set<int> liars, silent, empty;
  std::set<int> reported;
  std::vector<ask_for_blocks> open;
  std::vector<compare_head> compared;
  std::size_t snapshots = 0, asked = 0;
  std::uint64_t length = 1'000; ///< of the chain that the honest have
  bool reversed = false;        ///< the last question is answered first

  void start(std::uint64_t at = 0) {
    head = at;
    uut->moved(height{at}, now);
    carry_out();
  }
  void peer(int who, std::uint64_t at) {
    uut->seen(id_of(who), height{at}, now);
    carry_out();
  }

  void carry_out() {
    for (auto all = uut->take(); !all.empty(); all = uut->take())
      for (auto& x : all)
        std::visit([this](auto& effect) { perform(effect); }, x);
  }
  void perform(const ask_for_blocks& x) {
    ++asked;
    open.push_back(x);
  }
  void perform(const apply_block& x) {
    CAF_REQUIRE_EQUAL(x.at.get(), head + 1);
    if (x.data == block_at(head + 1)) {
      ++head;
      uut->moved(height{head}, now);
    } else {
      uut->refused(x.at, x.from, "not right", now);
    }
  }
  void perform(const compare_head& x) { compared.push_back(x); }
  void perform(const report_peer& x) { reported.insert(x.who[0]); }
  void perform(const fetch_snapshot&) { ++snapshots; }

  void answer(const ask_for_blocks& x) {
    auto who = x.who[0];
    auto from = x.from.get();
    if (silent.contains(who)) return uut->answered(x.question, fail(ec::timeout), now);
    std::vector<bytes> out;
    for (auto at = from; at < from + x.limit && at <= length && !empty.contains(who); ++at)
      out.push_back(block_at(at, !liars.contains(who)));
    uut->answered(x.question, std::move(out), now);
  }

  /// Everybody answers, and time passes, until nothing is asked any more or it has taken too long.
  void run(int rounds = 400) {
    for (auto i = 0; i < rounds; ++i) {
      auto todo = std::exchange(open, {});
      if (reversed) std::ranges::reverse(todo);
      for (const auto& x : todo) {
        answer(x);
        carry_out();
      }
      now += 100ms;
      uut->tick(now);
      carry_out();
    }
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(consensus_sync_tests, fixture)

CAF_TEST(blocks are fetched from several peers and applied in order) {
  start();
  for (auto who : {1, 2, 3})
    peer(who, 100);
  CAF_CHECK_EQUAL(open.size(), 3u);
  length = 100;
  run(40);
  CAF_CHECK_EQUAL(head, 100u);
  CAF_CHECK(!uut->is_behind(now));
  CAF_CHECK(reported.empty());
}

CAF_TEST(answers may come in any order) {
  start();
  reversed = true;
  for (auto who : {1, 2, 3})
    peer(who, 100);
  length = 100;
  run(40);
  CAF_CHECK_EQUAL(head, 100u);
}

CAF_TEST(one liar among many is reported and stops nothing) {
  start();
  liars = {2};
  length = 100;
  for (auto who : {1, 2, 3, 4})
    peer(who, 100);
  run(60);
  CAF_CHECK_EQUAL(head, 100u);
  CAF_CHECK(reported == std::set<int>{2});
}

CAF_TEST(one honest peer among liars is enough) {
  start();
  liars = {1, 2, 3};
  length = 100;
  for (auto who : {1, 2, 3, 4})
    peer(who, 100);
  run(80);
  CAF_CHECK_EQUAL(head, 100u);
  CAF_CHECK((reported == std::set<int>{1, 2, 3}));
}

CAF_TEST(who is silent is asked less and less and whoever comes is enough) {
  start();
  silent = {1, 2};
  length = 100;
  peer(1, 100);
  peer(2, 100);
  run(600); // a minute
  CAF_CHECK_EQUAL(head, 0u);
  CAF_CHECK(uut->is_behind(now));
  CAF_CHECK(asked < 40u);
  peer(3, 100);
  run(100);
  CAF_CHECK_EQUAL(head, 100u);
  CAF_CHECK(reported.empty());
}

CAF_TEST(peers come and go while blocks are fetched) {
  start();
  length = 150;
  peer(1, 150);
  for (auto i = 0; i < 60 && head < 150; ++i) {
    auto who = 1 + i % 3;
    peer(1 + (i + 1) % 3, 150);
    uut->lost(id_of(who));
    // The question to who is gone fails.
    auto mine = std::exchange(open, {});
    for (const auto& x : mine)
      if (x.who == id_of(who))
        uut->answered(x.question, fail(ec::not_found), now);
      else
        answer(x);
    carry_out();
    run(3);
  }
  CAF_CHECK_EQUAL(head, 150u);
}

CAF_TEST(a height that nobody can serve is forgotten) {
  start(50);
  length = 60;
  peer(1, 60);
  peer(2, 250);
  run(100);
  CAF_CHECK_EQUAL(head, 60u);
  CAF_CHECK(!uut->is_behind(now));
  peer(2, 250);
  CAF_CHECK(open.empty());
  CAF_CHECK(!uut->is_behind(now));
  CAF_CHECK(reported.empty());
}

CAF_TEST(answers with fewer blocks are completed by further questions) {
  start();
  length = 40;
  peer(1, 40);
  for (auto i = 0; i < 100 && head < 40; ++i) {
    for (const auto& x : std::exchange(open, {})) {
      uut->answered(x.question, std::vector<bytes>{block_at(x.from.get())}, now);
      carry_out();
    }
    now += 100ms;
    uut->tick(now);
    carry_out();
  }
  CAF_CHECK_EQUAL(head, 40u);
}

CAF_TEST(more blocks than were asked for are a lie) {
  start();
  peer(1, 10);
  auto first = open.front();
  uut->answered(first.question, std::vector<bytes>(5, block_at(1)), now);
  carry_out();
  CAF_CHECK(reported == std::set<int>{1});
  CAF_CHECK_EQUAL(head, 0u);
}

CAF_TEST(a peer that is one block ahead is waited for) {
  start(10);
  length = 11;
  peer(1, 11);
  CAF_CHECK(open.empty());
  CAF_CHECK(!uut->is_behind(now));
  run(20);
  CAF_CHECK_EQUAL(head, 11u);
}

CAF_TEST(whoever decides nothing does not wait) {
  uut->decides(false);
  start(10);
  peer(1, 11);
  CAF_CHECK_EQUAL(open.size(), 1u);
}

CAF_TEST(what consensus waits for is asked for at once) {
  start(10);
  length = 11;
  peer(1, 11);
  peer(2, 10);
  uut->hint(id_of(1), height{11}, now);
  carry_out();
  CAF_REQUIRE_EQUAL(open.size(), 1u);
  CAF_CHECK(open.front().who == id_of(1));
  run(1);
  CAF_CHECK_EQUAL(head, 11u);
}

CAF_TEST(when who was named is not linked somebody else is asked) {
  start(10);
  length = 11;
  peer(2, 10);
  now += 1s;
  uut->hint(id_of(1), height{11}, now);
  carry_out();
  CAF_REQUIRE_EQUAL(open.size(), 1u);
  CAF_CHECK(open.front().who == id_of(2));
  run(10);
  CAF_CHECK_EQUAL(head, 11u);
}

CAF_TEST(a quiet chain compares its head with others) {
  start(10);
  length = 10;
  peer(1, 10);
  peer(2, 10);
  run(110); // eleven seconds
  CAF_REQUIRE_EQUAL(compared.size(), 2u);
  CAF_CHECK(compared[0].at == height{10});
  CAF_CHECK(compared[0].data == block_at(10));
  CAF_CHECK(compared[0].from != compared[1].from);
}

CAF_TEST(another block at the height of the head is asked for at once and once a height) {
  hash mine{1}, other{2};
  uut->moved(height{50}, now, mine);
  uut->seen(id_of(1), height{50}, now, mine);
  uut->seen(id_of(2), height{51}, now, other);
  uut->seen(id_of(3), height{50}, now);
  carry_out();
  CAF_CHECK(open.empty());
  for (auto i = 0; i < 2; ++i)
    uut->seen(id_of(4), height{50}, now, other);
  carry_out();
  CAF_REQUIRE_EQUAL(open.size(), 1u);
  CAF_CHECK(open[0].who == id_of(4));
  CAF_CHECK_EQUAL(open[0].from.get(), 50u);
  answer(open[0]);
  carry_out();
  CAF_REQUIRE_EQUAL(compared.size(), 1u);
  CAF_CHECK(compared[0].from == id_of(4));
  CAF_CHECK(reported.empty());
}

CAF_TEST(a head that was told earlier is compared once this node stands there) {
  uut->moved(height{50}, now, hash{1});
  uut->seen(id_of(1), height{51}, now, hash{2});
  carry_out();
  CAF_CHECK(open.empty());
  uut->moved(height{51}, now, hash{3});
  carry_out();
  CAF_REQUIRE_EQUAL(open.size(), 1u);
  CAF_CHECK_EQUAL(open[0].from.get(), 51u);
}

CAF_TEST(far behind a snapshot is tried and blocks if there is none) {
  start(3);
  length = 500;
  peer(1, 100);
  CAF_CHECK_EQUAL(snapshots, 0u);
  open.clear();
  peer(2, 500);
  CAF_CHECK_EQUAL(snapshots, 1u);
  CAF_CHECK(uut->is_behind(now));
  run(20);
  CAF_CHECK_EQUAL(head, 3u);
  uut->snapshot_over(now);
  carry_out();
  run(400);
  CAF_CHECK_EQUAL(head, 500u);
  CAF_CHECK_EQUAL(snapshots, 1u);
}

CAF_TEST(blocks follow a snapshot) {
  start();
  length = 500;
  peer(2, 500);
  CAF_CHECK_EQUAL(snapshots, 1u);
  head = 450;
  uut->moved(height{450}, now);
  uut->snapshot_over(now);
  carry_out();
  run(40);
  CAF_CHECK_EQUAL(head, 500u);
}

CAF_TEST(a liar who claims to be far ahead does not stop it) {
  start();
  length = 100;
  empty = {3};
  peer(1, 100);
  peer(3, 1'000'000'000);
  CAF_CHECK_EQUAL(snapshots, 1u);
  uut->snapshot_over(now);
  carry_out();
  run(100);
  CAF_CHECK_EQUAL(head, 100u);
}

CAF_TEST(a block that cannot be checked with its giver comes from another) {
  start();
  length = 8;
  peer(1, 8);
  auto first = open.front();
  open.clear();
  uut->answered(first.question, std::vector<bytes>{block_at(1), block_at(2)}, now);
  for (auto& x : uut->take())
    if (const auto* what = std::get_if<apply_block>(&x))
      uut->unusable(what->at, what->from, now);
    else
      std::visit([this](auto& effect) { perform(effect); }, x);
  carry_out();
  peer(2, 8);
  CAF_REQUIRE(!open.empty());
  CAF_CHECK(open.back().who == id_of(2));
  run(20);
  CAF_CHECK_EQUAL(head, 8u);
  CAF_CHECK(reported.empty());
}

CAF_TEST(blocks that come by another way are not applied again) {
  start();
  length = 30;
  peer(1, 30);
  head = 9;
  uut->moved(height{9}, now);
  carry_out();
  run(40);
  CAF_CHECK_EQUAL(head, 30u);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::consensus
