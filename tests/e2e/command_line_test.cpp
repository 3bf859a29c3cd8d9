#define CAF_SUITE e2e_command_line

#include "messages/codec/json.hpp"
#include "raw_link.hpp"
#include "three_nodes.hpp"
#include "traffic.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>

using namespace bpci;
using namespace bpci::e2e;

namespace {

namespace json = boost::json;

// `bpci --help` promises these numbers.
constexpr int done = 0;
constexpr int failed = 1;
constexpr int usage = 2;
constexpr int unreachable = 3;
constexpr int not_permitted = 4;

struct fixture : three_nodes {
  command_outcome run(std::vector<std::string> words,
                      std::map<std::string, std::string> environment = {}) {
    auto out = cluster->cli(1, std::move(words), std::move(environment));
    CAF_MESSAGE(out.out << out.err);
    return out;
  }

  int register_by_command(const std::string& id, const std::string& type) {
    return run({"oracle", "register-node", "--node-id", id, "--node-type", type, "--endpoint",
                "ws://localhost:8080"})
        .exit_code;
  }
};

json::value parsed(const std::string& text) {
  auto out = codec::parse_json(text);
  return out ? std::move(*out) : json::value{nullptr};
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(command_line_tests, fixture)

CAF_TEST(nodes are registered and exchange a message by the commands of the manual) {
  CAF_CHECK_EQUAL(register_by_command("bpi-node-001", "EncCluster"), done);
  CAF_CHECK_EQUAL(register_by_command("banking-system", "Banking"), done);

  const auto payment = make_identity("payment-system");
  CAF_CHECK_EQUAL(run({"oracle", "register-node", "--node-id", payment.id, "--node-type", "Payment",
                       "--endpoint", "ws://localhost:8081", "--public-key", payment.public_key,
                       "--capabilities", "Transfers,Refunds"})
                      .exit_code,
                  done);
  std::string received;
  cpp_node target{payment, {node(3).socket_url()}, [&](const client::delivery& x) {
                    received.assign(x.message.body.begin(), x.message.body.end());
                    return true;
                  }};
  const auto sent =
      run({"oracle", "send-message", "--source", "banking-system", "--target", payment.id,
           "--message-type", "DataSync", "--content", "{\"account\": \"123\"}"});
  CAF_CHECK_EQUAL(sent.exit_code, done);
  CAF_CHECK(sent.out.find("acknowledged") != std::string::npos);
  CAF_CHECK_EQUAL(received, "{\"account\": \"123\"}");
}

CAF_TEST(nodes are listed by type and in each format) {
  const auto id = make_identity("ledger").id;
  CAF_CHECK_EQUAL(register_by_command(id, "Ledger"), done);
  const auto listed = run({"oracle", "list-nodes", "--type", "Ledger", "-o", "json"});
  CAF_CHECK_EQUAL(listed.exit_code, done);
  const auto data = parsed(listed.out);
  CAF_REQUIRE(data.is_object());
  const auto& nodes = data.at("nodes").as_array();
  CAF_REQUIRE(nodes.size() == 1u);
  CAF_CHECK_EQUAL(std::string{nodes.front().at("node_id").as_string()}, id);
  CAF_CHECK_EQUAL(std::string{nodes.front().at("status").as_string()}, "Disconnected");
  for (const auto* format : {"table", "yaml"})
    CAF_CHECK(run({"oracle", "list-nodes", "--all", "-o", format}).out.find(id)
              != std::string::npos);
}

CAF_TEST(the counters of the oracle are shown) {
  const auto shown = run({"oracle", "stats", "-o", "json"});
  CAF_CHECK_EQUAL(shown.exit_code, done);
  const auto data = parsed(shown.out);
  CAF_REQUIRE(data.is_object());
  CAF_CHECK_EQUAL(std::string{data.at("member").as_string()}, "node-1");
  CAF_CHECK(data.at("registered_nodes").to_number<int>() > 0);
}

CAF_TEST(members of the cluster are shown) {
  const auto shown = run({"cluster", "members", "-o", "json"});
  CAF_CHECK_EQUAL(shown.exit_code, done);
  const auto data = parsed(shown.out);
  CAF_REQUIRE(data.is_object());
  CAF_CHECK_EQUAL(data.at("members").as_array().size(), cluster->size());
}

CAF_TEST(a script can tell by the exit code what went wrong) {
  CAF_MESSAGE("nobody answers");
  const auto nobody = run({"oracle", "stats", "--url", "http://127.0.0.1:1"});
  CAF_CHECK_EQUAL(nobody.exit_code, unreachable);
  CAF_CHECK(nobody.err.find("unavailable") != std::string::npos);
  CAF_CHECK_EQUAL(nobody.out, "");
  CAF_MESSAGE("no token, and a wrong one");
  const auto none = run({"oracle", "stats", "-o", "json"}, {{"BPCI_TOKEN", ""}});
  CAF_CHECK_EQUAL(none.exit_code, not_permitted);
  const auto error = parsed(none.err);
  CAF_REQUIRE(error.is_object());
  CAF_CHECK_EQUAL(std::string{error.at("error").at("code").as_string()}, "not_authenticated");
  CAF_CHECK_EQUAL(run({"oracle", "stats"}, {{"BPCI_TOKEN", "guessed"}}).exit_code, not_permitted);
  CAF_MESSAGE("the node refuses");
  CAF_CHECK_EQUAL(run({"actors", "kill", "/node-1/oracle/nobody", "--reason", "a test"}).exit_code,
                  failed);
  CAF_CHECK_EQUAL(register_by_command("two-keys", "Banking"), done);
  const auto other_key = make_identity("other").public_key;
  CAF_CHECK_EQUAL(run({"oracle", "register-node", "--node-id", "two-keys", "--node-type", "Banking",
                       "--endpoint", "ws://localhost:8080", "--public-key", other_key})
                      .exit_code,
                  failed);
  CAF_MESSAGE("the target is unknown");
  CAF_CHECK_EQUAL(run({"oracle", "send-message", "--source", "two-keys", "--target", "nobody",
                       "--message-type", "DataSync", "--content", "{}"})
                      .exit_code,
                  failed);
  CAF_MESSAGE("the command line is wrong");
  const auto mistyped = run({"oracle", "list-node"});
  CAF_CHECK_EQUAL(mistyped.exit_code, usage);
  CAF_CHECK(mistyped.err.find("list-nodes") != std::string::npos);
}

CAF_TEST_FIXTURE_SCOPE_END()
