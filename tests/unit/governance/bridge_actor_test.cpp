#define CAF_SUITE governance_bridge_actor

#include "actors/governance/round_store.hpp"
#include "bridge_fixture.hpp"

#include <caf/test/unit_test.hpp>

namespace bpci::governance {

namespace {

using namespace test;

using fixture = bridge_fixture;

} // namespace

CAF_TEST_FIXTURE_SCOPE(bridge_actor_tests, fixture)

CAF_TEST(nodes vote on a proposal and everybody can read how) {
  seat_four();
  const auto x = proposed("prop-1");
  const auto opened = propose(x).value();
  CAF_CHECK_EQUAL(opened.tally.voters, 4u);
  CAF_CHECK_EQUAL(opened.digest, crypto::to_hex(digest_of(x)));
  CAF_CHECK_EQUAL(code_of(vote_for(x, "ann", decision::Approve)), "ok");
  CAF_CHECK_EQUAL(code_of(vote_for(x, "dan", decision::Abstain)), "ok");
  auto now = detail("prop-1").value();
  CAF_CHECK_EQUAL(now.lacking.votes, 1u);
  CAF_CHECK_EQUAL(now.lacking.approve_weight, 1'680u);
  CAF_CHECK_EQUAL(code_of(vote_for(x, "bob", decision::Approve)), "ok");
  const auto last = vote_for(x, "cid", decision::Approve).value();
  CAF_CHECK(last.standing == standing::Approved);
  CAF_CHECK_EQUAL(last.weight, 1'500u);
  CAF_CHECK_EQUAL(shown("prop-1"), "Approved 3500/4000 ann bob cid dan");
  const auto stats = ask<bridge_stats>(get_bridge_stats{}).value();
  CAF_CHECK_EQUAL(stats.approved, 1u);
  CAF_CHECK_EQUAL(stats.participation, 10'000u);
  const auto page = ask<round_page>(list_rounds{"Approved", {}, {}, 0}).value();
  CAF_REQUIRE_EQUAL(page.rounds.size(), 1u);
  CAF_CHECK(page.rounds.front() == detail("prop-1")->round);
}

CAF_TEST(what is refused says why and is on record) {
  seat_four();
  const auto x = proposed("prop-1");
  CAF_CHECK_EQUAL(code_of(vote_for(x, "ann", decision::Approve)), "not_found round_unknown");
  propose(x).value();
  CAF_CHECK_EQUAL(code_of(vote_for(x, "eve", decision::Approve)), "not_permitted not_a_voter");
  const auto forged = a_vote(x, "ann", decision::Approve, {}, "eve");
  CAF_CHECK_EQUAL(code_of(ask<vote_receipt>(submit_vote{forged})), "bad_signature bad_signature");
  const auto first = vote_for(x, "ann", decision::Approve).value();
  const auto again = vote_for(x, "ann", decision::Approve).value();
  CAF_CHECK(!first.known);
  CAF_CHECK(again.known);
  CAF_CHECK(again.tally == first.tally);
  CAF_CHECK_EQUAL(code_of(vote_for(x, "ann", decision::Reject)), "conflict voted_otherwise");
  const auto now = detail("prop-1").value();
  CAF_CHECK_EQUAL(now.refusals.size(), 3u);
  CAF_CHECK_EQUAL(shown("prop-1"), "Active 1000/4000 ann");
}

CAF_TEST(proposals that cannot be voted on are refused) {
  CAF_CHECK_EQUAL(code_of(propose(proposed("prop-1"))), "conflict too_few_voters");
  seat_four();
  CAF_CHECK_EQUAL(code_of(propose(proposed("prop-1", -1'000))), "invalid_argument deadline_passed");
  auto x = proposed("prop-1");
  x.proposer_node = "nobody";
  CAF_CHECK_EQUAL(code_of(propose(signed_proposal(x))), "unknown_node proposer_unknown");
  CAF_CHECK_EQUAL(code_of(ask<electorate_record>(set_weight{"nobody", 1, "admin"})),
                  "unknown_node node_unknown");
  x = proposed("prop-1");
  CAF_CHECK_EQUAL(code_of(propose(x)), "ok");
  CAF_CHECK_EQUAL(code_of(propose(x)), "ok");
  CAF_CHECK_EQUAL(code_of(propose(proposed("prop-1", 50'000))), "conflict proposal_id_taken");
  for (const auto* who : {"ann", "bob"})
    weigh(who, 0);
  CAF_CHECK_EQUAL(code_of(propose(proposed("prop-2"))), "conflict too_few_voters");
  CAF_CHECK_EQUAL(code_of(propose(x)), "ok");
}

CAF_TEST(a proposal that is refused is on record with whose it is) {
  seat_four();
  const auto late = proposed("prop-1", -1'000);
  propose(late);
  auto forged = proposed("prop-2", -1'000);
  forged.signature.back() ^= 1;
  propose(forged);
  auto nameless = proposed("prop-3");
  nameless.proposal_id = "no id \n";
  nameless.proposal_type = std::string{"none\0", 5};
  propose(signed_proposal(nameless));
  auto of_admin = proposed("prop-4", -1'000);
  of_admin.proposer_node.clear();
  of_admin.signature.clear();
  ask<round_record>(submit_proposal{of_admin, "the admin"});
  auto all = ask<refused_proposal_page>(list_refused_proposals{}).value().proposals;
  CAF_REQUIRE_EQUAL(all.size(), 3u);
  const auto words = [](const refused_proposal& x) {
    return x.proposal_id + " " + x.proposer_node + " " + x.proposal_type + " " + x.refusal
           + (x.is_of_proposer ? " proved" : "");
  };
  CAF_CHECK_EQUAL(words(all[0]), " ann  type_unknown proved");
  CAF_CHECK_EQUAL(words(all[1]), "prop-2 ann NetworkParameter deadline_passed");
  CAF_CHECK_EQUAL(words(all[2]), "prop-1 ann NetworkParameter deadline_passed proved");
  CAF_CHECK_EQUAL(all[2].digest, crypto::to_hex(digest_of(late)));
  const auto first = ask<refused_proposal_page>(list_refused_proposals{{}, 2}).value();
  const auto rest = ask<refused_proposal_page>(list_refused_proposals{first.next, 2}).value();
  CAF_CHECK_EQUAL(first.proposals.size(), 2u);
  CAF_CHECK(rest.proposals == std::vector{all[2]});
  CAF_CHECK_EQUAL(rest.next, "");
  CAF_CHECK_EQUAL(code_of(ask<refused_proposal_page>(list_refused_proposals{"x", 2})),
                  "invalid_argument after");
}

CAF_TEST(strangers cannot fill the record of refused proposals) {
  seat_four();
  auto forged = proposed("prop-1", -1'000);
  forged.signature.back() ^= 1;
  for (std::uint64_t i = 0; i < store::of_strangers_max + 2; ++i)
    CAF_CHECK_EQUAL(code_of(propose(forged)), "invalid_argument deadline_passed");
  propose(proposed("prop-2", -1'000));
  const auto all = ask<refused_proposal_page>(list_refused_proposals{{}, 200}).value();
  CAF_CHECK_EQUAL(all.proposals.size(), store::of_strangers_max + 1);
  CAF_CHECK_EQUAL(all.proposals.front().proposal_id, "prop-2");
}

CAF_TEST(a proposal of an admin needs no signature and the same again is the same) {
  seat_four();
  proposal x;
  x.proposal_type = "ProtocolUpgrade";
  x.content = R"({"version": "1.1"})";
  const auto first = ask<round_record>(submit_proposal{x, "the admin"}).value();
  const auto again = ask<round_record>(submit_proposal{x, "the admin"}).value();
  CAF_CHECK_EQUAL(first.admin, "the admin");
  CAF_CHECK_EQUAL(first.what.required_threshold, 6'700u);
  CAF_CHECK(again == first);
}

CAF_TEST(weights that change while a vote is under way do not count for it) {
  seat_four();
  const auto x = proposed("prop-1");
  propose(x).value();
  weigh("ann", 900'000);
  weigh("bob", 0);
  CAF_CHECK_EQUAL(code_of(vote_for(x, "ann", decision::Approve)), "ok");
  CAF_CHECK_EQUAL(code_of(vote_for(x, "bob", decision::Approve)), "ok");
  CAF_CHECK_EQUAL(shown("prop-1"), "Active 2000/4000 ann bob");
  const auto later = proposed("prop-2");
  const auto total = propose(later)->tally.total_weight;
  CAF_CHECK_EQUAL(total, 902'000u);
}

CAF_TEST(a round whose actors are killed under way comes to the same result) {
  seat_four();
  const auto whole = proposed("whole");
  const auto broken = proposed("broken");
  for (const auto* x : {&whole, &broken})
    propose(*x).value();
  const std::pair<std::string, decision> said[] = {{"ann", decision::Approve},
                                                   {"bob", decision::Reject},
                                                   {"cid", decision::Approve},
                                                   {"dan", decision::Approve}};
  for (const auto& one : said) {
    const auto& who = one.first;
    const auto how = one.second;
    CAF_CHECK_EQUAL(code_of(vote_for(whole, who, how)), "ok");
    // Its own actor, and then ENTITIES, which takes all of its actors along, with the vote in hand.
    caf::anon_send(bridge, submit_vote{a_vote(broken, who, how)});
    send_exit_now(shared->node->directory.find("/n/entities/actors/round:broken"),
                  caf::exit_reason::kill);
    kill_entities();
    CAF_CHECK(eventually([&] { return vote_for(broken, who, how).has_value(); }));
  }
  CAF_CHECK_EQUAL(shown("whole"), "Approved 3000/4000 ann bob cid dan");
  CAF_CHECK_EQUAL(shown("broken"), shown("whole"));
  const auto a = detail("whole")->round.tally;
  const auto b = detail("broken")->round.tally;
  CAF_CHECK(a == b);
}

CAF_TEST(a deadline ends a round also when its actor is not there) {
  seat_four();
  const auto x = proposed("prop-1", 1'500);
  propose(x).value();
  vote_for(x, "ann", decision::Approve).value();
  send_exit_now(shared->node->directory.find("/n/entities/actors/round:prop-1"),
                caf::exit_reason::kill);
  CAF_CHECK(eventually([&] { return shown("prop-1") == "Expired 1000/4000 ann"; }));
  CAF_CHECK_EQUAL(code_of(vote_for(x, "bob", decision::Approve)), "conflict voting_closed");
}

CAF_TEST(results are told once by a bridge and once more by the next) {
  seat_four();
  const auto x = proposed("prop-1");
  propose(x).value();
  for (const auto* who : {"ann", "bob", "cid"})
    vote_for(x, who, decision::Approve).value();
  CAF_CHECK(eventually([&] { return heard->results().size() == 1; }));
  const auto first = heard->results().front();
  CAF_CHECK_EQUAL(first, "prop-1 Approved");
  send_exit_now(bridge, caf::exit_reason::kill);
  start_bridge();
  CAF_CHECK(eventually([&] { return heard->results().size() == 2; }));
  const auto health = ask<bridge_health>(get_bridge_health{}).value();
  CAF_CHECK_EQUAL(health.status, "ok");
  CAF_CHECK_EQUAL(health.published, 1u);
}

CAF_TEST(a proposal is told to those who may have to vote on it) {
  seat_four();
  const auto x = proposed("prop-1");
  propose(x).value();
  CAF_REQUIRE(eventually([&] { return heard->proposals() == 1; }));
  const auto& notice = heard->notices.front();
  const auto body =
      codec::parse_json({reinterpret_cast<const char*>(notice.body.data()), notice.body.size()})
          .value();
  const auto told_of = codec::from_json<proposal>(body.at("proposal")).value();
  CAF_CHECK(told_of == x);
  CAF_CHECK_EQUAL(std::string{body.at("digest").as_string()}, crypto::to_hex(digest_of(x)));
}

CAF_TEST(a RELAY that takes no notices does no harm) {
  seat_four();
  put(path::relay, sys.spawn([](caf::event_based_actor* me) -> caf::behavior {
    me->set_default_handler(
        [](caf::scheduled_actor*, caf::message_view&) -> caf::result<caf::message> {
          return caf::sec::unexpected_message;
        });
    return {[](caf::unit_t) {}};
  }));
  const auto x = proposed("prop-1");
  propose(x).value();
  for (const auto* who : {"ann", "bob", "cid"})
    vote_for(x, who, decision::Approve).value();
  CAF_CHECK(eventually([&] {
    const auto health = ask<bridge_health>(get_bridge_health{});
    return health && health->published > 0;
  }));
  CAF_CHECK_EQUAL(shown("prop-1"), "Approved 3500/4000 ann bob cid");
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::governance
