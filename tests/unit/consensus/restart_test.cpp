#define CAF_SUITE consensus_restart

#include "tests/unit/consensus/bench.hpp"
#include "tests/unit/consensus/table.hpp"

#include <caf/test/unit_test.hpp>

/// Power cuts and disks. Validator 2 of four is under test.
namespace bpci::consensus::testing {

namespace {

CAF_TEST(after a restart it says byte by byte what it said before) {
  bench b;
  b.begin_with();
  b.prepare_one();
  auto before = *b.disk;
  b.disk.reset();
  auto out = b.begin_with(journal_state::intact, before);
  CAF_CHECK(sent<prepare>(out) == std::vector{*before.prepared_vote});
  CAF_CHECK(sent<commit>(out) == std::vector{*before.commit_vote});
  CAF_CHECK(!b.disk.has_value()); // and needs no disk for it
}

CAF_TEST(after a restart it does not vote for another block in the same round) {
  bench b;
  b.begin_with();
  b.tell(proposal_of(1, 0, b.one));
  b.begin_with(journal_state::intact, b.disk);
  CAF_CHECK(sent<prepare>(b.tell(proposal_of(1, 0, b.other))).empty());
  auto stays = b.disk->prepared_vote;
  b.tell(prepare_of(1, 1, 0, b.other_id));
  b.tell(prepare_of(3, 1, 0, b.other_id));
  CAF_CHECK(sent<commit>(b.tell(prepare_of(4, 1, 0, b.other_id))).empty());
  CAF_CHECK(b.disk->prepared_vote == stays);
}

CAF_TEST(after a restart it votes again for what it voted for however old that is by now) {
  bench b;
  b.begin_with();
  b.tell(proposal_of(1, 0, b.one));
  b.begin_with(journal_state::intact, b.disk);
  b.now = timestamp_ms{b.now.get() + 3'600'000};
  CAF_CHECK(sent<prepare>(b.tell(proposal_of(1, 0, b.one))) == std::vector{*b.disk->prepared_vote});
}

CAF_TEST(after a restart it does not go back behind a round) {
  bench b;
  b.begin_with();
  b.step(work_due{});
  b.expire(0);
  auto out = b.begin_with(journal_state::intact, b.disk);
  CAF_CHECK_EQUAL(b.round(), 1u);
  CAF_CHECK(sent<round_change_message>(out).size() == 1);
  CAF_CHECK(sent<prepare>(b.tell(proposal_of(1, 0, b.one))).empty());
}

CAF_TEST(after a restart it claims what it saw prepared) {
  bench b;
  b.begin_with();
  b.prepare_one();
  b.begin_with(journal_state::intact, b.disk);
  auto asks = sent<round_change_message>(b.expire(0));
  CAF_REQUIRE_EQUAL(asks.size(), 1u);
  CAF_CHECK(asks[0].what.prepared == (prepared_claim{round_no{0}, b.id}));
  CAF_CHECK(asks[0].prepared_block == b.one);
  // And again after the next one.
  auto again = sent<round_change_message>(b.begin_with(journal_state::intact, b.disk));
  CAF_CHECK(again == asks);
}

CAF_TEST(after a restart a proposer proposes the same again) {
  bench b{1};
  b.begin_with();
  b.step(work_due{});
  auto first = sent<proposal_message>(b.step(block_made{height{1}, round_no{0}, b.one}));
  auto again = sent<proposal_message>(b.begin_with(journal_state::intact, b.disk));
  CAF_CHECK(first == again);
  CAF_CHECK(all_of<make_block>(b.step(work_due{})).empty());
}

CAF_TEST(a restart is no reason to be accused) {
  table t{4};
  t.lost = [](int, int, const consensus_message& x) { return std::holds_alternative<commit>(x); };
  t.work({1, 2, 3, 4});
  t.run();
  for (int round = 0; round < 6; ++round) {
    for (int n = 1; n <= 4; ++n) {
      t.crash(n);
      t.start_again(n);
      t.run();
    }
    t.expire_all();
    t.run();
  }
  t.lost = nullptr;
  t.expire_all(timer_expired::kind::resend);
  t.run();
  CAF_CHECK(t.all_have(1));
  for (const auto& [n, s] : t.seats)
    CAF_CHECK(s.reported.empty());
}

CAF_TEST(a cluster that lost its power all at once goes on by itself) {
  table t{4};
  t.lost = [](int, int, const consensus_message& x) { return std::holds_alternative<commit>(x); };
  t.work({1, 2, 3, 4});
  t.run();
  t.expire_all();
  t.run(); // all have committed in round 1, and nobody knows
  for (int n = 1; n <= 4; ++n)
    t.crash(n);
  t.now = timestamp_ms{t.now.get() + 3'600'000};
  for (int n = 1; n <= 4; ++n)
    t.start_again(n);
  t.run();
  t.lost = nullptr;
  for (int i = 0; i < 3; ++i) {
    t.expire_all(timer_expired::kind::resend);
    t.run();
  }
  CAF_CHECK(t.all_have(1));
}

CAF_TEST(half a cluster that prepared before the power failed gets on with the other half) {
  table t{4};
  // In round 1 only 1 and 2 see the prepares, so 3 has voted and not committed; 4 hears nothing.
  t.crash(4);
  t.work({2, 3});
  t.lost = [](int, int, const consensus_message& x) {
    return std::holds_alternative<proposal_message>(x)
           && std::get<proposal_message>(x).what.round == round_no{0};
  };
  t.run();
  t.lost = [](int, int to, const consensus_message& x) {
    return std::holds_alternative<commit>(x) || (std::holds_alternative<prepare>(x) && to == 3);
  };
  t.expire_all();
  t.run();
  CAF_CHECK_EQUAL(t.round_of(3), 1u);
  for (int n = 1; n <= 3; ++n)
    t.crash(n);
  t.now = timestamp_ms{t.now.get() + 3'600'000};
  t.crash(3);
  t.lost = nullptr;
  for (auto n : {1, 2, 4})
    t.start_again(n);
  t.work({4});
  t.run();
  for (int i = 0; i < 6; ++i) {
    t.expire_all(timer_expired::kind::resend);
    t.run();
    t.expire_all();
    t.run();
  }
  CAF_CHECK(t.all_have(1));
}

// -- lost records --------------------------------------------------------------------------

/// Block after block, each `apart` after the one before.
chain_head further(const chain_head& from, int blocks, std::int64_t apart = 1'000) {
  auto out = from;
  for (int i = 0; i < blocks; ++i) {
    auto x = block_of(1, out, timestamp_ms{out.head.time.get() + apart});
    out = head_behind({x, certificate_of({1, 3, 4}, x.head.at.get(), 0, block_id(x.head))}, out);
  }
  return out;
}

CAF_TEST(whose record is lost only watches until the chain is well beyond) {
  bench b;
  b.begin_with(journal_state::lost);
  CAF_CHECK(sent<prepare>(b.tell(proposal_of(1, 0, b.one))).empty());
  CAF_CHECK(b.doing().starts_with("watching"));
  b.step(advanced{further(b.head, 9)});
  CAF_CHECK(b.doing().starts_with("watching"));
  b.step(advanced{further(b.head, 10)});
  CAF_CHECK_EQUAL(b.doing(), "waiting for work");
}

CAF_TEST(blocks from before it started do not end the watch) {
  bench b;
  b.now = timestamp_ms{b.head.head.time.get() + 3'600'000};
  b.begin_with(journal_state::lost);
  auto known = further(b.head, 50);
  b.step(advanced{known});
  CAF_CHECK(b.doing().starts_with("watching"));
  // Up to twice the precision they may be from before.
  auto later = further(known, 1, b.now.get() + 1'000 - known.head.time.get());
  b.step(advanced{later});
  CAF_CHECK(b.doing().starts_with("watching"));
  b.step(advanced{further(later, 1, 1)});
  CAF_CHECK_EQUAL(b.doing(), "waiting for work");
}

CAF_TEST(who watches still decides) {
  bench b;
  b.begin_with(journal_state::lost);
  b.tell(proposal_of(1, 0, b.one));
  b.tell(commit_by(1, 1, 0, b.id));
  b.tell(commit_by(3, 1, 0, b.id));
  CAF_CHECK_EQUAL(words(b.tell(commit_by(4, 1, 0, b.id))), "finalize");
}

CAF_TEST(a record that is older than what it has sealed is a lost one) {
  bench b{1};
  b.head = further(b.head, 3); // which 1 has sealed
  for (auto found : {journal_state::fresh, journal_state::intact}) {
    b.begin_with(found);
    CAF_CHECK(b.doing().starts_with("watching"));
  }
  safety_record old;
  old.at = height{2};
  b.begin_with(journal_state::intact, old);
  CAF_CHECK(b.doing().starts_with("watching"));
  old.at = height{3};
  b.begin_with(journal_state::intact, old);
  CAF_CHECK_EQUAL(b.doing(), "waiting for work");
}

CAF_TEST(a new validator in an old chain signs at once) {
  bench b{2};
  b.head = further(b.head, 3);
  b.begin_with(journal_state::fresh);
  CAF_CHECK_EQUAL(b.doing(), "waiting for work");
}

CAF_TEST(blocks are lost and the record is not : it signs nothing below the record) {
  bench b;
  auto at_three = further(b.head, 2);
  b.one = block_of(2, at_three, b.now);
  safety_record ahead;
  ahead.at = height{3};
  ahead.round = round_no{1};
  ahead.change_vote = change_of(2, 3, 1);
  CAF_CHECK(b.begin_with(journal_state::intact, ahead).empty());
  CAF_CHECK(sent<prepare>(b.tell(proposal_of(1, 0, block_of(1, b.head, b.now)))).empty());
  CAF_CHECK_EQUAL(b.doing(), "watching: blocks were lost");
  auto out = b.step(advanced{at_three});
  CAF_CHECK(sent<round_change_message>(out) == std::vector{bare(*ahead.change_vote)});
  CAF_CHECK_EQUAL(b.round(), 1u);
}

} // namespace

} // namespace bpci::consensus::testing
