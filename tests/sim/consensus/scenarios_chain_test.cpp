#define CAF_SUITE sim_consensus_chain

#include "actors/consensus/set_rules.hpp"
#include "held.hpp"
#include "keys.hpp"
#include "stand.hpp"
#include "words.hpp"

#include <algorithm>

/// Scenarios of the chain: its validators, its time, its state; their numbers are those of
/// docs/simulation.md. The ledger is the model's.
using namespace bpci;
using namespace bpci::consensus;
using namespace bpci::consensus::sim;

namespace {

void set_weight(plan& of, instant at, std::size_t who, std::uint64_t weight) {
  of.works.push_back(
      {.at = at, .id = 1'000 + of.works.size(), .sets_weight = true, .who = who, .weight = weight});
}

/// Whose turn round `round` is behind a block of `maker`: counted here, not by the core.
address turn(const std::vector<validator>& set, const address& maker, std::size_t round) {
  std::size_t first = 0;
  while (first < set.size() && set[first].id <= maker)
    ++first;
  return set[(first + round) % set.size()].id;
}

state_ptr state_at(world& all, std::uint64_t h) {
  return h == 0 ? all.ledger().genesis() : all.ledger().find(*all.judge().at(h));
}

/// Every block that was decided in round 0 is by whose turn it was.
void check_turns(world& all) {
  for (std::uint64_t h = 2; h <= all.judge().top(); ++h) {
    if (all.judge().round_at(h) != round_no{0}) continue;
    auto parent = state_at(all, h - 1), now = state_at(all, h);
    CAF_CHECK(now->head.proposer == turn(now->sealed_by, parent->head.proposer, 0));
  }
}

} // namespace

// 17
CAF_TEST(when a proposer is removed all agree on who is next) {
  for (std::size_t removed = 0; removed < 5; ++removed)
    for (auto at = 2'000 * ms; at < 2'600 * ms; at += 100 * ms) {
      auto what = calm_plan(5);
      add_works(what, 60, 150 * ms);
      set_weight(what, at, removed, 0);
      world all{what};
      for (auto until = 100 * ms; until < what.ends; until += 100 * ms) {
        all.run_until(until);
        std::map<std::pair<std::uint64_t, std::uint32_t>, address> next;
        for (std::size_t i = 0; i < 5; ++i) {
          auto where = all.at(i).where();
          auto [found, fresh] =
              next.emplace(std::pair{where.at.get(), where.round.get()}, where.proposer);
          CAF_CHECK(found->second == where.proposer);
        }
      }
      check_turns(all);
      CAF_CHECK_EQUAL(all.at(0).chain().validators.size(), 4u);
      CAF_CHECK_EQUAL(held(all, what).done, 61u);
    }
}

// 19
CAF_TEST(a change to a set that cannot govern fails and the chain lives) {
  for (auto n : {1, 4}) {
    auto what = calm_plan(static_cast<std::size_t>(n));
    add_works(what, 3, seconds);
    if (n == 1) set_weight(what, seconds, 0, 0); // nobody would be left
    set_weight(what, seconds, 9, UINT64_MAX);    // the total would not fit
    set_weight(what, 1'500 * ms, 8, 0);          // who is none does not leave
    add_works(what, 3, seconds, 5 * seconds);
    world all{what};
    all.run_until(what.ends);
    CAF_CHECK(all.at(0).chain().failed.size() >= (n == 1 ? 2u : 1u));
    CAF_CHECK_EQUAL(all.at(0).pending(), 0u);
    CAF_CHECK_EQUAL(held(all, what).done, what.works.size());
  }
  CAF_CHECK(!check_validators({}));
  std::vector<validator> twice{{key_of(1), 1}, {key_of(1), 1}};
  CAF_CHECK(!check_validators(twice));
  std::vector<validator> nothing{{key_of(1), 0}};
  CAF_CHECK(!check_validators(nothing));
}

// 20
CAF_TEST(from one validator to seven and back the quorum is that of the table) {
  constexpr std::size_t quorum[] = {0, 1, 2, 2, 3, 4, 4, 5};
  auto what = calm_plan(std::vector<std::uint64_t>{1, 0, 0, 0, 0, 0, 0});
  what.ends = 50 * seconds;
  add_works(what, 40, seconds, 500 * ms);
  for (std::size_t i = 1; i <= 6; ++i) {
    set_weight(what, i * 3 * seconds, i, 1);
    set_weight(what, (18 + i * 3) * seconds, 7 - i, 0);
  }
  world all{what};
  all.run_until(what.ends);
  std::size_t most = 0;
  for (const auto& [h, x] : all.at(0).disk().blocks) {
    const auto& set = state_at(all, h)->sealed_by;
    most = std::max(most, set.size());
    CAF_REQUIRE(set.size() >= 1 && set.size() <= 7);
    auto exact = x;
    CAF_CHECK(exact.seals.seals.size() >= quorum[set.size()]);
    exact.seals.seals.resize(quorum[set.size()]);
    CAF_CHECK(is_sealed(exact, set));
    exact.seals.seals.pop_back();
    CAF_CHECK(!is_sealed(exact, set));
  }
  CAF_CHECK_EQUAL(most, 7u);
  CAF_CHECK_EQUAL(all.at(0).chain().validators.size(), 1u);
  for (std::size_t i = 1; i < 7; ++i)
    CAF_CHECK(all.at(i).at().get() + 3 >= all.at(0).at().get());
  CAF_CHECK(held(all, what).heights >= 40);
}

// 22
CAF_TEST(a block from the future is refused and the next round decides) {
  auto what = calm_plan(4);
  add_works(what, 8, seconds);
  auto wrong = weather(trouble::skew, 3'600'000, 100 * seconds);
  wrong.who = 1;
  what.faults.push_back(wrong);
  world all{what};
  all.run_until(what.ends);
  std::size_t later_rounds = 0;
  for (const auto& [h, x] : all.at(0).disk().blocks) {
    CAF_CHECK(x.what.head.proposer != key_of(1));
    later_rounds += x.seals.round > round_no{0};
  }
  CAF_CHECK(later_rounds >= 2);
  CAF_CHECK_EQUAL(all.at(1).at(), all.at(0).at());
  CAF_CHECK_EQUAL(held(all, what).done, 8u);
}

// 22
CAF_TEST(a prepared block is never too old and a new one is) {
  stand s{2, 4};
  auto x = s.make(0);
  s.wait(milliseconds{3'600'000});
  std::vector<round_change> plain{s.wants(0, 1).what, s.wants(1, 1).what, s.wants(3, 1).what};
  auto old = x;
  old.head.proposer = key_of(1);
  CAF_CHECK(!find_said<prepare>(s.give(s.propose(1, 1, old, plain), 1)));
  auto claim = s.wants(0, 1, 0, x, {0, 1, 3});
  std::vector<round_change> bound{claim.what, s.wants(1, 1).what, s.wants(3, 1).what};
  CAF_CHECK(find_said<prepare>(s.give(s.propose(1, 1, x, bound, claim.prepares), 1)));
}

// 32
CAF_TEST(who computes another state stops and the others go on) {
  auto what = calm_plan(4);
  add_works(what, 12, seconds);
  world all{what};
  all.run_until(3'500 * ms);
  all.at(3).diverge();
  all.run_until(what.ends);
  CAF_CHECK(!all.at(3).alive());
  CAF_CHECK(all.at(3).disk().blocks.size() < all.at(0).disk().blocks.size());
  CAF_CHECK_EQUAL(held(all, what).done, 12u);
}

// 32
CAF_TEST(when more than a third compute another state nothing is decided) {
  auto what = calm_plan(4);
  add_works(what, 12, seconds);
  world all{what};
  all.run_until(3'500 * ms);
  auto before = all.judge().top();
  all.at(2).diverge();
  all.at(3).diverge();
  all.run_until(what.ends);
  CAF_CHECK_EQUAL(all.judge().top(), before);
  CAF_CHECK(all.at(2).counted().refused_blocks > 0);
  (void)held(all, what);
}

// 34, as far as it is the core's: by whose weight a certificate counts. Votes of the bridge are not
// consensus votes; their thresholds and expiry belong to the ledger.
CAF_TEST(a certificate counts by the validators of its own height) {
  stand four{0, 4}, seven{0, 7};
  auto x = four.make(0);
  auto by_three = four.sealed(x, 0, {0, 1, 2});
  CAF_CHECK(is_sealed(by_three, four.chain().validators));
  CAF_CHECK(!is_sealed(by_three, seven.chain().validators));
  auto by_five = four.sealed(x, 0, {0, 1, 2, 5, 6});
  CAF_CHECK(is_sealed(by_five, seven.chain().validators));
  CAF_CHECK(!is_sealed(by_five, four.chain().validators)); // strangers among them
  // To the last unit of weight.
  std::vector<validator> heavy{{key_of(0), 6'666}, {key_of(1), 3'334}};
  CAF_CHECK(!is_sealed(four.sealed(x, 0, {0}), heavy));
  heavy = {{key_of(0), 6'667}, {key_of(1), 3'333}};
  CAF_CHECK(is_sealed(four.sealed(x, 0, {0}), heavy));
}
