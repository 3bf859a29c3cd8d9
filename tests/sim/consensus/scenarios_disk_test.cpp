#define CAF_SUITE sim_consensus_disk

#include "held.hpp"
#include "keys.hpp"
#include "stand.hpp"
#include "words.hpp"

#include <algorithm>

/// Scenarios of crashes and disks; their numbers are those of docs/simulation.md.
using namespace bpci;
using namespace bpci::consensus;
using namespace bpci::consensus::sim;

namespace {

/// Two blocks, and one more after the trouble. `luck` loses messages, so that rounds fail as well.
plan two_blocks(std::uint64_t seed, std::int64_t lost_percent) {
  auto what = calm_plan(4);
  what.seed = seed;
  what.live = true;
  what.fsync_max = 2 * ms;
  what.execute_max = 2 * ms;
  what.base = milliseconds{200};
  what.cap = milliseconds{1'600};
  what.trouble_ends = 3 * seconds;
  what.ends = 60 * seconds;
  add_works(what, 2, 700 * ms, 10 * ms);
  if (lost_percent > 0) what.faults.push_back(weather(trouble::lose, lost_percent, 3 * seconds));
  return what;
}

bool has_seal_of(const sealed_block& x, std::size_t who) {
  return std::ranges::find(x.seals.seals, key_of(who), &seal::by) != x.seals.seals.end();
}

} // namespace

// 12, 30: neither contradicts itself, nor is anything that looks like amnesia found
CAF_TEST(whoever dies between any two effects does not contradict itself) {
  std::uint64_t runs = 0;
  for (std::size_t who = 0; who < 2; ++who)
    for (std::uint32_t steps = 1; steps <= 60; ++steps)
      for (auto tail : {torn::nothing, torn::a_part, torn::all}) {
        auto what = two_blocks(steps, steps % 2 == 0 ? 40 : 0);
        auto x = dies(who, instant{0}, 30 * ms, steps);
        x.tail = tail;
        what.faults.push_back(x);
        CAF_REQUIRE_EQUAL(held(what).proofs, 0u);
        ++runs;
      }
  CAF_MESSAGE(runs << " places to die at");
}

// 12, 30
CAF_TEST(all die at once wherever they are and nobody contradicts itself) {
  for (std::uint32_t steps = 1; steps <= 60; ++steps)
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      auto what = two_blocks(seed, seed % 2 == 0 ? 30 : 0);
      auto luck = chance{seed, steps};
      for (std::size_t who = 0; who < 4; ++who) {
        auto x = dies(who, instant{0}, luck.between(1, 80) * ms,
                      steps + static_cast<std::uint32_t>(luck.below(3)));
        x.tail = static_cast<torn>(luck.below(3));
        what.faults.push_back(x);
      }
      CAF_REQUIRE_EQUAL(held(what).proofs, 0u);
    }
}

// 14
CAF_TEST(a torn record was never told to anybody and is cut off) {
  auto what = two_blocks(1, 0);
  // The third effect is the record of the first prepare.
  for (std::uint32_t steps = 1; steps <= 12; ++steps) {
    auto torn_one = what;
    auto x = dies(0, instant{0}, 50 * ms, steps);
    x.tail = torn::a_part;
    torn_one.faults.push_back(x);
    world all{torn_one};
    all.run_until(torn_one.ends);
    CAF_CHECK(!all.at(0).lost());
    (void)held(all, torn_one);
  }
}

// 14
CAF_TEST(no damaged bit makes a journal forget its last record) {
  safety_record first, second;
  first.at = second.at = height{3};
  second.round = round_no{1};
  second.prepared_vote = prepare{height{3}, round_no{1}, {}, key_of(1), {}};
  auto whole = journal_beginning();
  for (const auto* x : {&first, &second})
    for (auto byte : journal_record(*x))
      whole.push_back(byte);
  CAF_CHECK(recover_journal(whole).record == second);
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    auto damaged = whole;
    damaged[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    CAF_REQUIRE(recover_journal(damaged).state == journal_state::lost);
  }
  // Less of it is a tail that was never acknowledged.
  auto before = whole.size() - journal_record(second).size();
  for (auto size = before; size < whole.size(); ++size) {
    auto found = recover_journal(std::span{whole}.first(size));
    CAF_REQUIRE(found.state == journal_state::intact);
    CAF_CHECK(found.record == first);
    CAF_CHECK_EQUAL(found.good, before);
  }
}

// 14
CAF_TEST(who has lost its journal says nothing until nothing that it may have signed is open) {
  auto what = calm_plan(4);
  what.ends = 60 * seconds;
  add_works(what, 40, seconds);
  auto x = dies(1, 5'500 * ms, 100 * ms);
  x.disk = disk_fate::damaged;
  what.faults.push_back(x);
  world all{what};
  all.run_until(5'700 * ms);
  auto lost_at = all.at(1).at().get();
  CAF_CHECK(all.at(1).lost());
  all.run_until(what.ends);
  const auto blocks = all.at(0).disk().blocks;
  CAF_CHECK(blocks.size() >= 30u);
  std::size_t again = 0;
  for (const auto& [h, one] : blocks) {
    if (h > lost_at && h <= lost_at + 10) CAF_CHECK(!has_seal_of(one, 1));
    again += h > lost_at + 10 && has_seal_of(one, 1);
  }
  CAF_CHECK(again > 0);
  (void)held(all, what);
}

// 14
CAF_TEST(without its journal an engine neither proposes nor votes nor asks for a round) {
  stand s{0, 4, {}, journal_state::lost};
  CAF_CHECK(!find<broadcast>(s.give(work_due{})));
  CAF_CHECK(!find<broadcast>(s.time_out()));
  for (std::size_t who = 1; who < 4; ++who)
    CAF_CHECK(!find<broadcast>(s.give(s.wants(who, 1), who)));
  auto x = s.make(1);
  std::vector<round_change> changes;
  for (std::size_t who = 1; who < 4; ++who)
    changes.push_back(s.wants(who, 1).what);
  CAF_CHECK(!find<broadcast>(s.give(s.propose(1, 1, x, changes), 1)));
  for (std::size_t who = 1; who < 4; ++who)
    CAF_CHECK(!find<broadcast>(s.give(s.prepares(who, 1, block_id(x.head)), who)));
  // What others decide it sees.
  effects got;
  for (std::size_t who = 1; who < 4; ++who)
    got = s.give(s.commits(who, 1, block_id(x.head)), who);
  CAF_CHECK(find<finalize>(got));
}
