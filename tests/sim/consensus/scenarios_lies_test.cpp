#define CAF_SUITE sim_consensus_lies

#include "actors/consensus/evidence.hpp"
#include "heap.hpp"
#include "held.hpp"
#include "stand.hpp"
#include "traitors.hpp"
#include "words.hpp"

#include <algorithm>

/// Scenarios of lies; their numbers are those of docs/simulation.md.
using namespace bpci;
using namespace bpci::consensus;
using namespace bpci::consensus::sim;

namespace {

/// v1 of four has asked for round 1, of which it is the proposer, and so has v0.
stand asked_for_round_1() {
  stand s{1, 4};
  (void)s.give(work_due{});
  (void)s.time_out();
  (void)s.give(s.wants(0, 1), 0);
  return s;
}

bool goes_on(const effects& all) {
  return find<make_block>(all) || find_said<proposal_message>(all);
}

} // namespace

// 4
CAF_TEST(a round change whose claim is not proven does not count) {
  auto s = asked_for_round_1();
  auto x = s.make(0);
  auto few = s.wants(2, 1, 0, x, {0, 2});
  auto twice = s.wants(2, 1, 0, x, {0, 2, 2});
  auto bare = s.wants(2, 1, 0, x, {0, 2, 3});
  bare.prepared_block.reset();
  auto other_block = s.wants(2, 1, 0, x, {0, 2, 3});
  other_block.prepared_block = s.make(2, 7);
  auto later = s.wants(2, 1, 1, x, {0, 2, 3});
  for (const auto& bad : {few, twice, bare, other_block, later})
    CAF_CHECK(!goes_on(s.give(bad, 2)));
  auto good = s.give(s.wants(2, 1, 0, x, {0, 2, 3}), 2);
  const auto* said = find_said<proposal_message>(good);
  CAF_REQUIRE(said);
  CAF_CHECK(said->what.block_id == block_id(x.head));
  CAF_CHECK(said->body.head.proposer == key_of(0));
}

// 4
CAF_TEST(with a validator that claims what was never prepared the others go on) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    auto what = calm_plan(4);
    what.seed = seed;
    what.ends = 60 * seconds;
    what.traitors.push_back({seed % 4, conduct_kind::false_claimer});
    add_works(what, 8, seconds);
    what.faults.push_back(weather(trouble::lose, 30, 20 * seconds));
    CAF_CHECK_EQUAL(held(what).done, 8u);
  }
}

// 6
CAF_TEST(a justification of another round or height is ignored and a right one counts later) {
  stand s{2, 4};
  auto x = s.make(1);
  auto changes = [&](std::uint32_t round) {
    std::vector<round_change> out;
    for (std::size_t who : {0, 1, 3})
      out.push_back(s.wants(who, round).what);
    return out;
  };
  auto other_height = changes(1);
  for (auto& change : other_height) {
    change.at = height{2};
    sign(change, model_signer{number_of(change.by)});
  }
  auto unsigned_ones = changes(1);
  unsigned_ones[0].sig = {};
  auto few = changes(1);
  few.pop_back();
  auto twice = changes(1);
  twice[0] = twice[1];
  for (const auto& bad : {changes(2), other_height, unsigned_ones, few, twice, {}})
    CAF_CHECK(!find_said<prepare>(s.give(s.propose(1, 1, x, bad), 1)));
  // By one who is not the proposer of that round.
  CAF_CHECK(!find_said<prepare>(s.give(s.propose(3, 1, s.make(3), changes(1)), 3)));
  const auto got = s.give(s.propose(1, 1, x, changes(1)), 1);
  const auto* vote = find_said<prepare>(got);
  CAF_REQUIRE(vote);
  CAF_CHECK(vote->block_id == block_id(x.head));
}

// 6
CAF_TEST(what was prepared binds the next proposer) {
  stand s{2, 4};
  auto x = s.make(0), y = s.make(1, 2);
  auto claim = s.wants(0, 1, 0, x, {0, 1, 3});
  std::vector<round_change> changes{claim.what, s.wants(1, 1).what, s.wants(3, 1).what};
  CAF_CHECK(!find_said<prepare>(s.give(s.propose(1, 1, y, changes), 1)));
  CAF_CHECK(!find_said<prepare>(s.give(s.propose(1, 1, y, changes, claim.prepares), 1)));
  CAF_CHECK(!find_said<prepare>(s.give(s.propose(1, 1, x, changes), 1)));
  CAF_CHECK(find_said<prepare>(s.give(s.propose(1, 1, x, changes, claim.prepares), 1)));
}

// 23
CAF_TEST(what was said at old heights and on other chains is dropped and takes no room) {
  stand s{1, 4};
  std::vector<consensus_message> old;
  auto x = s.make(0);
  for (std::size_t who : {0, 2, 3}) {
    old.emplace_back(s.prepares(who, 0, block_id(x.head)));
    old.emplace_back(s.commits(who, 0, block_id(x.head)));
  }
  for (int i = 0; i < 8; ++i) // so far back that nobody looks for liars any more
    (void)s.advance(s.sealed(s.make(0, 10 + static_cast<std::uint64_t>(i)), 0, {0, 2, 3}));
  auto now = s.make(0, 50);
  for (std::size_t who : {0, 2, 3}) {
    auto vote = s.prepares(who, 0, block_id(now.head));
    sign(vote, model_signer{who}, "another chain");
    old.emplace_back(vote);
  }
  (void)s.give(old.front(), 0);
  const auto before = heap_bytes();
  for (int i = 0; i < 20'000; ++i)
    for (const auto& one : old)
      CAF_REQUIRE(s.give(one, 0).empty());
  CAF_CHECK_EQUAL(heap_bytes(), before);
}

// 24
CAF_TEST(rounds up to the highest take no more room than a few) {
  stand s{1, 4};
  auto bomb = [&](std::uint32_t from, std::uint32_t count, std::uint32_t step) {
    for (std::uint32_t i = 0; i < count; ++i) {
      auto round = from + i * step;
      hash id{};
      id[0] = static_cast<std::uint8_t>(i);
      (void)s.give(s.wants(3, round), 3);
      (void)s.give(s.prepares(3, round, id), 3);
      (void)s.give(s.commits(3, round, id), 3);
      auto ahead = s.prepares(3, round, id);
      ahead.at = height{1 + i % 20};
      sign(ahead, model_signer{3});
      (void)s.give(ahead, 3);
    }
  };
  bomb(1, 5'000, 1); // fills what remembers good signatures
  const auto before = heap_bytes();
  bomb(10'000, 20'000, 100'000);
  bomb(1U << 31, 1'000, 1);
  bomb(UINT32_MAX - 1'000, 1'000, 1);
  CAF_CHECK(heap_bytes() < before + 512 * 1'024);
  CAF_CHECK_EQUAL(s.where().round, round_no{0});
}

// 25
CAF_TEST(blocks whose seals are forged are not believed) {
  for (auto how = 0; how <= static_cast<int>(forgery::nothing); ++how) {
    stand s{1, 4};
    auto good = s.sealed(s.make(0), 0, {0, 2, 3});
    auto bad = forged(good, static_cast<forgery>(how), model_signer{3});
    CAF_CHECK(!find<finalize>(s.give(bad, 3)));
    CAF_CHECK(!is_sealed(bad, s.chain().validators));
    CAF_CHECK(find<finalize>(s.give(good, 3)));
  }
}

// 25
CAF_TEST(whoever fetches from a forger of seals drops it and gets the blocks elsewhere) {
  std::uint64_t dropped = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    auto what = calm_plan(4);
    what.seed = seed;
    what.traitors.push_back({0, conduct_kind::seal_forger});
    add_works(what, 10, seconds);
    what.faults.push_back(alone(3, seconds, 6 * seconds));
    world all{what};
    all.run_until(what.ends);
    dropped += all.at(3).counted().dropped_peers;
    CAF_CHECK_EQUAL(all.at(3).at(), all.at(1).at());
    (void)held(all, what);
  }
  CAF_MESSAGE("dropped " << dropped << " times");
  CAF_CHECK(dropped > 0);
}

// 27
CAF_TEST(with twins of less than a third all agree and the proof is found) {
  std::uint64_t proofs = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    auto what = calm_plan(4);
    what.seed = seed;
    what.twins = {seed % 4};
    add_works(what, 10, seconds);
    auto luck = chance{seed, 99};
    for (int i = 0; i < 6; ++i)
      what.faults.push_back(split(luck.between(1, 30), luck.between(instant{0}, 12 * seconds),
                                  luck.between(100 * ms, 3 * seconds)));
    auto got = held(what);
    CAF_CHECK(!got.disagreed);
    proofs += got.proofs;
  }
  CAF_MESSAGE(proofs << " proofs");
  CAF_CHECK(proofs > 0);
}

// 27
CAF_TEST(with twins of a third two blocks are final and on contact somebody halts and names them) {
  auto what = calm_plan(4);
  what.twins = {0, 1};
  what.live = true;
  what.trouble_ends = 5 * seconds;
  what.ends = 60 * seconds;
  add_works(what, 3, seconds);
  // p0, p1 and p2 are a quorum, and their twins p4 and p5 with p3 are another one.
  what.faults.push_back(split(0b000111, 500 * ms, 10 * seconds));
  auto got = held(what);
  CAF_CHECK(got.disagreed);
  CAF_CHECK(got.halts
            > 0); // that the culprits are guilty and weigh a third is the oracle's to check
}

// 28
CAF_TEST(a certificate that contradicts a final block halts and changes nothing) {
  stand s{1, 4};
  auto x = s.sealed(s.make(0, 1), 0, {0, 2, 3});
  auto y = s.sealed(s.make(0, 2), 0, {0, 2, 3});
  CAF_REQUIRE(find<finalize>(s.give(x, 0)));
  (void)s.advance(x);
  auto got = s.give(y, 2);
  CAF_CHECK(!find<finalize>(got));
  const auto* why = find<halt>(got);
  CAF_REQUIRE(why);
  CAF_CHECK(why->ours.block_id == block_id(x.what.head));
  CAF_CHECK(why->theirs.block_id == block_id(y.what.head));
  CAF_CHECK_EQUAL(why->culprits.size(), 3u);
  // Nothing wakes it.
  CAF_CHECK(s.give(work_due{}).empty());
  CAF_CHECK(s.give(s.propose(2, 0, s.make(2, 3)), 2).empty());
}

// 29; that repeated and expired evidence is refused is the ledger's, here the model's
CAF_TEST(evidence that proves nothing or nothing new slashes nobody) {
  stand s{1, 4};
  auto x = block_id(s.make(0, 1).head), y = block_id(s.make(0, 2).head);
  auto proof = *evidence_of(s.prepares(3, 0, x), s.prepares(3, 0, y));
  auto chain = s.chain();
  CAF_CHECK(is_worth_a_block(chain, proof));
  // By somebody who is no validator.
  auto stranger = *evidence_of(s.prepares(9, 0, x), s.prepares(9, 0, y));
  CAF_CHECK(!is_worth_a_block(chain, stranger));
  // A signature that is not its signer's.
  auto forged_vote = s.prepares(3, 0, y);
  forged_vote.sig[0] ^= 1;
  CAF_CHECK(!is_worth_a_block(chain, *evidence_of(s.prepares(3, 0, x), forged_vote)));
  // Words that do not contradict each other, or in another order, or under another name.
  CAF_CHECK(!evidence_of(s.prepares(3, 0, x), s.prepares(3, 1, y)));
  auto swapped = proof;
  std::swap(swapped.first, swapped.second);
  CAF_CHECK(!is_worth_a_block(chain, swapped));
  auto renamed = proof;
  renamed.what = evidence::kind::double_commit;
  CAF_CHECK(!is_worth_a_block(chain, renamed));
  auto same = proof;
  same.second = same.first;
  CAF_CHECK(!is_worth_a_block(chain, same));
  // Of another chain.
  auto elsewhere = s.prepares(3, 0, y);
  sign(elsewhere, model_signer{3}, "another chain");
  CAF_CHECK(!is_worth_a_block(chain, *evidence_of(s.prepares(3, 0, x), elsewhere)));
  // Too long ago, and for the second time.
  auto old = chain;
  old.head.at = height{100};
  CAF_CHECK(!is_worth_a_block(old, proof));
  auto again = chain;
  again.slashed.push_back(key_of(3));
  CAF_CHECK(!is_worth_a_block(again, proof));
}

// 30
CAF_TEST(who forgets a commit in a round change is found out in either order) {
  for (auto commit_first : {true, false}) {
    stand s{1, 4};
    auto x = s.make(0);
    auto committed = s.commits(3, 1, block_id(x.head));
    auto forgets = s.wants(3, 2);
    (void)(commit_first ? s.give(committed, 3) : s.give(forgets, 3));
    auto got = commit_first ? s.give(forgets, 3) : s.give(committed, 3);
    const auto* proof = find<report_evidence>(got);
    CAF_REQUIRE(proof);
    CAF_CHECK(proof->what.what == evidence::kind::amnesia);
    CAF_CHECK(accused_by(proof->what) == key_of(3));
  }
}

// 30
CAF_TEST(an amnesiac is slashed) {
  std::size_t slashed = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    auto what = calm_plan(4);
    what.seed = seed;
    what.traitors.push_back({0, conduct_kind::amnesiac});
    add_works(what, 12, seconds);
    what.faults.push_back(weather(trouble::lose, 45, 10 * seconds));
    world all{what};
    all.run_until(what.ends);
    slashed += std::ranges::binary_search(all.at(1).chain().slashed, key_of(0));
    (void)held(all, what);
  }
  CAF_MESSAGE("slashed in " << slashed << " of 30 runs");
  CAF_CHECK(slashed > 10);
}
