#define CAF_SUITE e2e_integration

#include "gateways/clients/cpp/consensus.hpp"
#include "gateways/clients/cpp/inter_app.hpp"
#include "js_node.hpp"
#include "messages/codec/json.hpp"
#include "messages/interapp/gate.hpp"
#include "runtime/crypto/hex.hpp"
#include "runtime/time/clock.hpp"
#include "three_nodes.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <unistd.h>

using namespace bpci;
using namespace bpci::e2e;

/// The three integration examples of document 2, each with the C++ and the JavaScript client.
namespace {

namespace json = boost::json;
using codec::to_text;

constexpr auto connect_max = milliseconds{30'000};
constexpr auto answer_max = std::chrono::seconds{60};
constexpr auto example_max = milliseconds{60'000};

struct fixture : three_nodes {
  /// The `data` of an answer of 200.
  json::value must(std::size_t at, const std::string& method, const std::string& path,
                   const json::value& body) {
    const auto answer = cluster->call(at, method, path, to_text(body));
    CAF_REQUIRE(answer.has_value());
    CAF_MESSAGE(path << ": " << answer->body);
    CAF_REQUIRE_EQUAL(answer->status, 200);
    return codec::parse_json(answer->body).value().at("data");
  }
  json::value must_get(std::size_t at, const std::string& path) {
    auto data = cluster->get(at, path);
    CAF_REQUIRE(!data.is_null());
    return data;
  }

  client::options options_of(std::size_t at, const identity& who) {
    return {.urls = {node(at).socket_url()}, .node_id = node_id{who.id}, .keys = who.keys()};
  }

  /// What one message came to at its one target.
  static std::string told(client::bpi_client& by, client::outgoing x) {
    auto report = by.send(std::move(x));
    if (report.wait_for(answer_max) != std::future_status::ready) return "nothing";
    return std::string{name(report.get().targets.at(0).why.code)};
  }

  // -- JavaScript ------------------------------------------------------------------------------

  /// Where the keys of the examples are.
  std::filesystem::path keys =
      std::filesystem::temp_directory_path() / ("bpci-e2e-keys-" + std::to_string(getpid()));

  std::string key_file(const identity& who) {
    std::filesystem::create_directories(keys);
    const auto path = keys / (who.id + ".key");
    std::ofstream{path} << crypto::to_hex(who.seed) << '\n';
    return path.string();
  }

  /// The last line that an example prints, as JSON.
  json::value run_example(const std::string& script, std::vector<std::string> words) {
    words.insert(words.begin(),
                 std::string{BPCI_SOURCE_DIR} + "/gateways/clients/js/examples/" + script);
    const auto done = run_command({.program = js_node::program(),
                                   .arguments = std::move(words),
                                   .environment = {{"BPCI_TOKEN", cluster->token()}}},
                                  example_max);
    CAF_MESSAGE(done.out << done.err);
    CAF_REQUIRE_EQUAL(done.exit_code, 0);
    return codec::parse_json(done.out).value();
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(integration_tests, fixture)

// -- banking ---------------------------------------------------------------------------------

CAF_TEST(a bank tells a payment processor of a transaction) {
  const auto processor = cluster->registered("payment-processor");
  std::mutex mutex;
  std::vector<std::string> received;
  auto how = options_of(3, processor);
  how.on_message = [&](const client::delivery& x) {
    std::lock_guard lock{mutex};
    received.push_back(x.message.type + (x.verified ? " verified" : ""));
    return true;
  };
  client::bpi_client receiver{std::move(how)};
  CAF_REQUIRE(receiver.connect(connect_max).has_value());

  const auto bank = cluster->registered("banking-core");
  client::bpi_client sender{options_of(1, bank)};
  CAF_REQUIRE(sender.connect(connect_max).has_value());
  const std::string content = R"({"transaction_id":"txn-12345","amount":"1000.00"})";
  client::outgoing message;
  message.targets = {node_id{processor.id}};
  message.type = "DataSync";
  message.priority = oracle::priority::High;
  message.body = bytes{content.begin(), content.end()};
  CAF_CHECK_EQUAL(told(sender, std::move(message)), "none");

  if (js_node::possible()) {
    const auto other = make_identity("banking-js");
    const auto outcomes = run_example(
        "banking.js", {"--api", node(2).http_url(), "--url", node(2).socket_url(), "--id", other.id,
                       "--key", key_file(other), "--to", processor.id});
    CAF_CHECK(outcomes.at(0).at("delivered").as_bool());
  }
  std::lock_guard lock{mutex};
  for (const auto& x : received)
    CAF_CHECK_EQUAL(x, "DataSync verified");
  CAF_CHECK_EQUAL(received.size(), js_node::possible() ? 2u : 1u);
}

// -- consensus participation -------------------------------------------------------------------

CAF_TEST(nodes vote on a parameter of the network) {
  const auto weights = must_get(1, "/api/v1/consensus/weights");
  const auto weigh = [this](std::string_view node, const char* weight) {
    must(1, "PUT", "/api/v1/consensus/weights",
         {{"node_id", node}, {"weight", weight}, {"reason", "a test"}});
  };
  for (const auto& row : weights.at("weights").as_array())
    weigh(row.at("node_id").as_string(), "0");
  std::vector<identity> voters;
  for (const auto* name : {"oracle-001", "validator-001", "validator-002"}) {
    voters.push_back(cluster->registered(name));
    weigh(voters.back().id, "1");
  }
  const auto id = "prop-" + voters[0].id;

  governance::proposal proposal;
  if (js_node::possible()) {
    const auto round =
        run_example("vote.js", {"--api", node(1).http_url(), "--id", voters[0].id, "--key",
                                key_file(voters[0]), "--proposal", id, "--propose"});
    proposal = codec::from_json<governance::proposal>(round.at("what")).value();
    run_example("vote.js", {"--api", node(2).http_url(), "--id", voters[1].id, "--key",
                            key_file(voters[1]), "--proposal", id});
  } else {
    proposal.proposal_id = id;
    proposal.proposer_node = voters[0].id;
    proposal.proposal_type = "NetworkParameter";
    proposal.content = R"({"parameter":"max_transaction_size","proposed_value":2048})";
    proposal.created_at = wall_now();
    proposal.voting_deadline = timestamp_ms{wall_now().get() + 86'400'000};
    proposal.minimum_votes = 3;
    proposal.required_threshold = 6'700;
    proposal = client::sign(std::move(proposal), voters[0].keys());
    must(1, "POST", "/api/v1/consensus/proposals", codec::to_json(proposal));
  }
  for (const auto& voter : voters) {
    if (js_node::possible() && voter.id == voters[1].id) continue;
    const governance::vote vote{
        id,         voter.id, governance::decision::Approve, "Improves network performance",
        wall_now(), {}};
    must(3, "POST", "/api/v1/consensus/votes",
         codec::to_json(client::sign(vote, client::digest_of(proposal), voter.keys())));
  }
  const auto round = must_get(2, "/api/v1/consensus/rounds/" + id);
  CAF_CHECK_EQUAL(std::string{round.at("standing").as_string()}, "Approved");
  CAF_CHECK_EQUAL(round.at("votes").as_array().size(), 3u);
}

// -- between apps ------------------------------------------------------------------------------

CAF_TEST(a trading platform settles under an agreement whose audit can be checked) {
  const auto below = std::string{"/api/v1/inter-app"};
  const auto trading = make_identity("trading-platform");
  const auto settlement = make_identity("settlement-engine");
  const auto trading_host = cluster->registered("trading-host");
  const auto settlement_host = cluster->registered("settlement-host");
  for (const auto& [app, host] :
       {std::pair{&trading, &trading_host}, std::pair{&settlement, &settlement_host}})
    must(1, "POST", below + "/apps",
         codec::to_json(interapp::app_registration{interapp::app_id{app->id},
                                                   "Service",
                                                   {"settlement"},
                                                   app->public_key,
                                                   node_id{host->id}}));
  const auto established =
      must(2, "POST", below + "/establish",
           {{"app1_id", trading.id},
            {"app2_id", settlement.id},
            {"communication_type", "ServiceCall"},
            {"app1_permissions", {"Execute(settle)"}},
            {"security_requirements",
             {{"encryption_level", "High"}, {"authentication_required", true}}}});
  const auto agreement = codec::from_json<interapp::agreement>(established).value();
  const auto at = below + "/agreements/" + agreement.agreement_id.get();
  for (const auto* app : {&trading, &settlement})
    must(3, "POST", at + "/sign",
         codec::to_json(
             client::sign_agreement(app->keys(), agreement.agreement_id, agreement.terms).value()));
  CAF_CHECK(must_get(1, at + "/validate").at("is_valid").as_bool());

  bytes received; // before the acknowledgement, for which the other side waits
  auto how = options_of(3, settlement_host);
  how.on_message = [&](const client::delivery& x) {
    const auto message = interapp::decode_message(x.message.body).value();
    received = client::open_message(settlement.keys(), agreement.terms, message).value();
    return true;
  };
  client::bpi_client engine{std::move(how)};
  client::bpi_client platform{options_of(1, trading_host)};
  CAF_REQUIRE(engine.connect(connect_max).has_value());
  CAF_REQUIRE(platform.connect(connect_max).has_value());
  const auto ask = [&](const std::string& permission) {
    const auto message =
        client::make_message(trading.keys(), agreement.agreement_id, agreement.terms,
                             {message_id{"settle-" + permission.substr(8, 6)},
                              permission,
                              interapp::encryption_level::High,
                              wall_now(),
                              {1, 2, 3}})
            .value();
    return told(platform, client::to_outgoing(agreement.terms, message).value());
  };
  CAF_CHECK_EQUAL(ask("Execute(settle)"), "none");
  CAF_CHECK(received == (bytes{1, 2, 3}));
  CAF_CHECK_EQUAL(ask("Execute(refund)"), "not_permitted");

  const auto report = codec::from_json<interapp::audit_report>(must_get(2, at + "/audit")).value();
  CAF_CHECK(report.verified);
  const auto root = client::audit_root(agreement.agreement_id, agreement.terms);
  const auto faults = client::check_audit(agreement.agreement_id, report.entries, root);
  CAF_CHECK(faults.empty());
  const auto refused = std::ranges::count_if(
      report.entries, [](const auto& x) { return x.code == "permission_missing"; });
  CAF_CHECK_EQUAL(refused, 1);

  if (!js_node::possible()) return;
  const auto unique = make_identity("js").id;
  std::filesystem::create_directories(keys);
  const auto done = run_example(
      "agreement.js", {"--api", node(1).http_url(), "--url", node(2).socket_url(), "--app1",
                       unique + "-trading", "--app2", unique + "-settlement", "--host1",
                       unique + "-th", "--host2", unique + "-sh", "--keys", keys.string()});
  CAF_CHECK(done.at("is_valid").as_bool());
  CAF_CHECK_EQUAL(std::string{done.at("permitted").as_string()}, "delivered");
  CAF_CHECK_EQUAL(std::string{done.at("forbidden").as_string()}, "not_permitted");
  CAF_CHECK_EQUAL(std::string{done.at("received").as_string()}, "settle trade 7");
  CAF_CHECK(done.at("verified").as_bool());
}

CAF_TEST_FIXTURE_SCOPE_END()
