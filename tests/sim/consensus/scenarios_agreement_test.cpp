#define CAF_SUITE sim_consensus_agreement

#include "held.hpp"
#include "keys.hpp"
#include "stand.hpp"
#include "words.hpp"

#include <algorithm>

/// Scenarios of agreement itself; their numbers are those of docs/simulation.md.
using namespace bpci;
using namespace bpci::consensus;
using namespace bpci::consensus::sim;

namespace {

/// Of five transactions, how many a network executes in which these validators say nothing.
std::uint64_t done_with_silent(std::vector<std::uint64_t> weights,
                               const std::vector<std::size_t>& silent) {
  auto what = calm_plan(std::move(weights));
  add_works(what, 5, seconds);
  for (auto who : silent)
    what.faults.push_back(dies(who, instant{0}, 1'000 * seconds));
  return held(what).done;
}

} // namespace

// 1
CAF_TEST(a proposer that makes two blocks gets one at most and the proof goes on the chain) {
  std::size_t punished = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    auto what = calm_plan(4);
    what.seed = seed;
    what.traitors.push_back({0, conduct_kind::equivocator});
    add_works(what, 8, seconds);
    world all{what};
    auto& slashed = all.at(1);
    all.run_until(what.ends);
    punished += std::ranges::binary_search(slashed.chain().slashed, key_of(0));
    auto got = held(all, what);
    CAF_CHECK_EQUAL(got.done, 8u);
  }
  CAF_MESSAGE("punished in " << punished << " of 40 runs");
  CAF_CHECK(punished >= 30);
}

// 2
CAF_TEST(a block that one validator has prepared is proposed again or never decided) {
  std::size_t again = 0, anew = 0, later_rounds = 0;
  for (auto cut_at = 100 * ms; cut_at <= 150 * ms; cut_at += ms)
    for (auto lasts : {200 * ms, 1'500 * ms, 4'000 * ms}) {
      auto what = calm_plan(4);
      what.live = true;
      what.trouble_ends = 6 * seconds;
      what.ends = 60 * seconds;
      add_works(what, 1, seconds, 95 * ms);
      // Only v1 hears the others; later it is alone, or hears everybody.
      for (std::size_t from = 0; from < 4; ++from)
        for (std::size_t to = 0; to < 4; ++to)
          if (from != to && to != 1)
            what.faults.push_back(
                {.at = cut_at, .lasts = 950 * ms, .what = trouble::cut, .who = from, .whom = to});
      what.faults.push_back(split(0b0010, cut_at + 950 * ms, lasts));
      world all{what};
      all.run_until(what.ends);
      auto round = all.judge().top() >= 1 ? all.judge().round_at(1).get() : 0;
      const auto& block = all.at(0).disk().blocks;
      if (round > 0 && block.contains(1)) {
        ++later_rounds;
        ++(block.at(1).what.head.proposer == key_of(0) ? again : anew);
      }
      (void)held(all, what);
    }
  CAF_MESSAGE(later_rounds << " of 153 runs needed another round: " << again
                           << " times the same block, " << anew << " times another one");
  CAF_CHECK(again > 0);
  CAF_CHECK(anew > 0);
}

// 7
CAF_TEST(timeouts shorter than the way make a bounded storm and then a block) {
  auto what = calm_plan(4);
  what.delay_min = what.delay_max = 50 * ms;
  what.base = milliseconds{10};
  what.cap = milliseconds{10'240};
  what.live = true;
  what.trouble_ends = 10 * ms;
  what.ends = 60 * seconds;
  add_works(what, 1, seconds);
  world all{what};
  all.run_until(60 * seconds);
  auto rounds = all.judge().round_at(1).get() + 1;
  auto got = held(all, what);
  CAF_MESSAGE("decided in round " << rounds - 1 << ", " << got.sent << " messages");
  // 4 delta is 200 ms: 10 * 2^5 is enough.
  CAF_CHECK(rounds <= 7);
  // A storm has n times n messages a round; what is repeated every 10 ms counts beside it.
  CAF_CHECK(got.sent <= rounds * 4 * 4 * 40);
}

// 8
CAF_TEST(one is down and one is slow and the others go on and blame nobody) {
  auto what = calm_plan(4);
  add_works(what, 10, seconds);
  what.faults.push_back(dies(3, instant{0}, 100 * seconds));
  auto slow = weather(trouble::slow, 150, 100 * seconds);
  slow.who = 2;
  what.faults.push_back(slow);
  auto got = held(what);
  CAF_CHECK_EQUAL(got.done, 10u);
  CAF_CHECK_EQUAL(got.proofs, 0u);
}

// 9
CAF_TEST(halves that are apart for ten minutes decide nothing and then at once) {
  auto what = calm_plan(4);
  what.live = true;
  what.trouble_ends = 600 * seconds;
  what.ends = 700 * seconds;
  what.cap = milliseconds{60'000};
  add_works(what, 2, 5 * seconds);
  what.faults.push_back(split(0b0011, seconds, 600 * seconds));
  world all{what};
  all.run_until(599 * seconds);
  CAF_CHECK_EQUAL(all.judge().top(), 1u);
  for (std::size_t i = 0; i < 4; ++i)
    CAF_CHECK(all.at(i).where().round.get() <= 2);
  all.run_until(what.ends);
  CAF_REQUIRE(all.judge().top() >= 2u);
  CAF_CHECK(all.judge().round_at(2).get() <= 2);
  auto got = held(all, what);
  CAF_MESSAGE("recovered within " << got.recovery.count() / 1'000 << " ms");
  CAF_CHECK(got.recovery <= 2 * what.base + 6 * what.delay_max);
}

// 11
CAF_TEST(with a third of the messages lost and others doubled and overtaken blocks are decided) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    auto what = calm_plan(4);
    what.seed = seed;
    what.ends = 60 * seconds;
    add_works(what, 10, seconds);
    what.faults.push_back(weather(trouble::lose, 30, 100 * seconds));
    what.faults.push_back(weather(trouble::repeat, 50, 100 * seconds));
    what.faults.push_back(weather(trouble::lag, 100, 100 * seconds));
    CAF_CHECK_EQUAL(held(what).done, 10u);
  }
}

// 11
CAF_TEST(a vote that comes five times counts once) {
  stand s{1, 4};
  auto x = s.make(0);
  (void)s.give(s.propose(0, 0, x), 0);
  auto vote = s.prepares(2, 0, block_id(x.head));
  for (int i = 0; i < 5; ++i)
    CAF_CHECK(!find_said<commit>(s.give(vote, 2)));
  // With one's own they are three of four now.
  CAF_CHECK(find_said<commit>(s.give(s.prepares(3, 0, block_id(x.head)), 3)));
  auto seal = s.commits(2, 0, block_id(x.head));
  for (int i = 0; i < 5; ++i)
    CAF_CHECK(!find<finalize>(s.give(seal, 2)));
  CAF_CHECK(find<finalize>(s.give(s.commits(3, 0, block_id(x.head)), 3)));
}

// 21
CAF_TEST(a silent third of the weight stops the chain and less does not ) {
  CAF_CHECK_EQUAL(done_with_silent({34, 33, 33}, {1}), 5u);
  CAF_CHECK_EQUAL(done_with_silent({34, 33, 33}, {0}), 0u);
  CAF_CHECK_EQUAL(done_with_silent({1, 1, 1}, {2}), 5u); // exactly two thirds are left
  CAF_CHECK_EQUAL(done_with_silent({2, 1}, {1}), 5u);
  CAF_CHECK_EQUAL(done_with_silent({199, 101}, {1}), 0u);
  CAF_CHECK_EQUAL(done_with_silent({200, 100}, {1}), 5u);
  CAF_CHECK_EQUAL(done_with_silent({1, 1, 1, 1, 1}, {0, 1}), 0u);
  CAF_CHECK_EQUAL(done_with_silent({1, 1, 1, 1, 1, 1}, {2, 3}), 5u);
}
