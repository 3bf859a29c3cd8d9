#define CAF_SUITE consensus_bounds

#include "actors/consensus/message_store.hpp"
#include "actors/consensus/vote_book.hpp"
#include "tests/unit/consensus/bench.hpp"

#include <caf/test/unit_test.hpp>

/// What others can make a validator keep, and what it learns of heights ahead.
namespace bpci::consensus::testing {

namespace {

hash some(std::uint8_t n) {
  hash out{};
  out.fill(n);
  return out;
}

CAF_TEST(votes of ever later rounds push out only votes of the same validator) {
  votes<prepare> uut;
  uut.add(prepare_of(1, 1, 0, some(1)));
  for (std::uint32_t r = 0; r < 10'000; ++r)
    CAF_CHECK(uut.add(prepare_of(2, 1, r * 200'000, some(1))).fresh);
  CAF_CHECK_EQUAL(uut.of(id_of(2)).size(), votes<prepare>::rounds_kept);
  CAF_CHECK(uut.find(id_of(1), round_no{0}) != nullptr);
  CAF_CHECK(!uut.add(prepare_of(2, 1, 1, some(1))).fresh);
}

CAF_TEST(the first vote of a round stands) {
  votes<prepare> uut;
  uut.add(prepare_of(1, 1, 0, some(1)));
  auto out = uut.add(prepare_of(1, 1, 0, some(2)));
  CAF_CHECK(!out.fresh);
  CAF_REQUIRE(out.other != nullptr);
  CAF_CHECK(out.other->block_id == some(1));
  CAF_CHECK(uut.find(id_of(1), round_no{0})->block_id == some(1));
  CAF_CHECK(uut.all(round_no{0}, some(2)).empty());
}

CAF_TEST(of every validator one round change is kept and of every block one copy) {
  change_book uut;
  auto x = block_of(1, genesis(4), timestamp_ms{1'000'500}, 1);
  auto y = block_of(1, genesis(4), timestamp_ms{1'000'500}, 2);
  auto set = validator_set{validators(4)};
  uut.add(change_with(1, 2, x, 0, {1, 2, 3}));
  uut.add(change_with(2, 2, x, 0, {1, 2, 3}));
  CAF_CHECK_EQUAL(uut.all(round_no{2}).size(), 2u);
  CAF_CHECK(*uut.body_of(block_id(x.head)) == x);
  uut.add(change_with(1, 5, y, 3, {1, 2, 3}));
  CAF_CHECK(uut.body_of(block_id(x.head)) != nullptr);
  uut.add(change_with(2, 5, y, 3, {1, 2, 3}));
  CAF_CHECK(uut.body_of(block_id(x.head)) == nullptr);
  CAF_CHECK_EQUAL(uut.all(round_no{2}).size(), 0u);
  CAF_CHECK_EQUAL(uut.weight_from(round_no{3}, set), 2u);
}

CAF_TEST(messages of heights ahead are kept up to a limit and the nearest stay) {
  message_store uut{10, 20};
  auto keep = [&](int n, std::uint64_t at, std::uint32_t round = 0) {
    auto x = prepare_of(n, at, round, some(1));
    uut.keep(height{5}, *origin_of(x), x);
  };
  keep(1, 5);
  keep(1, 16);
  CAF_CHECK_EQUAL(uut.size(), 0u);
  for (int n = 1; n <= 30; ++n)
    keep(n, 10);
  CAF_CHECK_EQUAL(uut.size(), 20u);
  keep(1, 6);
  CAF_CHECK_EQUAL(uut.size(), 20u);
  CAF_CHECK_EQUAL(uut.take(height{6}).size(), 1u);
  CAF_CHECK_EQUAL(uut.take(height{10}).size(), 19u);
  CAF_CHECK_EQUAL(uut.size(), 0u);
}

CAF_TEST(of the heights ahead the newest round of each validator is kept) {
  message_store uut{10, 20};
  for (std::uint32_t r : {3u, 7u, 5u}) {
    auto x = prepare_of(1, 6, r, some(1));
    uut.keep(height{5}, *origin_of(x), x);
  }
  auto kept = uut.take(height{6});
  CAF_REQUIRE_EQUAL(kept.size(), 1u);
  CAF_CHECK_EQUAL(std::get<prepare>(kept[0]).round.get(), 7u);
}

CAF_TEST(what came too early is used when its height comes) {
  bench b{4};
  b.begin_with();
  auto next = head_behind({b.one, certificate_of({1, 2, 3}, 1, 0, b.id)}, b.head);
  auto second = block_of(2, next, b.now);
  auto second_id = block_id(second.head);
  b.tell(proposal_of(2, 0, second));
  for (auto n : {1, 2, 3})
    b.tell(prepare_of(n, 2, 0, second_id));
  CAF_CHECK_EQUAL(words(b.step(advanced{next})),
                  "check timer persist all:prepare persist all:commit resend");
}

CAF_TEST(strangers and forgers are not kept) {
  bench b{4};
  b.begin_with();
  CAF_CHECK(b.tell(prepare_of(9, 2, 0, b.id)).empty());
  auto forged = prepare_of(3, 9, 0, b.id);
  forged.sig[0] ^= 1;
  CAF_CHECK(b.tell(forged).empty());
  CAF_CHECK(b.tell(prepare_of(9, 9, 0, b.id)).empty());
}

CAF_TEST(whoever is far ahead is asked at once and whoever is one ahead after a while) {
  bench b{4};
  b.begin_with();
  CAF_CHECK_EQUAL(words(b.tell(prepare_of(3, 2, 0, b.id))), "resend");
  CAF_CHECK_EQUAL(words(b.expire(0, timer_expired::kind::resend)), "behind:2 resend");
  CAF_CHECK_EQUAL(words(b.tell(commit_by(3, 7, 0, b.id))), "behind:7");
  CAF_CHECK_EQUAL(words(b.tell(prepare_of(3, 7, 0, b.id))), "");
}

CAF_TEST(a height that somebody made up does not drown those of the others) {
  bench b{4};
  b.begin_with();
  CAF_CHECK_EQUAL(words(b.tell(commit_by(1, 1'000'000, 0, b.id))), "behind:1000000 resend");
  CAF_CHECK_EQUAL(words(b.tell(commit_by(2, 5, 0, b.id))), "behind:5");
  // They are asked in turn until the chain is there.
  auto again = [&] { return words(b.expire(0, timer_expired::kind::resend)); };
  CAF_CHECK_EQUAL(again(), "behind:1000000 resend");
  CAF_CHECK_EQUAL(again(), "behind:5 resend");
  CAF_CHECK_EQUAL(again(), "behind:1000000 resend");
}

CAF_TEST(a sealed block of far ahead is a hint if somebody known sealed it) {
  bench b{4};
  b.begin_with();
  auto far = b.one;
  far.head.at = height{9};
  auto far_id = block_id(far.head);
  CAF_CHECK(b.tell(3, sealed_block{far, certificate_of({11, 12, 13}, 9, 0, far_id)}).empty());
  auto out = b.tell(3, sealed_block{far, certificate_of({11, 1}, 9, 0, far_id)});
  CAF_CHECK_EQUAL(words(out), "behind:9 resend");
  CAF_CHECK(all_of<fall_behind>(out)[0].ask == id_of(3));
}

CAF_TEST(votes of old heights and other chains leave nothing behind) {
  bench b{4};
  auto next = head_behind({b.one, certificate_of({1, 2, 3}, 1, 0, b.id)}, b.head);
  b.head = next;
  b.begin_with();
  CAF_CHECK(b.tell(prepare_of(1, 1, 0, b.id)).empty());
  CAF_CHECK(b.tell(proposal_of(1, 0, b.one)).empty());
  CAF_CHECK(b.tell(signed_by(1, prepare{height{2}, round_no{0}, b.id, {}, {}}, "x")).empty());
  CAF_CHECK(b.doing() == "waiting for work");
}

CAF_TEST(nothing happens before the beginning) {
  bench b{4};
  CAF_CHECK(b.uut->step({b.now, work_due{}}).empty());
  CAF_CHECK_EQUAL(b.doing(), "waiting for the chain");
}

} // namespace

} // namespace bpci::consensus::testing
