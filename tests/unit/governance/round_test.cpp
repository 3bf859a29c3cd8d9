#define CAF_SUITE governance_round

#include "actors/governance/electorate.hpp"
#include "actors/governance/round.hpp"
#include "helpers.hpp"
#include "tests/unit/oracle/entity_bench.hpp"

#include <caf/test/unit_test.hpp>

/// The kind `round`: one proposal of ann, on which ann, bob, cid and dan vote.
namespace bpci::governance {

namespace {

using namespace testing;

struct vote_of_four : oracle::testing::entity_bench {
  vote_of_four() : entity_bench(make_round_kind(), "prop-1") {}

  proposal what = signed_proposal(a_proposal());

  result<round_record> open(timestamp_ms at = timestamp_ms{1'000}) {
    return tell<round_record>(
        an_opening(what, {{"ann", 1'000}, {"bob", 1'000}, {"cid", 1'500}, {"dan", 500}}), at);
  }

  result<vote_answer> cast(const vote& x, timestamp_ms at = timestamp_ms{2'000}) {
    return tell<vote_answer>(cast_vote{x}, at);
  }

  /// "Active 2/3500", "not_a_voter", or a code.
  std::string say(const std::string& who, decision how, const std::string& reasoning = {},
                  timestamp_ms at = timestamp_ms{2'000}) {
    return verdict(cast(a_vote(what, who, how, reasoning), at));
  }

  static std::string verdict(const result<vote_answer>& x) {
    if (!x) return std::string{name(x.error().code)};
    if (!x->refusal.empty()) return x->refusal;
    return shown(x->round) + (x->known ? " known" : "");
  }

  static std::string shown(const round_record& x) {
    return std::string{boost::describe::enum_to_string(x.standing, "")} + " "
           + std::to_string(x.tally.votes) + "/" + std::to_string(x.tally.approve_weight);
  }

  round_record now() { return ask<round_record>(read_round{}).value(); }
  std::string standing_now() { return shown(now()); }

  void fire(timestamp_ms at) {
    timers.erase(deadline_timer);
    tell<round_record>(entity::timer_fired{deadline_timer, at, 1, 0}, at);
  }

  std::vector<refused_vote> refusals() {
    return ask<refusal_page>(list_refusals{{}, 500}).value().refusals;
  }
};

ec code_of(const auto& x) {
  return x ? ec::none : x.error().code;
}

std::string refusal_of(const auto& x) {
  return x ? "ok" : x.error().detail.substr(0, x.error().detail.find(':'));
}

} // namespace

CAF_TEST(a round is approved as soon as the threshold is reached) {
  vote_of_four at;
  CAF_CHECK_EQUAL(code_of(at.open()), ec::none);
  CAF_CHECK_EQUAL(at.say("ann", decision::Approve), "Active 1/1000");
  CAF_CHECK_EQUAL(at.say("dan", decision::Abstain), "Active 2/1000");
  CAF_CHECK_EQUAL(at.say("bob", decision::Approve), "Active 3/2000");
  CAF_CHECK_EQUAL(at.say("cid", decision::Approve), "Approved 4/3500");
  CAF_CHECK(at.now().closed_at == timestamp_ms{2'000});
  CAF_CHECK(!at.timers.at(deadline_timer));
}

CAF_TEST(a round is rejected as soon as it cannot be approved any more) {
  vote_of_four at;
  at.open();
  CAF_CHECK_EQUAL(at.say("ann", decision::Reject), "Active 1/0");
  CAF_CHECK_EQUAL(at.say("bob", decision::Reject), "Active 2/0");
  CAF_CHECK_EQUAL(at.say("dan", decision::Approve), "Rejected 3/500");
}

CAF_TEST(what the deadline finds without enough votes has expired) {
  vote_of_four at;
  at.open();
  CAF_CHECK_EQUAL(at.timers.at(deadline_timer)->get(), 10'000);
  at.say("cid", decision::Approve);
  at.say("bob", decision::Approve);
  at.fire(timestamp_ms{9'999}); // a clock that was ahead
  CAF_CHECK_EQUAL(at.standing_now(), "Active 2/2500");
  CAF_CHECK_EQUAL(at.timers.at(deadline_timer)->get(), 10'000);
  at.fire(timestamp_ms{10'000});
  CAF_CHECK_EQUAL(at.standing_now(), "Expired 2/2500");
}

CAF_TEST(what the deadline finds with enough votes and too few approvals is rejected) {
  vote_of_four at;
  at.open();
  for (const auto* who : {"ann", "bob", "dan"})
    at.say(who, decision::Approve);
  CAF_CHECK_EQUAL(at.standing_now(), "Active 3/2500");
  at.fire(timestamp_ms{10'000});
  CAF_CHECK_EQUAL(at.standing_now(), "Rejected 3/2500");
  at.fire(timestamp_ms{11'000});
  CAF_CHECK(at.now().closed_at == timestamp_ms{10'000});
}

CAF_TEST(weights that change during a vote do not count) {
  oracle::testing::entity_bench electorate{make_electorate_kind(), electorate_id};
  const auto weigh = [&](const char* node, std::uint64_t weight) {
    electorate.tell<electorate_record>(set_weight{node, weight, "admin"}).value();
  };
  const auto frozen = [&](const proposal& x) {
    auto out = an_opening(x, {});
    const auto now = electorate.ask<electorate_record>(read_electorate{}).value();
    out.electorate_version = now.version;
    for (const auto& one : now.seats)
      out.voters.push_back({one.node, one.weight, public_key_of(one.node)});
    return out;
  };
  for (const auto* who : {"ann", "bob", "cid"})
    weigh(who, 1'000);
  vote_of_four at;
  at.tell<round_record>(frozen(at.what)).value();
  weigh("ann", 900'000);
  weigh("cid", 0);
  CAF_CHECK_EQUAL(at.say("ann", decision::Approve), "Active 1/1000");
  CAF_CHECK_EQUAL(at.say("bob", decision::Reject), "Active 2/1000");
  CAF_CHECK_EQUAL(at.say("cid", decision::Approve), "Rejected 3/2000");
  const auto ended = at.now();
  CAF_CHECK_EQUAL(ended.tally.total_weight, 3'000u);
  CAF_CHECK_EQUAL(ended.electorate_version, 3u);
}

CAF_TEST(sixty seven percent of the weight pass and 66 point 99 do not ) {
  for (auto short_of_it : {0u, 1u}) {
    vote_of_four at;
    at.what = signed_proposal(a_proposal(2));
    at
        .tell<round_record>(an_opening(
            at.what, {{"ann", 6'700 - short_of_it}, {"bob", 3'299 + short_of_it}, {"cid", 1}}))
        .value();
    CAF_CHECK_EQUAL(at.say("cid", decision::Abstain), "Active 1/0");
    CAF_CHECK_EQUAL(at.say("ann", decision::Approve),
                    short_of_it ? "Active 2/6699" : "Approved 2/6700");
    if (!short_of_it) continue;
    at.fire(timestamp_ms{10'000});
    CAF_CHECK_EQUAL(at.standing_now(), "Rejected 2/6699");
  }
}

CAF_TEST(a stranger does not vote) {
  vote_of_four at;
  at.open();
  CAF_CHECK_EQUAL(at.say("eve", decision::Approve), "not_a_voter");
  CAF_CHECK_EQUAL(at.standing_now(), "Active 0/0");
  const auto all = at.refusals();
  CAF_REQUIRE_EQUAL(all.size(), 1u);
  CAF_CHECK_EQUAL(all.front().refusal, "not_a_voter");
  CAF_CHECK_EQUAL(all.front().vote.voter_node, "eve");
}

CAF_TEST(nobody votes in the name of another or with a vote for another proposal) {
  vote_of_four at;
  at.open();
  const auto forged = a_vote(at.what, "ann", decision::Approve, {}, "eve");
  CAF_CHECK_EQUAL(vote_of_four::verdict(at.cast(forged)), "bad_signature");
  auto other = at.what;
  other.content = R"({"parameter": "max_block_size", "new_value": 1})";
  const auto moved = a_vote(other, "ann", decision::Approve);
  CAF_CHECK_EQUAL(vote_of_four::verdict(at.cast(moved)), "bad_signature");
  auto turned = a_vote(at.what, "ann", decision::Approve);
  turned.decision = decision::Reject;
  CAF_CHECK_EQUAL(vote_of_four::verdict(at.cast(turned)), "bad_signature");
  CAF_CHECK_EQUAL(at.say("ann", decision::Approve), "Active 1/1000");
}

CAF_TEST(a vote counts once and another one of the same voter not at all) {
  vote_of_four at;
  at.open();
  CAF_CHECK_EQUAL(at.say("ann", decision::Approve, "more throughput"), "Active 1/1000");
  CAF_CHECK_EQUAL(at.say("ann", decision::Approve, "more throughput"), "Active 1/1000 known");
  CAF_CHECK_EQUAL(at.say("ann", decision::Reject, "more throughput"), "voted_otherwise");
  CAF_CHECK_EQUAL(at.say("ann", decision::Approve, "for another reason"), "voted_otherwise");
  CAF_CHECK_EQUAL(at.standing_now(), "Active 1/1000");
}

CAF_TEST(after the deadline nobody votes but the vote that counts is still known) {
  vote_of_four at;
  at.open();
  const auto later = timestamp_ms{10'000};
  at.say("ann", decision::Approve);
  CAF_CHECK_EQUAL(at.say("bob", decision::Approve, {}, later), "voting_closed");
  at.fire(later);
  CAF_CHECK_EQUAL(at.say("cid", decision::Approve, {}, later), "voting_closed");
  CAF_CHECK_EQUAL(at.say("ann", decision::Approve, {}, later), "Expired 1/1000 known");
  CAF_CHECK_EQUAL(at.refusals().size(), 2u);
}

CAF_TEST(a decided round takes no further vote) {
  vote_of_four at;
  at.open();
  for (const auto* who : {"ann", "bob", "cid"})
    at.say(who, decision::Approve);
  CAF_CHECK_EQUAL(at.say("dan", decision::Reject), "voting_closed");
  CAF_CHECK_EQUAL(at.standing_now(), "Approved 3/3500");
}

CAF_TEST(a proposal with a past deadline is refused) {
  vote_of_four at;
  CAF_CHECK_EQUAL(refusal_of(at.open(timestamp_ms{10'000})), "deadline_passed");
  CAF_CHECK_EQUAL(code_of(at.ask<round_record>(read_round{})), ec::not_found);
  CAF_CHECK_EQUAL(refusal_of(at.open(timestamp_ms{9'999})), "ok");
}

CAF_TEST(the same proposal again is the same round and another one of its id a conflict) {
  vote_of_four at;
  at.open();
  at.say("ann", decision::Approve);
  const auto again = at.open(timestamp_ms{3'000}).value();
  CAF_CHECK_EQUAL(vote_of_four::shown(again), "Active 1/1000");
  CAF_CHECK_EQUAL(again.opened_at, timestamp_ms{1'000});
  at.what.content = R"({"parameter": "max_block_size", "new_value": 1})";
  at.what = signed_proposal(at.what);
  CAF_CHECK_EQUAL(refusal_of(at.open()), "proposal_id_taken");
}

CAF_TEST(a proposal that its proposer has not signed is refused) {
  vote_of_four at;
  at.what.required_threshold = 6'800;
  CAF_CHECK_EQUAL(refusal_of(at.open()), "bad_signature");
}

CAF_TEST(strangers and forgers fill a bounded record and a voter can still vote) {
  vote_of_four at;
  at.open();
  for (std::uint64_t i = 0; i < refused_strangers_max + 10; ++i) {
    const auto name = "eve-" + std::to_string(i);
    const auto stranger = a_vote(at.what, name, decision::Approve, {}, "eve");
    const auto verdict = vote_of_four::verdict(at.cast(stranger));
    CAF_CHECK_EQUAL(verdict, i < refused_strangers_max ? "not_a_voter" : "not_permitted");
  }
  for (std::uint64_t i = 0; i < refused_per_voter_max + 3; ++i) {
    const auto forged = a_vote(at.what, "ann", decision::Reject, std::to_string(i), "eve");
    CAF_CHECK_EQUAL(vote_of_four::verdict(at.cast(forged)), "bad_signature");
  }
  const auto before = at.version;
  at.cast(a_vote(at.what, "eve", decision::Approve));
  CAF_CHECK_EQUAL(at.version, before);
  CAF_CHECK_EQUAL(at.now().refused, refused_strangers_max + refused_per_voter_max);
  CAF_CHECK_EQUAL(at.refusals().size(), refused_strangers_max + refused_per_voter_max);
  CAF_CHECK_EQUAL(at.say("ann", decision::Approve), "Active 1/1000");
}

CAF_TEST(ballots and refusals are listed in pages) {
  vote_of_four at;
  at.open();
  at.say("bob", decision::Reject, "too large");
  at.say("eve", decision::Reject);
  auto page = at.ask<ballot_page>(list_ballots{{}, 3}).value();
  CAF_REQUIRE_EQUAL(page.ballots.size(), 3u);
  CAF_CHECK(!page.ballots[0].vote);
  CAF_CHECK_EQUAL(page.ballots[1].vote->reasoning, "too large");
  CAF_CHECK_EQUAL(page.ballots[1].who.weight, 1'000u);
  CAF_CHECK_EQUAL(page.next, "cid");
  page = at.ask<ballot_page>(list_ballots{page.next, 3}).value();
  CAF_REQUIRE_EQUAL(page.ballots.size(), 1u);
  CAF_CHECK_EQUAL(page.ballots[0].who.node, "dan");
  CAF_CHECK_EQUAL(page.next, "");
}

CAF_TEST(a vote without a round makes none) {
  vote_of_four at;
  CAF_CHECK_EQUAL(at.say("ann", decision::Approve), "not_found");
  CAF_CHECK_EQUAL(at.version, 0u);
}

CAF_TEST(a round goes on from what is stored as if nothing had happened) {
  vote_of_four whole;
  vote_of_four broken;
  for (auto* at : {&whole, &broken}) {
    at->open();
    at->say("ann", decision::Approve);
    at->say("bob", decision::Reject);
  }
  broken.load(make_round_kind(), broken.stored());
  for (auto* at : {&whole, &broken}) {
    at->say("dan", decision::Approve);
    at->say("cid", decision::Approve);
  }
  const auto a = whole.now();
  const auto b = broken.now();
  CAF_CHECK(a == b);
  CAF_CHECK(whole.items == broken.items);
}

} // namespace bpci::governance
