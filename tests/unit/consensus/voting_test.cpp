#define CAF_SUITE consensus_voting

#include "tests/unit/consensus/bench.hpp"

#include <caf/test/unit_test.hpp>

/// Prepares, commits, and when a block is final. Validator 2 of four is under test.
namespace bpci::consensus::testing {

namespace {

CAF_TEST(a vote is on the disk before it is sent) {
  bench b;
  b.begin_with();
  CAF_CHECK_EQUAL(words(b.tell(proposal_of(1, 0, b.one))),
                  "check timer persist all:prepare resend");
  CAF_CHECK(b.disk->prepared_vote.has_value());
  b.tell(prepare_of(1, 1, 0, b.id));
  CAF_CHECK_EQUAL(words(b.tell(prepare_of(3, 1, 0, b.id))), "persist all:commit");
  CAF_CHECK(b.disk->prepared_block == b.one);
  CAF_CHECK_EQUAL(b.disk->prepares.size(), 3u);
}

CAF_TEST(a proposal is on the disk before it is sent) {
  bench b{1};
  b.echo = false;
  b.begin_with();
  CAF_CHECK_EQUAL(words(b.step(work_due{})), "make timer");
  CAF_CHECK_EQUAL(words(b.step(block_made{height{1}, round_no{0}, b.one})),
                  "persist all:proposal resend");
  CAF_CHECK(b.disk->proposed == proposal_of(1, 0, b.one));
}

CAF_TEST(a vote of its own counts when it comes back and not before) {
  bench b;
  b.echo = false;
  b.begin_with();
  b.tell(proposal_of(1, 0, b.one));
  b.tell(prepare_of(1, 1, 0, b.id));
  CAF_CHECK(b.tell(prepare_of(3, 1, 0, b.id)).empty());
  auto out = b.tell(prepare_of(2, 1, 0, b.id));
  CAF_CHECK_EQUAL(words(out), "persist all:commit");
  b.tell(commit_by(1, 1, 0, b.id));
  CAF_CHECK(b.tell(commit_by(3, 1, 0, b.id)).empty());
  CAF_CHECK_EQUAL(words(b.tell(commit_by(2, 1, 0, b.id))), "finalize");
}

CAF_TEST(prepares that come before the proposal count) {
  bench b;
  b.begin_with();
  b.tell(prepare_of(1, 1, 0, b.id));
  b.tell(prepare_of(3, 1, 0, b.id));
  CAF_CHECK_EQUAL(sent<commit>(b.tell(proposal_of(1, 0, b.one))).size(), 1u);
}

CAF_TEST(each vote counts once however often it comes) {
  bench b;
  b.begin_with();
  b.tell(proposal_of(1, 0, b.one));
  for (int i = 0; i < 5; ++i)
    CAF_CHECK(b.tell(prepare_of(1, 1, 0, b.id)).empty());
  b.tell(prepare_of(3, 1, 0, b.id));
  for (int i = 0; i < 5; ++i)
    CAF_CHECK(b.tell(commit_by(1, 1, 0, b.id)).empty());
  CAF_CHECK_EQUAL(words(b.tell(commit_by(3, 1, 0, b.id))), "finalize");
  CAF_CHECK(b.tell(commit_by(4, 1, 0, b.id)).empty());
}

CAF_TEST(votes of strangers and forged ones and of other chains do not count) {
  bench b;
  b.begin_with();
  b.tell(proposal_of(1, 0, b.one));
  CAF_CHECK(b.tell(prepare_of(9, 1, 0, b.id)).empty());
  auto forged = prepare_of(1, 1, 0, b.id);
  forged.by = id_of(3);
  CAF_CHECK(b.tell(forged).empty());
  CAF_CHECK(b.tell(signed_by(3, prepare{height{1}, round_no{0}, b.id, {}, {}}, "other")).empty());
  CAF_CHECK(b.tell(prepare_of(3, 1, 1, b.id)).empty());
  CAF_CHECK(b.tell(prepare_of(4, 1, 0, b.other_id)).size()
            == 1); // sent the proposal that it missed
  CAF_CHECK(sent<commit>(b.tell(prepare_of(1, 1, 0, b.id))).empty());
}

CAF_TEST(a quorum of commits decides in any round) {
  bench b;
  b.begin_with();
  b.prepare_one();
  b.expire(0);
  CAF_CHECK_EQUAL(b.round(), 1u);
  b.tell(commit_by(1, 1, 0, b.id));
  auto out = b.tell(commit_by(3, 1, 0, b.id));
  auto final_ones = all_of<finalize>(out);
  CAF_REQUIRE_EQUAL(final_ones.size(), 1u);
  CAF_CHECK(final_ones[0].what.seals == certificate_of({1, 2, 3}, 1, 0, b.id));
  CAF_CHECK(final_ones[0].what.what == b.one);
}

CAF_TEST(commits of several rounds are no quorum together) {
  bench b;
  b.begin_with();
  b.tell(proposal_of(1, 0, b.one));
  b.tell(commit_by(1, 1, 0, b.id));
  b.tell(commit_by(3, 1, 1, b.id));
  CAF_CHECK(all_of<finalize>(b.tell(commit_by(4, 1, 2, b.id))).empty());
}

CAF_TEST(a quorum commits a block that never came here: it is asked for) {
  bench b;
  b.begin_with();
  b.tell(commit_by(1, 1, 0, b.id));
  b.tell(commit_by(3, 1, 0, b.id));
  auto out = b.tell(commit_by(4, 1, 0, b.id));
  CAF_REQUIRE_EQUAL(all_of<fall_behind>(out).size(), 1u);
  CAF_CHECK(all_of<fall_behind>(out)[0].at == height{1});
  // Of each who sealed it in turn, as some may be gone.
  std::set<address> asked;
  for (int i = 0; i < 3; ++i)
    for (const auto& x : all_of<fall_behind>(b.expire(0, timer_expired::kind::resend)))
      asked.insert(x.ask);
  CAF_CHECK(asked == (std::set{id_of(1), id_of(3), id_of(4)}));
  // Even a proposal that is too old for anything else brings it.
  b.now = timestamp_ms{b.now.get() + 3'600'000};
  CAF_CHECK_EQUAL(all_of<finalize>(b.tell(proposal_of(1, 0, b.one))).size(), 1u);
}

CAF_TEST(who has decided says nothing more at that height but to whoever asks) {
  bench b;
  b.begin_with();
  b.prepare_one();
  b.tell(commit_by(1, 1, 0, b.id));
  b.tell(commit_by(3, 1, 0, b.id));
  CAF_CHECK(b.expire(0).empty());
  CAF_CHECK(b.expire(0, timer_expired::kind::resend).empty());
  b.tell(change_of(1, 1, 1));
  CAF_CHECK_EQUAL(words(b.tell(change_of(4, 1, 1))), "4:block");
}

CAF_TEST(a sealed block decides the height whatever round it is) {
  bench b;
  b.begin_with();
  auto x = sealed_block{b.one, certificate_of({1, 3, 4}, 1, 5, b.id)};
  auto out = b.tell(4, x);
  CAF_REQUIRE_EQUAL(all_of<finalize>(out).size(), 1u);
  CAF_CHECK(all_of<finalize>(out)[0].what == x);
}

CAF_TEST(a sealed block with seals that are not enough decides nothing) {
  bench b;
  b.begin_with();
  CAF_CHECK(b.tell(4, sealed_block{b.one, certificate_of({1, 3}, 1, 5, b.id)}).empty());
  CAF_CHECK(b.tell(4, sealed_block{b.one, certificate_of({1, 3, 3}, 1, 5, b.id)}).empty());
  CAF_CHECK(b.tell(4, sealed_block{b.one, certificate_of({1, 3, 4}, 1, 5, b.other_id)}).empty());
}

CAF_TEST(who is no validator signs nothing and follows all the same) {
  bench b{9};
  b.begin_with();
  CAF_CHECK(b.step(work_due{}).empty());
  CAF_CHECK_EQUAL(words(b.tell(proposal_of(1, 0, b.one))), "check");
  for (auto n : {1, 2, 3})
    b.tell(prepare_of(n, 1, 0, b.id));
  b.tell(commit_by(1, 1, 0, b.id));
  b.tell(commit_by(2, 1, 0, b.id));
  CAF_CHECK_EQUAL(words(b.tell(commit_by(3, 1, 0, b.id))), "finalize");
}

CAF_TEST(a block of its own that does not stand upon the parent is not proposed) {
  bench b{1};
  b.begin_with();
  b.step(work_due{});
  auto wrong = b.one;
  wrong.head.parent[0] ^= 1;
  CAF_CHECK(b.step(block_made{height{1}, round_no{0}, wrong}).empty());
  CAF_CHECK_EQUAL(words(b.step(work_due{})), "make");
  CAF_CHECK(!b.step(block_made{height{1}, round_no{0}, b.one}).empty());
}

CAF_TEST(a block of its own is not checked again) {
  bench b{1};
  b.begin_with();
  b.step(work_due{});
  CAF_CHECK_EQUAL(words(b.step(block_made{height{1}, round_no{0}, b.one})),
                  "persist all:proposal resend persist all:prepare");
}

} // namespace

} // namespace bpci::consensus::testing
