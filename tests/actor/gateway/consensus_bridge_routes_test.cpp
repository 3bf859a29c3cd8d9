#define CAF_SUITE gateway_consensus_bridge_routes

#include "gateways/routes/consensus_bridge_routes.hpp"
#include "messages/codec/base64.hpp"
#include "messages/governance/bridge.hpp"
#include "runtime/crypto/token.hpp"
#include "tests/actor/gateway/gateway_fixture.hpp"

/// The consensus bridge as REST shows it, with a BRIDGE that says what a test wants.
namespace bpci::gateway {

namespace {

using namespace test;
namespace json = boost::json;
using governance::round_record;

const std::string signature = codec::to_base64(bytes(64, 7));

round_record a_round() {
  round_record x;
  x.what.proposal_id = "prop-1";
  x.what.proposal_type = "ProtocolUpgrade";
  x.what.content = R"({"version": "2"})";
  x.digest = std::string(64, 'a');
  x.asked = bytes(32, 1);
  x.tally = {2, 2'500, 1, 1'500, 0, 0};
  return x;
}

struct fixture : gateway_fixture {
  std::shared_ptr<fake_records::state> database = without_database();
  std::vector<governance::submit_proposal> proposals;
  std::vector<governance::vote> votes;
  std::vector<governance::set_weight> weights;
  std::vector<governance::list_rounds> lists;
  std::vector<governance::list_refused_proposals> refused_lists;
  failure refusal{ec::none, {}};

  fixture() {
    auto table = all_routes();
    const auto more = consensus_bridge_routes();
    table.insert(table.end(), more.begin(), more.end());
    door = std::make_shared<front_door>(shared, std::move(table));
    database->labels[crypto::hash_token("secret")] = "the admin";
    play_bridge();
  }

  /// The real one answers what it is told by entities; here are only its answers.
  void play_bridge() {
    put("/alpha-1/governance/bridge",
        playing({[this](const governance::submit_proposal& x) -> caf::result<round_record> {
                   proposals.push_back(x);
                   if (refusal.code != ec::none) return to_caf(refusal);
                   return a_round();
                 },
                 [this](const governance::submit_vote& x) -> caf::result<governance::vote_receipt> {
                   votes.push_back(x.what);
                   if (refusal.code != ec::none) return to_caf(refusal);
                   governance::vote_receipt out;
                   out.proposal_id = x.what.proposal_id;
                   out.voter_node = x.what.voter_node;
                   return out;
                 },
                 [this](const governance::set_weight& x) {
                   weights.push_back(x);
                   return governance::electorate_record{
                       3, {{x.node, x.weight, timestamp_ms{5}, x.who}}};
                 },
                 [this](const governance::list_rounds& x) {
                   lists.push_back(x);
                   return governance::round_page{{a_round()}, "12/prop-1"};
                 },
                 [this](const governance::list_refused_proposals& x) {
                   refused_lists.push_back(x);
                   governance::refused_proposal_page out;
                   out.proposals.push_back({7, timestamp_ms{5}, "prop-0", "ann", true,
                                            "NetworkParameter", timestamp_ms{4}, "00",
                                            "deadline_passed"});
                   out.next = "7";
                   return out;
                 },
                 [](const governance::find_round&) {
                   governance::round_detail out;
                   out.round = a_round();
                   out.ballots.resize(2);
                   out.ballots[0].who = {"ann", 1'500, bytes(32, 1)};
                   out.ballots[0].vote = governance::vote{
                       "prop-1", "ann", governance::decision::Approve, "yes", {}, {}};
                   out.ballots[1].who = {"bob", 1'000, bytes(32, 2)};
                   out.lacking = {1, 175, 0};
                   out.refusals.push_back({1, "not_a_voter", {}, {}});
                   return out;
                 },
                 [](const governance::get_bridge_health&) {
                   governance::bridge_health out;
                   out.status = "ok";
                   return out;
                 }}));
  }

  reply_ptr send(const std::string& method, const std::string& path, const std::string& body = {},
                 bool as_admin = false) {
    auto what = request(method, "/api/v1/consensus/" + path, body);
    if (as_admin) what.headers.set("Authorization", "Bearer secret");
    return call(std::move(what));
  }

  static json::value data(const reply_ptr& x) { return x->body().at("data"); }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(consensus_bridge_routes_tests, fixture)

CAF_TEST(a proposal of the document is read without any rounding and is put on record) {
  const auto said = send("POST", "proposals",
                         R"({"proposal_type": "NetworkParameter",
                             "content": {"parameter": "max_block_size", "new_value": 2048},
                             "voting_deadline": "2024-12-31T23:59:59Z",
                             "minimum_votes": 5, "required_threshold": 0.75})",
                         true);
  CAF_CHECK_EQUAL(said->verdict(), "200");
  CAF_REQUIRE_EQUAL(proposals.size(), 1u);
  const auto& x = proposals.front();
  CAF_CHECK_EQUAL(x.what.content, R"({"parameter":"max_block_size","new_value":2048})");
  CAF_CHECK_EQUAL(x.what.voting_deadline, timestamp_ms{1'735'689'599'000});
  CAF_CHECK_EQUAL(x.what.required_threshold, 7'500u);
  CAF_CHECK_EQUAL(x.what.minimum_votes, 5u);
  CAF_CHECK_EQUAL(x.admin, "the admin");
  CAF_REQUIRE_EQUAL(database->actions.size(), 1u);
  CAF_CHECK_EQUAL(database->actions.front().action, "propose");
  CAF_CHECK_EQUAL(database->actions.front().result, "done");
  CAF_CHECK(!data(said).as_object().contains("asked"));
}

CAF_TEST(a proposal needs a signature or a token) {
  const std::string upgrade = R"("proposal_type": "ProtocolUpgrade", "content": "{\"v\": 1.50}")";
  CAF_CHECK_EQUAL(send("POST", "proposals", "{" + upgrade + "}")->verdict(),
                  "401 not_authenticated");
  CAF_CHECK(proposals.empty());
  const auto said =
      send("POST", "proposals",
           "{" + upgrade + R"(, "proposer_node": "ann", "signature": ")" + signature + "\"}");
  CAF_CHECK_EQUAL(said->verdict(), "200");
  CAF_REQUIRE_EQUAL(proposals.size(), 1u);
  CAF_CHECK_EQUAL(proposals.front().what.content, R"({"v": 1.50})");
  CAF_CHECK_EQUAL(proposals.front().admin, "");
  CAF_CHECK(database->actions.empty());
}

CAF_TEST(a vote needs no token and the names of the document are read) {
  const auto said = send("POST", "votes",
                         R"({"proposal_id": "prop-001", "voter_node": "ann", "vote": "Approve",
                             "reasoning": "Improves network throughput", "timestamp": 7,
                             "signature": ")"
                             + signature + "\"}");
  CAF_CHECK_EQUAL(said->verdict(), "200");
  CAF_REQUIRE_EQUAL(votes.size(), 1u);
  CAF_CHECK(votes.front().decision == governance::decision::Approve);
  CAF_CHECK_EQUAL(votes.front().signature.size(), 64u);
  CAF_CHECK_EQUAL(send("POST", "votes", R"({"proposal_id": "p", "vote": "Maybe"})")->verdict(),
                  "422 invalid_argument");
  CAF_CHECK_EQUAL(send("POST", "votes", R"({"proposal_id": "p"})")->verdict(),
                  "422 invalid_argument");
  CAF_CHECK_EQUAL(votes.size(), 1u);
}

CAF_TEST(what BRIDGE refuses is a problem with its code) {
  const std::string vote = R"({"proposal_id": "p", "voter_node": "eve", "vote": "Approve"})";
  for (const auto& [why, verdict] :
       {std::pair{fail(ec::not_permitted, "not_a_voter: eve"), "403 not_permitted"},
        std::pair{fail(ec::conflict, "voting_closed: eve"), "409 conflict"},
        std::pair{fail(ec::bad_signature, "bad_signature: eve"), "401 bad_signature"},
        std::pair{fail(ec::not_found, "round_unknown"), "404 not_found"}}) {
    refusal = why;
    CAF_CHECK_EQUAL(send("POST", "votes", vote)->verdict(), verdict);
  }
}

CAF_TEST(rounds are listed and shown with what is missing) {
  CAF_CHECK_EQUAL(send("GET", "rounds/active")->verdict(), "401 not_authenticated");
  const auto page = data(send("GET", "rounds/active", {}, true));
  CAF_CHECK_EQUAL(page.at("rounds").as_array().size(), 1u);
  CAF_CHECK_EQUAL(page.at("next").as_string(), "12/prop-1");
  CAF_REQUIRE_EQUAL(lists.size(), 1u);
  CAF_CHECK_EQUAL(lists.front().standing, "Active");
  const auto round = data(send("GET", "rounds/prop-1", {}, true));
  CAF_CHECK_EQUAL(round.at("votes").as_array().size(), 1u);
  CAF_CHECK_EQUAL(round.at("votes").at(0).at("weight").to_number<int>(), 1'500);
  CAF_CHECK_EQUAL(round.at("missing").at("approve_weight").to_number<int>(), 175);
  CAF_CHECK_EQUAL(round.at("missing").at("voters").at(0).as_string(), "bob");
  CAF_CHECK_EQUAL(round.at("refused_votes").at(0).at("refusal").as_string(), "not_a_voter");
  CAF_CHECK_EQUAL(send("GET", "rounds/a%20b", {}, true)->verdict(), "404 not_found");
}

CAF_TEST(refused proposals are listed) {
  CAF_CHECK_EQUAL(send("GET", "refused")->verdict(), "401 not_authenticated");
  const auto page = data(send("GET", "refused", {}, true));
  CAF_REQUIRE_EQUAL(refused_lists.size(), 1u);
  CAF_CHECK_EQUAL(page.at("proposals").at(0).at("refusal").as_string(), "deadline_passed");
  CAF_CHECK_EQUAL(page.at("next").as_string(), "7");
}

CAF_TEST(a weight is exact and put on record with its reason) {
  const auto body = R"({"node_id": "validator-001", "weight": 1.5, "reason": "joined"})";
  CAF_CHECK_EQUAL(send("PUT", "weights", body)->verdict(), "401 not_authenticated");
  const auto said = send("PUT", "weights", body, true);
  CAF_CHECK_EQUAL(said->verdict(), "200");
  CAF_REQUIRE_EQUAL(weights.size(), 1u);
  CAF_CHECK_EQUAL(weights.front().weight, 1'500u);
  CAF_CHECK_EQUAL(weights.front().who, "the admin");
  const auto rows = data(said).at("weights");
  CAF_CHECK_EQUAL(rows.at(0).at("weight").as_string(), "1.5");
  CAF_REQUIRE_EQUAL(database->actions.size(), 1u);
  CAF_CHECK_EQUAL(database->actions.front().why, "joined");
  for (const auto* bad : {R"({"node_id": "v", "weight": 1.0005, "reason": "x"})",
                          R"({"node_id": "v", "reason": "x"})", R"({"node_id": "v", "weight": 1})",
                          R"({"weight": 1, "reason": "x"})"})
    CAF_CHECK_EQUAL(send("PUT", "weights", bad, true)->verdict(), "422 invalid_argument");
}

CAF_TEST(health is open as the document has it) {
  const auto health = data(send("GET", "health"));
  CAF_CHECK_EQUAL(health.at("status").as_string(), "ok");
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::gateway
