#define CAF_SUITE e2e_consensus

#include "gateways/clients/cpp/consensus.hpp"
#include "messages/codec/json.hpp"
#include "runtime/time/clock.hpp"
#include "three_nodes.hpp"

#include <caf/test/unit_test.hpp>

#include <csignal>
#include <fstream>

using namespace bpci;
using namespace bpci::e2e;

namespace {

namespace json = boost::json;

constexpr auto takeover_max = milliseconds{60'000};
constexpr auto repair_max = milliseconds{60'000};

/// Long enough for a takeover; the votes end it sooner.
constexpr std::int64_t round_ms = 180'000;

json::value parsed(const std::string& text) {
  auto out = codec::parse_json(text);
  return out ? std::move(*out) : json::value{nullptr};
}

struct fixture : three_nodes {
  /// Four voters with weights 1, 1, 1.5 and 0.5, and nobody else.
  std::vector<identity> seat_four() {
    for (const auto& row : weights())
      weigh(std::string{row.at("node_id").as_string()}, "0");
    std::vector<identity> out;
    for (const auto* name : {"ann", "bob", "cid", "dan"})
      out.push_back(cluster->registered(name));
    for (auto [i, weight] :
         {std::pair{0, "1"}, std::pair{1, "1.0"}, std::pair{2, "1.5"}, std::pair{3, "0.5"}})
      weigh(out.at(static_cast<std::size_t>(i)).id, weight);
    return out;
  }

  json::array weights() {
    const auto data = cluster->get(1, "/api/v1/consensus/weights");
    return data.is_object() ? data.at("weights").as_array() : json::array{};
  }

  void weigh(const std::string& node, const std::string& weight) {
    const auto body =
        codec::to_text(json::object{{"node_id", node}, {"weight", weight}, {"reason", "a test"}});
    const auto answer = cluster->call(1, "PUT", "/api/v1/consensus/weights", body);
    CAF_REQUIRE(answer.has_value());
    CAF_MESSAGE(answer->body);
    CAF_REQUIRE_EQUAL(answer->status, 200);
  }

  static governance::proposal proposal_of(const identity& by, const std::string& id) {
    governance::proposal x;
    x.proposal_id = id;
    x.proposer_node = by.id;
    x.proposal_type = "NetworkParameter";
    x.content = R"({"parameter": "max_block_size", "new_value": 2048})";
    x.created_at = wall_now();
    x.voting_deadline = timestamp_ms{wall_now().get() + round_ms};
    x.minimum_votes = 3;
    x.required_threshold = 6'700;
    return client::sign(std::move(x), by.keys());
  }

  /// The status of the answer; 0: there was none. Nobody has a token here.
  int post(std::size_t at, const std::string& path, const json::value& body) {
    http::header_list none;
    none.set("Authorization", "Bearer nobody");
    const auto answer = cluster->call(at, "POST", path, codec::to_text(body), none);
    CAF_MESSAGE(path << ": " << (answer ? answer->body : to_string(answer.error())));
    return answer ? answer->status : 0;
  }

  int propose(const governance::proposal& x) {
    return post(1, "/api/v1/consensus/proposals", codec::to_json(x));
  }

  int vote(std::size_t at, const governance::proposal& on, const identity& by,
           governance::decision how) {
    const governance::vote x{on.proposal_id, by.id, how, "a test", timestamp_ms{1}, {}};
    return post(at, "/api/v1/consensus/votes",
                codec::to_json(client::sign(x, client::digest_of(on), by.keys())));
  }

  /// Which member has the actor of this round.
  std::string holder(const std::string& id) {
    const auto place = cluster->get(1, "/api/v1/entities/round/" + id + "/place");
    return place.is_object() ? std::string{place.at("slot").at("owner").as_string()} : "";
  }

  /// How it stands, without its times.
  std::string shown(std::size_t at, const std::string& id) {
    const auto x = cluster->get(at, "/api/v1/consensus/rounds/" + id);
    if (!x.is_object()) return "nothing";
    auto out = std::string{x.at("standing").as_string()} + " " + codec::to_text(x.at("tally"));
    for (const auto& one : x.at("votes").as_array())
      out += " " + std::string{one.at("voter_node").as_string()} + "="
             + std::string{one.at("decision").as_string()};
    return out;
  }

  command_outcome run(std::vector<std::string> words) {
    auto out = cluster->cli(1, std::move(words));
    CAF_MESSAGE(out.out << out.err);
    return out;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(consensus_tests, fixture)

CAF_TEST(a round whose node is killed under way comes to the same result) {
  using governance::decision;
  const auto voters = seat_four();
  const auto whole = proposal_of(voters[0], "whole");
  CAF_REQUIRE_EQUAL(propose(whole), 200);
  // The database stands below node 1.
  auto broken = proposal_of(voters[0], "broken-1");
  for (auto i = 2; holder(broken.proposal_id) == "node-1"; ++i)
    broken = proposal_of(voters[0], "broken-" + std::to_string(i));
  CAF_REQUIRE_EQUAL(propose(broken), 200);
  for (const auto* x : std::initializer_list<const governance::proposal*>{&whole, &broken}) {
    CAF_CHECK_EQUAL(vote(1, *x, voters[0], decision::Approve), 200);
    CAF_CHECK_EQUAL(vote(1, *x, voters[1], decision::Reject), 200);
  }
  const auto victim = holder(broken.proposal_id);
  CAF_MESSAGE("kill -9 of " << victim);
  auto& killed = node(victim == "node-2" ? 2 : 3);
  CAF_CHECK_EQUAL(killed.stop(SIGKILL), 128 + SIGKILL);
  for (const auto* x : std::initializer_list<const governance::proposal*>{&broken, &whole})
    for (const std::size_t i : {3u, 2u})
      CAF_CHECK(eventually(takeover_max,
                           [&] { return vote(1, *x, voters[i], decision::Approve) == 200; }));
  CAF_CHECK(holder(broken.proposal_id) != victim);
  CAF_CHECK(shown(1, "whole").starts_with("Approved"));
  CAF_CHECK_EQUAL(shown(1, broken.proposal_id), shown(1, "whole"));
  CAF_MESSAGE("the same vote again is answered as before, and another one refused");
  CAF_CHECK_EQUAL(vote(1, broken, voters[0], decision::Approve), 200);
  CAF_CHECK_EQUAL(vote(1, broken, voters[0], decision::Reject), 409);

  killed.start();
  CAF_REQUIRE(eventually(repair_max, [&] { return cluster->complete(); }));
  for (std::size_t i = 1; i <= cluster->size(); ++i)
    CAF_CHECK_EQUAL(shown(i, broken.proposal_id), shown(1, "whole"));
}

CAF_TEST(nobody proposes or votes without a right to) {
  using governance::decision;
  const auto voters = seat_four();
  const auto stranger = cluster->registered("eve");
  auto x = proposal_of(voters[0], "guarded");
  CAF_REQUIRE_EQUAL(propose(x), 200);
  CAF_CHECK_EQUAL(vote(2, x, stranger, decision::Approve), 403);
  auto forged = voters[1];
  forged.seed = stranger.seed;
  CAF_CHECK_EQUAL(vote(2, x, forged, decision::Approve), 401);
  x.proposal_id = "changed";
  CAF_CHECK_EQUAL(propose(x), 401);
  auto late = proposal_of(voters[0], "late");
  // By more than a member's idea of the database's clock may be behind.
  late.voting_deadline = timestamp_ms{wall_now().get() - 10'000};
  CAF_CHECK_EQUAL(propose(client::sign(late, voters[0].keys())), 422);
  x = {};
  x.proposal_type = "ProtocolUpgrade";
  x.content = R"({"version": "2"})";
  CAF_CHECK_EQUAL(propose(x), 401); // neither a signature nor a token
  const auto round = cluster->get(3, "/api/v1/consensus/rounds/guarded");
  CAF_REQUIRE(round.is_object());
  CAF_CHECK_EQUAL(round.at("refused_votes").as_array().size(), 2u);
}

CAF_TEST(the commands of the manual propose and vote and show) {
  const auto voters = seat_four();
  const auto key_file = [&](const identity& who) {
    const auto file = (node(1).data_dir() / (who.id + ".key")).string();
    std::ofstream{file} << crypto::to_hex(who.seed) << '\n';
    std::filesystem::permissions(file, std::filesystem::perms::owner_read);
    return file;
  };
  const auto vote_by = [&](std::size_t i, const std::string& id, const std::string& how) {
    return run({"consensus", "vote", "--proposal-id", id, "--decision", how, "--reasoning",
                "Improves scalability", "--voter", voters[i].id, "--key", key_file(voters[i])})
        .exit_code;
  };
  const auto proposed = run({"consensus", "propose", "--type", "NetworkParameter", "--content",
                             R"({"parameter": "max_connections", "value": 2000})", "--deadline",
                             rfc3339(timestamp_ms{wall_now().get() + round_ms}), "--threshold",
                             "0.67", "-o", "json"});
  CAF_REQUIRE_EQUAL(proposed.exit_code, 0);
  const auto id = std::string{parsed(proposed.out).at("what").at("proposal_id").as_string()};
  CAF_CHECK(run({"consensus", "list-active"}).out.find(id) != std::string::npos);
  CAF_CHECK_EQUAL(vote_by(0, id, "Approve"), 0);
  CAF_CHECK_EQUAL(vote_by(1, id, "Approve"), 0);
  CAF_CHECK_EQUAL(vote_by(0, id, "Reject"), 1);
  CAF_CHECK_EQUAL(vote_by(2, id, "Approve"), 0);
  const auto shown = run({"consensus", "show", id});
  CAF_CHECK(shown.out.find("Approved") != std::string::npos);
  CAF_CHECK(shown.out.find("voted_otherwise") != std::string::npos);
  CAF_CHECK(run({"consensus", "history", "--state", "Approved"}).out.find(id) != std::string::npos);
  CAF_CHECK_EQUAL(run({"consensus", "stats"}).exit_code, 0);
  const auto set = run({"consensus", "set-weight", "--node-id", voters[3].id, "--weight", "2.25"});
  CAF_CHECK_EQUAL(set.exit_code, 0);
  CAF_CHECK(run({"consensus", "weights"}).out.find("2.25") != std::string::npos);

  CAF_MESSAGE("a proposal that a node signs, in an emergency");
  const auto emergency = run({"consensus", "propose", "--type", "EmergencyAction", "--content",
                              R"({"action": "halt", "reason": "a key was stolen"})", "--proposer",
                              voters[0].id, "--key", key_file(voters[0]), "-o", "json"});
  CAF_REQUIRE_EQUAL(emergency.exit_code, 0);
  const auto said = parsed(emergency.out);
  const auto& what = said.at("what");
  CAF_CHECK_EQUAL(what.at("required_threshold").to_number<int>(), 7'500);
}

CAF_TEST_FIXTURE_SCOPE_END()
