#define CAF_SUITE consensus_round_change

#include "tests/unit/consensus/bench.hpp"
#include "tests/unit/consensus/table.hpp"

#include <caf/test/unit_test.hpp>

/// When a proposer fails. Validator 2 of four is under test; in round 0 it is 1's turn, in round 1
/// its own.
namespace bpci::consensus::testing {

namespace {

CAF_TEST(nobody proposes: everybody asks for the next round and its proposer makes a block) {
  table t{4};
  t.crash(1);
  t.work({2, 3, 4});
  t.run();
  CAF_CHECK(t.all_have(0));
  t.expire_all();
  t.run();
  CAF_CHECK(t.all_have(1));
  const auto& sealed = t.seats.at(3).chain.front();
  CAF_CHECK(sealed.what.head.proposer == id_of(2));
  CAF_CHECK_EQUAL(sealed.seals.round.get(), 1u);
}

CAF_TEST(a block that one validator saw prepared is proposed again as it was) {
  table t{4};
  // Only 3 hears the prepares, and nobody a commit.
  t.lost = [](int, int to, const consensus_message& x) {
    return std::holds_alternative<commit>(x) || (std::holds_alternative<prepare>(x) && to != 3);
  };
  t.work({1});
  t.run();
  CAF_CHECK(t.where(3).prepared.has_value());
  CAF_CHECK(!t.where(2).prepared.has_value());
  t.lost = [](int from, int, const consensus_message&) { return from == 4; };
  t.transaction = 9;
  t.expire_all();
  t.run();
  const auto& sealed = t.seats.at(2).chain.front();
  CAF_CHECK(sealed.what.head.proposer == id_of(1));
  CAF_CHECK(sealed.what.transactions == std::vector<bytes>{{1}});
  CAF_CHECK_EQUAL(sealed.seals.round.get(), 1u);
}

CAF_TEST(whoever is not told of the prepared block may propose another one) {
  bench b;
  b.begin_with();
  b.step(work_due{});
  b.tell(change_of(3, 1, 1));
  b.tell(change_of(4, 1, 1));
  auto made = block_of(2, b.head, b.now, 7);
  auto out = b.step(block_made{height{1}, round_no{1}, made});
  auto proposals = sent<proposal_message>(out);
  CAF_REQUIRE_EQUAL(proposals.size(), 1u);
  CAF_CHECK(proposals[0].body == made);
  CAF_CHECK_EQUAL(proposals[0].changes.size(), 3u);
  CAF_CHECK(proposals[0].prepares.empty());
}

CAF_TEST(a claim that comes while a new block is made binds after all) {
  bench b;
  b.begin_with();
  b.step(work_due{});
  b.tell(change_of(3, 1, 1));
  CAF_CHECK_EQUAL(words(b.tell(change_of(4, 1, 1))), "persist all:change resend make timer");
  CAF_CHECK_EQUAL(all_of<make_block>(b.tell(change_with(1, 1, b.one, 0, {1, 3, 4}))).size(), 0u);
  auto out = b.step(block_made{height{1}, round_no{1}, block_of(2, b.head, b.now, 7)});
  CAF_CHECK(out.empty());
}

CAF_TEST(the highest claim binds the proposer) {
  bench b;
  b.begin_with();
  auto second = block_of(2, b.head, b.now, 7);
  b.tell(change_with(1, 5, b.one, 0, {1, 3, 4}));
  // With its own that is a quorum.
  auto proposals = sent<proposal_message>(b.tell(change_with(3, 5, second, 1, {1, 3, 4})));
  CAF_REQUIRE_EQUAL(proposals.size(), 1u);
  CAF_CHECK(proposals[0].body == second);
  CAF_CHECK(proposals[0].prepares == prepares_of({1, 3, 4}, 1, 1, block_id(second.head)));
}

CAF_TEST(a claim without enough prepares is dropped and does not count) {
  bench b;
  b.begin_with();
  b.step(work_due{});
  b.tell(change_of(3, 1, 1));
  b.expire(0);
  CAF_CHECK(b.tell(change_with(4, 1, b.one, 0, {1, 3})).empty());
  CAF_CHECK(b.tell(change_with(4, 1, b.one, 0, {1, 3, 3})).empty());
  CAF_CHECK(all_of<make_block>(b.tell(change_of(4, 1, 1))).size() == 1);
}

CAF_TEST(without work the proposer of a later round proposes nothing) {
  bench b;
  b.begin_with();
  b.tell(change_of(3, 1, 1));
  auto out = b.tell(change_of(4, 1, 1));
  CAF_CHECK(all_of<make_block>(out).empty());
  CAF_CHECK_EQUAL(words(b.step(work_due{})), "make");
}

// -- following -----------------------------------------------------------------------------

CAF_TEST(a weak set in later rounds is followed as far as all of it has gone) {
  bench b{7, 7};
  b.begin_with();
  auto asked = [&](const effects& all) {
    auto out = sent<round_change_message>(all);
    return out.empty() ? 0 : out.back().what.round.get();
  };
  CAF_CHECK_EQUAL(asked(b.tell(change_of(1, 1, 9))), 0u);
  CAF_CHECK_EQUAL(asked(b.tell(change_of(2, 1, 4))), 0u);
  CAF_CHECK_EQUAL(asked(b.tell(change_of(3, 1, 6))), 4u);
  CAF_CHECK_EQUAL(asked(b.tell(change_of(4, 1, 7))), 6u);
  CAF_CHECK_EQUAL(b.round(), 6u);
}

CAF_TEST(one liar in a far round moves nobody) {
  bench b;
  b.begin_with();
  b.tell(change_of(1, 1, 2'147'483'648));
  CAF_CHECK_EQUAL(b.round(), 0u);
}

CAF_TEST(a justified proposal of a later round is accepted by whoever is behind) {
  bench b{4};
  b.begin_with();
  std::vector asked{change_of(1, 1, 2), change_of(2, 1, 2), change_of(3, 1, 2)};
  auto x = proposal_of(3, 2, block_of(3, b.head, b.now), asked);
  auto out = b.tell(x);
  CAF_CHECK_EQUAL(words(out), "check timer persist all:prepare resend");
  CAF_CHECK_EQUAL(b.round(), 2u);
  CAF_CHECK(b.where().accepted == x.what.block_id);
}

CAF_TEST(a proposal with the justification of another round is ignored and the right one accepted) {
  bench b{4};
  b.begin_with();
  std::vector asked{change_of(1, 1, 1), change_of(2, 1, 1), change_of(3, 1, 1)};
  CAF_CHECK(b.tell(proposal_of(2, 1, block_of(2, b.head, b.now))).empty());
  CAF_CHECK(b.tell(proposal_of(3, 2, block_of(3, b.head, b.now), asked)).empty());
  CAF_CHECK_EQUAL(b.round(), 0u);
  for (auto& x : asked)
    x = change_of(x.by[0], 1, 2);
  CAF_CHECK_EQUAL(
      sent<prepare>(b.tell(proposal_of(3, 2, block_of(3, b.head, b.now), asked))).size(), 1u);
}

CAF_TEST(a justification that the proposer did not sign is ignored) {
  bench b{4};
  b.begin_with();
  std::vector asked{change_of(1, 1, 1), change_of(2, 1, 1), change_of(3, 1, 1)};
  auto x = proposal_of(2, 1, block_of(2, b.head, b.now), asked);
  x.changes.pop_back();
  x.changes.push_back(change_of(4, 1, 1));
  CAF_CHECK(b.tell(x).empty());
}

CAF_TEST(only the proposer of a round proposes in it and only once) {
  bench b{4};
  b.begin_with();
  CAF_CHECK(b.tell(proposal_of(2, 0, block_of(2, b.head, b.now))).empty());
  CAF_CHECK_EQUAL(sent<prepare>(b.tell(proposal_of(1, 0, b.one))).size(), 1u);
  auto out = b.tell(proposal_of(1, 0, b.other));
  CAF_CHECK_EQUAL(words(out), "evidence");
  CAF_CHECK(b.where().accepted == b.id);
}

CAF_TEST(an invalid block is not prepared and the round passes) {
  bench b{4};
  b.checks = false;
  b.begin_with();
  CAF_CHECK_EQUAL(words(b.tell(proposal_of(1, 0, b.one))), "check timer");
  CAF_CHECK(b.step(block_checked{height{1}, b.id, false}).empty());
  CAF_CHECK(!b.where().accepted);
  CAF_CHECK_EQUAL(sent<round_change_message>(b.expire(0)).size(), 1u);
}

CAF_TEST(the answer about a block of a former round does not count) {
  bench b{4};
  b.checks = false;
  b.begin_with();
  b.tell(proposal_of(1, 0, b.one));
  b.expire(0);
  CAF_CHECK(b.step(block_checked{height{1}, b.id, true}).empty());
}

// -- time ----------------------------------------------------------------------------------

CAF_TEST(a block of the future or of long ago is not accepted) {
  bench b{4};
  b.begin_with();
  auto at = [&](std::int64_t from_now) {
    return proposal_of(1, 0, block_of(1, b.head, timestamp_ms{b.now.get() + from_now}));
  };
  CAF_CHECK(sent<prepare>(b.tell(at(3'600'000))).empty());
  CAF_CHECK(sent<prepare>(b.tell(at(501))).empty());
  b.now = timestamp_ms{b.now.get() + 10'000};
  CAF_CHECK(sent<prepare>(b.tell(at(-2'501))).empty());
  CAF_CHECK(!b.where().accepted);
}

CAF_TEST(a block that was prepared is never too old) {
  bench b{4};
  b.begin_with();
  std::vector asked{change_of(1, 1, 1, prepared_claim{round_no{0}, b.id}), change_of(2, 1, 1),
                    change_of(3, 1, 1)};
  b.now = timestamp_ms{b.now.get() + 3'600'000};
  auto x = proposal_of(2, 1, b.one, asked, prepares_of({1, 2, 3}, 1, 0, b.id));
  CAF_CHECK_EQUAL(sent<prepare>(b.tell(x)).size(), 1u);
}

CAF_TEST(a timeout doubles with the round up to the maximum and does not overflow) {
  bench b{4};
  b.how.round_base = 1s;
  b.how.round_max = 60s;
  std::vector<std::int64_t> waits;
  for (std::uint32_t r : {1u, 2u, 5u, 6u, 33u, 64u, 4'000'000'000u}) {
    b.begin_with();
    b.tell(change_of(1, 1, r));
    b.tell(change_of(2, 1, r));
    for (const auto& x : all_of<start_timer>(b.tell(change_of(3, 1, r))))
      if (x.what.what == timer_expired::kind::round) waits.push_back(x.after.count());
    b.begin_with();
    b.tell(change_of(1, 1, r));
    for (const auto& x : all_of<start_timer>(b.tell(change_of(2, 1, r))))
      if (x.what.what == timer_expired::kind::round) waits.push_back(x.after.count());
  }
  CAF_CHECK_EQUAL(
      waits, (std::vector<std::int64_t>{2'000, 4'000, 32'000, 60'000, 60'000, 60'000, 60'000}));
}

// -- gates -----------------------------------------------------------------------------------

CAF_TEST(round 0 is timed once there is work here or somebody else has some) {
  auto timed = [](const effects& all) {
    return std::ranges::count_if(
               all_of<start_timer>(all),
               [](const auto& x) { return x.what.what == timer_expired::kind::round; })
           == 1;
  };
  bench b{4};
  CAF_CHECK(!timed(b.begin_with()));
  CAF_CHECK(timed(b.step(work_due{})));
  CAF_CHECK(!timed(b.step(work_due{})));
  b.begin_with();
  CAF_CHECK(timed(b.tell(prepare_of(3, 1, 0, b.id))));
  b.begin_with();
  CAF_CHECK(timed(b.tell(change_of(3, 1, 1))));
  b.begin_with();
  CAF_CHECK(timed(b.tell(proposal_of(1, 0, b.one))));
}

CAF_TEST(whoever is alone stays one round ahead however long it lasts) {
  bench b{4};
  b.begin_with();
  b.step(work_due{});
  CAF_CHECK_EQUAL(words(b.expire(0)), "persist all:change resend");
  for (int i = 0; i < 100; ++i) {
    CAF_CHECK(b.expire(1).empty());
    CAF_CHECK_EQUAL(words(b.expire(1, timer_expired::kind::resend)), "all:change resend");
  }
  CAF_CHECK_EQUAL(b.round(), 1u);
  b.tell(change_of(1, 1, 1));
  CAF_CHECK_EQUAL(words(b.tell(change_of(2, 1, 1))), "timer");
}

CAF_TEST(two halves that cannot hear each other decide nothing and decide soon when they can) {
  table t{4};
  t.lost = [](int from, int to, const consensus_message&) { return (from <= 2) != (to <= 2); };
  t.work({1, 2, 3, 4});
  t.run();
  for (int i = 0; i < 50; ++i) {
    t.expire_all();
    t.expire_all(timer_expired::kind::resend);
    t.run();
  }
  CAF_CHECK(t.all_have(0));
  for (int n = 1; n <= 4; ++n)
    CAF_CHECK_EQUAL(t.round_of(n), 1u);
  t.lost = nullptr;
  t.expire_all(timer_expired::kind::resend);
  t.run();
  CAF_CHECK(t.all_have(1));
}

CAF_TEST(whoever asks for a round that is over hears of the present one) {
  bench b{4};
  b.begin_with();
  b.tell(change_of(1, 1, 3));
  b.tell(change_of(2, 1, 3));
  auto out = b.tell(change_of(3, 1, 1));
  auto answers = all_of<send_to>(out);
  CAF_REQUIRE_EQUAL(answers.size(), 1u);
  CAF_CHECK(answers[0].to == id_of(3));
  CAF_CHECK_EQUAL(std::get<round_change_message>(answers[0].what).what.round.get(), 3u);
  // Not to others on its behalf: they could have it flooded.
  CAF_CHECK(b.tell(1, bare(change_of(3, 1, 1))).empty());
}

CAF_TEST(an expiry of another round or height is ignored) {
  bench b{4};
  b.begin_with();
  b.step(work_due{});
  CAF_CHECK(b.expire(1).empty());
  CAF_CHECK(b.step(timer_expired{timer_expired::kind::round, height{2}, round_no{0}}).empty());
  CAF_CHECK_EQUAL(b.round(), 0u);
}

} // namespace

} // namespace bpci::consensus::testing
