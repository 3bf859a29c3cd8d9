#define CAF_SUITE cli_command_line

#include "gateways/cli/surroundings.hpp"
#include "messages/codec/json.hpp"

#include <caf/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <unistd.h>

using namespace bpci;
using namespace bpci::cli;
using namespace std::chrono_literals;

namespace {

/// The words of a line as a shell gives them; only the quotes that document 2 uses.
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> out;
  std::string word;
  char quote = 0;
  bool any = false;
  for (const auto x : line) {
    if (quote != 0 ? x == quote : x == '\'' || x == '"') {
      quote = quote != 0 ? '\0' : x;
      any = true;
    } else if (x == ' ' && quote == 0) {
      if (any) out.push_back(std::exchange(word, {}));
      any = false;
    } else {
      word += x;
      any = true;
    }
  }
  if (any) out.push_back(word);
  return out;
}

/// Null if it is not JSON.
boost::json::value parse(std::string_view text) {
  auto out = codec::parse_json(text);
  CAF_CHECK(out.has_value());
  return out ? std::move(*out) : boost::json::value{};
}

struct fixture {
  std::filesystem::path home =
      std::filesystem::temp_directory_path() / ("bpci-cli-" + std::to_string(::getpid()));
  std::ostringstream out;
  std::ostringstream err;
  std::map<std::string, std::string> variables{{"HOME", home.string()}};
  std::vector<api_call> calls;
  result<http::response> answer = http::json_response(parse(R"({"data":{}})"));
  std::vector<http::response> pages; ///< if not empty, in place of `answer`
  std::optional<client::outgoing> sent;
  std::optional<client::options> link;
  std::chrono::milliseconds send_timeout{0};
  std::optional<start_request> started;

  fixture() { std::filesystem::create_directories(home); }
  ~fixture() { std::filesystem::remove_all(home); }

  int run(std::string_view line) {
    out.str({});
    err.str({});
    calls.clear();
    surroundings around{.out = out, .err = err};
    around.variable = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      if (found == variables.end()) return std::nullopt;
      return found->second;
    };
    around.call = [this](const api_call& x) -> result<http::response> {
      calls.push_back(x);
      return pages.empty() ? answer : result<http::response>{pages.at(calls.size() - 1)};
    };
    around.send = [this](client::options how, client::outgoing what,
                         std::chrono::milliseconds timeout) -> result<client::report> {
      send_timeout = timeout;
      link = std::move(how);
      sent = what;
      client::report x{what.id.value_or(message_id{"m1"}), {}};
      for (const auto& target : what.targets)
        x.targets.push_back(
            {target, target.get() == "gone" ? fail(ec::unknown_target) : failure{ec::none, {}}});
      return x;
    };
    around.now = [] { return timestamp_ms{1'800'000'000'000}; };
    around.hooks.start_server = [this](const start_request& x) {
      started = x;
      return 0;
    };
    return bpci::cli::run(words_of(line), around);
  }

  void answer_with(int status, std::string_view body) {
    answer = http::json_text_response(std::string{body}, status);
  }

  bool err_has(std::string_view x) const { return err.str().find(x) != std::string::npos; }
  bool out_has(std::string_view x) const { return out.str().find(x) != std::string::npos; }

  std::string write_file(const std::string& name, std::string_view text) {
    const auto path = home / name;
    std::ofstream{path} << text;
    return path.string();
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(command_line_tests, fixture)

// -- the command lines of document 2 -------------------------------------------------

CAF_TEST(a node is started with its configuration) {
  const auto file = write_file("oracle-config.yaml", "listen:\n  port: 9100\n");
  CAF_CHECK_EQUAL(run("bpci oracle start --config " + file), 0);
  CAF_REQUIRE(started);
  CAF_CHECK_EQUAL(started->config.listen.port, 9100);
  CAF_CHECK_EQUAL(run("bpci server start --config " + file + " --set listen.port=9200"), 0);
  CAF_CHECK_EQUAL(started->config.listen.port, 9200);
  CAF_CHECK(started->config_file == file);
}

CAF_TEST(the container of document 2 starts a node by its name) {
  const auto file = write_file("c.yaml", "node:\n  id: c\n");
  CAF_CHECK_EQUAL(run("/usr/bin/bpi-oracle-node --config " + file), 0);
  CAF_REQUIRE(started);
  CAF_CHECK_EQUAL(started->config.node.id, "c");
  CAF_CHECK_EQUAL(run("bpi-oracle-node version"), 0);
  CAF_CHECK_EQUAL(run("metanode version"), 0);
  CAF_CHECK_EQUAL(run("bpci-enterprise oracle stats"), 0);
  started.reset();
  CAF_CHECK_EQUAL(run("bpi-oracle-node --set node.id=d"), 0);
  CAF_REQUIRE(started);
  CAF_CHECK_EQUAL(started->config.node.id, "d");
  CAF_CHECK_EQUAL(run("bpi-oracle-node --compat-ports --config " + file), 0);
  CAF_CHECK(started->compat_ports);
}

CAF_TEST(the container of document 2 finds its configuration by the environment) {
  const auto file = write_file("k8s.yaml", "node:\n  id: k\n");
  ::setenv("ORACLE_CONFIG_PATH", file.c_str(), 1);
  CAF_CHECK_EQUAL(run("bpi-oracle-node"), 0);
  ::unsetenv("ORACLE_CONFIG_PATH");
  CAF_REQUIRE(started);
  CAF_CHECK_EQUAL(started->config.node.id, "k");
}

CAF_TEST(a node is registered with the key that is kept for it) {
  CAF_CHECK_EQUAL(run("bpci oracle register-node --node-id \"bpi-node-001\" "
                      "--node-type \"EncCluster\" --endpoint \"ws://localhost:8080\""),
                  0);
  CAF_REQUIRE_EQUAL(calls.size(), 1u);
  CAF_CHECK_EQUAL(calls[0].method, "POST");
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/oracle/nodes/register");
  const auto body = parse(calls[0].body);
  CAF_CHECK(body.at("node_id") == "bpi-node-001");
  CAF_CHECK(body.at("node_type") == "EncCluster");
  CAF_CHECK(body.at("endpoint") == "ws://localhost:8080");
  const auto key = std::string{body.at("public_key").get_string()};
  CAF_CHECK_EQUAL(key.size(), 64u);
  CAF_CHECK(out_has(key));
  CAF_CHECK_EQUAL(run("bpci oracle register-node --node-id bpi-node-001 --node-type T "
                      "--endpoint ws://x --capabilities a,b"),
                  0);
  const auto again = parse(calls[0].body);
  CAF_CHECK(again.at("public_key") == key.c_str());
  CAF_CHECK_EQUAL(again.at("capabilities").get_array().size(), 2u);
}

CAF_TEST(a public key may be given instead of a key file) {
  const auto key = crypto::to_hex(crypto::generate().pub);
  CAF_CHECK_EQUAL(run("bpci oracle register-node --node-id a --node-type T --endpoint ws://x "
                      "--public-key "
                      + key),
                  0);
  CAF_CHECK(parse(calls[0].body).at("public_key") == key.c_str());
  CAF_CHECK(!std::filesystem::exists(home / ".config/bpci/keys/a.key"));
  CAF_CHECK_EQUAL(run("bpci oracle register-node --node-id a --node-type T --endpoint ws://x "
                      "--public-key 00"),
                  2);
  CAF_CHECK_EQUAL(run("bpci oracle register-node --node-id ../a --node-type T --endpoint ws://x"),
                  2);
  CAF_CHECK_EQUAL(run("bpci oracle register-node --node-id a --node-type T --endpoint ws://x "
                      "--key f --public-key "
                      + key),
                  2);
}

CAF_TEST(a message is sent with the key of its source) {
  const std::string line = "bpci oracle send-message --source \"banking-system\" "
                           "--target \"payment-system\" --message-type \"DataSync\" "
                           "--content '{\"account\": \"123\", \"balance\": 1000.00}'";
  CAF_CHECK_EQUAL(run(line), 2);
  CAF_CHECK(err_has("register-node"));
  CAF_CHECK_EQUAL(run("bpci oracle register-node --node-id banking-system --node-type Banking "
                      "--endpoint ws://x"),
                  0);
  CAF_CHECK_EQUAL(run(line), 0);
  CAF_REQUIRE(sent);
  CAF_CHECK_EQUAL(sent->type, "DataSync");
  CAF_CHECK(sent->targets == std::vector{node_id{"payment-system"}});
  // Not one digit is written anew.
  CAF_CHECK_EQUAL((std::string{sent->body.begin(), sent->body.end()}),
                  R"({"account": "123", "balance": 1000.00})");
  CAF_CHECK_EQUAL(link->urls.front(), "ws://127.0.0.1:8080");
  CAF_CHECK_EQUAL(link->node_id.get(), "banking-system");
  CAF_CHECK(out_has("acknowledged"));

  CAF_CHECK_EQUAL(run(line
                      + " --target a,b --target gone --priority High --timeout 5 "
                        "--id again --url http://h:9 -o json"),
                  1);
  CAF_CHECK_EQUAL(sent->targets.size(), 4u);
  CAF_CHECK(sent->priority == oracle::priority::High);
  CAF_CHECK(send_timeout == 5s);
  CAF_CHECK_EQUAL(link->urls.front(), "ws://h:9");
  const auto data = parse(out.str());
  CAF_CHECK(data.at("id") == "again");
  CAF_CHECK(data.at("targets").at(3).at("result") == "unknown_target");
}

CAF_TEST(content comes from a file or is refused when it is not JSON) {
  run("bpci oracle register-node --node-id a --node-type T --endpoint ws://x");
  const auto file = write_file("body.json", "[1,2]");
  const std::string line = "bpci oracle send-message --source a --target b --message-type T ";
  CAF_CHECK_EQUAL(run(line + "--content @" + file), 0);
  CAF_CHECK_EQUAL(sent->body.size(), 5u);
  CAF_CHECK_EQUAL(run(line + "--content @/nowhere"), 2);
  CAF_CHECK_EQUAL(run(line + "--content '{account: 1}'"), 2);
  CAF_CHECK(err_has("column"));
  CAF_CHECK_EQUAL(run(line + "--content 1 --priority Urgent"), 2);
}

CAF_TEST(a node is isolated and released for a reason) {
  CAF_CHECK_EQUAL(run("bpci oracle isolate bank-a --reason 'ticket 4711' --for-secs 60"), 0);
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/oracle/nodes/bank-a/isolate");
  CAF_CHECK(parse(calls[0].body).at("reason") == "ticket 4711");
  CAF_CHECK_EQUAL(parse(calls[0].body).at("for_secs").to_number<int>(), 60);
  CAF_CHECK_EQUAL(run("bpci oracle release bank-a --reason 'a mistake'"), 0);
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/oracle/nodes/bank-a/release");
  CAF_CHECK_EQUAL(run("bpci oracle release bank-a"), 2);
  CAF_CHECK_EQUAL(run("bpci oracle isolate ../a --reason x"), 2);
  CAF_CHECK(calls.empty());
}

CAF_TEST(alerts show who is isolated and what happened) {
  answer_with(200, R"({"data":{"isolated":[{"node_id":"bank-a","isolated_for":"replayed",
    "isolated_until":1800000060000,"isolations":2}],"events":[{"node":"bank-b",
    "event":{"at":1799999940000,"what":"key_rotated","reason":"","by":""}}]}})");
  CAF_CHECK_EQUAL(run("bpci oracle alerts"), 0);
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/oracle/alerts");
  CAF_CHECK(out_has("bank-a  replayed"));
  CAF_CHECK(out_has("key_rotated"));
  answer_with(200, R"({"data":{"isolated":[],"events":[]}})");
  run("bpci oracle alerts");
  CAF_CHECK_EQUAL(out.str(), "No node is isolated.\n");
}

CAF_TEST(a key is rotated by both keys and set by an admin) {
  run("bpci oracle register-node --node-id bank-a --node-type T --endpoint ws://x");
  const auto old_key = std::string{parse(calls[0].body).at("public_key").get_string()};
  const auto file = (home / "new.key").string();
  CAF_CHECK_EQUAL(run("bpci oracle rotate-key --node-id bank-a --new-key " + file), 0);
  CAF_REQUIRE_EQUAL(calls.size(), 1u);
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/oracle/nodes/bank-a/rotate-key");
  const auto body = parse(calls[0].body);
  CAF_CHECK(body.at("old_public_key") == old_key.c_str());
  CAF_CHECK(body.at("new_public_key") != old_key.c_str());
  CAF_CHECK_EQUAL(body.at("issued_at").to_number<std::int64_t>(), 1'800'000'000'000);
  CAF_CHECK_EQUAL(body.at("new_signature").get_string().size(), 128u);
  CAF_CHECK(out_has(file));
  CAF_CHECK_EQUAL(run("bpci oracle rotate-key --node-id nobody --new-key " + file), 2);
  CAF_CHECK_EQUAL(run("bpci oracle set-key --node-id bank-a --public-key ab --reason lost"), 0);
  CAF_CHECK_EQUAL(calls[0].method, "PUT");
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/oracle/nodes/bank-a/key");
}

CAF_TEST(nodes are discovered by type and capabilities) {
  answer_with(200, R"({"data":{"nodes":[{"announcement":{"node_id":"bank-a","node_type":"Banking",
    "endpoint":"ws://a","capabilities":["relay"]},"until":1800000060000,"of_operator":""}],
    "next":""}})");
  CAF_CHECK_EQUAL(run("bpci oracle discover --type Banking --capability a,b --capability c"), 0);
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/oracle/discover?type=Banking&capability=a&capability=b"
                                 "&capability=c&limit=100");
  CAF_CHECK(out_has("bank-a  Banking"));
}

CAF_TEST(the network is asked as document 2 asks) {
  CAF_CHECK_EQUAL(run("bpci oracle query --query-type \"node_status\" "
                      "--parameters '{\"node_id\": \"bpi-node-001\"}'"),
                  0);
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/oracle/nodes/bpi-node-001");
  CAF_CHECK_EQUAL(run("bpci oracle query --query-type stats"), 0);
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/oracle/stats");
  CAF_CHECK_EQUAL(run("bpci oracle query --query-type discover "
                      "--parameters '{\"type\": \"Banking\", \"capabilities\": [\"a\", \"b\"]}'"),
                  0);
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/oracle/discover?type=Banking&capability=a&capability=b");
  CAF_CHECK_EQUAL(run("bpci oracle query --query-type node_status"), 2);
  CAF_CHECK_EQUAL(run("bpci oracle query --query-type node_status --parameters 1"), 2);
  CAF_CHECK_EQUAL(run("bpci oracle query --query-type weather"), 2);
}

CAF_TEST(statistics and nodes are asked for) {
  answer_with(200, R"({"data":{"accepted":17},"error":null})");
  CAF_CHECK_EQUAL(run("bpci oracle stats"), 0);
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/oracle/stats");
  CAF_CHECK_EQUAL(out.str(), "accepted  17\n");

  answer_with(200, R"({"data":{"nodes":[{"node_id":"bank-a","node_type":"Banking",
    "status":"Connected","sessions":3,"last_seen":1799999940000,"capabilities":["x"],
    "endpoint":"ws://a"}],"next":"bank-a"}})");
  CAF_CHECK_EQUAL(run("bpci oracle list-nodes"), 0);
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/oracle/nodes?limit=100");
  CAF_CHECK(out_has("bank-a  Banking  Connected  -          3  1m 00s"));
  CAF_CHECK_EQUAL(run("bpci oracle list-nodes --type \"Data Provider\" --limit 5 -o yaml"), 0);
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/oracle/nodes?type=Data%20Provider&limit=5");
  CAF_CHECK(out_has("node_id: bank-a"));
}

CAF_TEST(every page is fetched with all) {
  pages = {http::json_text_response(R"({"data":{"nodes":[{"node_id":"a"}],"next":"a&b"}})"),
           http::json_text_response(R"({"data":{"nodes":[{"node_id":"b"}],"next":null}})")};
  CAF_CHECK_EQUAL(run("bpci oracle list-nodes --all -o json"), 0);
  CAF_REQUIRE_EQUAL(calls.size(), 2u);
  CAF_CHECK_EQUAL(calls[1].path, "/api/v1/oracle/nodes?limit=100&after=a%26b");
  CAF_CHECK_EQUAL(parse(out.str()).at("nodes").get_array().size(), 2u);
}

CAF_TEST(what is not there yet is said to be unknown) {
  for (const auto* line : {"bpci mine start --pool auto", "bpci dashboard open"}) {
    CAF_CHECK_EQUAL(run(line), 2);
    CAF_CHECK(err_has(" has no command "));
    CAF_CHECK(err_has("There are:"));
    CAF_CHECK(calls.empty());
  }
  CAF_CHECK(err_has("bpci has no command dashboard"));
}

// -- votes -----------------------------------------------------------------------------

CAF_TEST(a proposal is sent as the manual has it and its numbers are exact) {
  answer_with(200, R"({"data":{"what":{"proposal_id":"prop-1"},"standing":"Active"}})");
  CAF_CHECK_EQUAL(run("bpci consensus propose --type \"NetworkParameter\" --content "
                      "'{\"parameter\": \"max_connections\", \"value\": 2000}' "
                      "--deadline \"2024-12-31T23:59:59Z\" --threshold 0.67"),
                  0);
  CAF_REQUIRE_EQUAL(calls.size(), 1u);
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/consensus/proposals");
  CAF_CHECK_EQUAL(calls[0].body,
                  R"({"proposal_type":"NetworkParameter",)"
                  R"("content":"{\"parameter\": \"max_connections\", \"value\": 2000}",)"
                  R"("voting_deadline":1735689599000,"required_threshold":6700})");
}

CAF_TEST(what cannot be a proposal or a weight is not sent) {
  for (const auto* line : {"bpci consensus propose --type Custom(a) --content nonsense",
                           "bpci consensus propose --type Custom(a) --content {} --threshold 67",
                           "bpci consensus propose --type Custom(a) --content {} --deadline soon",
                           "bpci consensus set-weight --node-id a --weight 1.0005",
                           "bpci consensus vote --proposal-id p --decision Maybe --voter a"}) {
    CAF_CHECK_EQUAL(run(line), 2);
    CAF_CHECK(calls.empty());
  }
}

// -- the others ----------------------------------------------------------------------

CAF_TEST(the tree of actors is shown and acted on) {
  answer_with(200, R"({"data":{"rows":[
    {"path":"/node","type":"SUPERVISOR","state":"running","actor_id":1,"restarts":0,
     "mailbox_depth":2,"started_at":1799999990000,"last_error":""},
    {"path":"/node/links","type":"LINK","state":"backing_off","actor_id":0,"restarts":4,
     "mailbox_depth":0,"started_at":5,"last_error":"boom"}],"next":""}})");
  CAF_CHECK_EQUAL(run("bpci actors tree --filter link"), 0);
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/actors?filter=link&limit=100");
  CAF_CHECK_EQUAL(out.str(),
                  "ACTOR    TYPE        STATE        RESTARTS  MAILBOX  UPTIME  LAST ERROR\n"
                  "/node    SUPERVISOR  running             0        2  10s     -\n"
                  "  links  LINK        backing_off         4        0  -       boom\n");
  answer_with(200, R"({"data":{"path":"/node/links/link:bank-a","actor_id":17}})");
  for (const std::string verb : {"kill", "restart", "pause", "resume"}) {
    CAF_CHECK_EQUAL(run("bpci actors " + verb + " /node/links/link:bank-a --reason \"stuck now\""),
                    0);
    CAF_CHECK_EQUAL(calls[0].path, "/api/v1/actors/" + verb);
    CAF_CHECK_EQUAL(calls[0].body, R"({"path":"/node/links/link:bank-a","reason":"stuck now"})");
    CAF_CHECK_EQUAL(run("bpci actors " + verb + " /node/links"), 2);
    CAF_CHECK(err_has("--reason"));
  }
  answer_with(200, R"({"data":{"row":{"path":"/n"},"state":"{\"peers\":3}"}})");
  CAF_CHECK_EQUAL(run("bpci actors show /node/links/link:bank-a"), 0);
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/actors/node/links/link%3Abank-a");
  CAF_CHECK(out_has("\"peers\": 3"));
}

CAF_TEST(the members are shown with who doubts them) {
  answer_with(200, R"({"data":{"members":[{"member":{"id":"n1","state":"up",
    "http_address":"h:1","incarnation":5,"reason":""},"self":true,"connected":true,"silent_ms":20,
    "probe_ms":1,"lag_ms":0,"suspicions":[{"by":"n2","kind":"silent","seen_seq":9,
    "evidence":"9 for 1500 ms","since":1799999999000}],"ended_at":0}],"view_no":7,"next":""}})");
  CAF_CHECK_EQUAL(run("bpci cluster members"), 0);
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/cluster/members?limit=100");
  CAF_CHECK(out_has("n1      up     yes   yes        20ms    1ms    0ms             1  h:1   5"));
  CAF_CHECK(out_has("n1         n2  silent  1s     9 for 1500 ms"));
  CAF_CHECK_EQUAL(run("bpci cluster members --ended --state dead -o json"), 0);
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/cluster/members?ended=true&state=dead&limit=100");
  CAF_CHECK(parse(out.str()).at("view_no") == 7);
  CAF_CHECK_EQUAL(run("bpci cluster members --state well"), 2);
}

CAF_TEST(a member is drained and undrained with a reason) {
  answer_with(200, R"({"data":{"member":"n2","state":"draining"}})");
  CAF_CHECK_EQUAL(run("bpci cluster drain n2 --reason \"new disk\""), 0);
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/cluster/members/n2/drain");
  CAF_CHECK_EQUAL(calls[0].body, R"({"reason":"new disk"})");
  CAF_CHECK(out_has("n2 is draining"));
  CAF_CHECK_EQUAL(run("bpci cluster undrain n2 --reason done"), 0);
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/cluster/members/n2/undrain");
  CAF_CHECK_EQUAL(run("bpci cluster drain n2"), 2);
  CAF_CHECK(err_has("--reason"));
  answer_with(200, R"({"data":{"member":"n2","shares":[{"to":"n1","slots":341,"entities":12}],
    "obstacles":["n3 is not up"]}})");
  CAF_CHECK_EQUAL(run("bpci cluster drain n2 --reason why --dry-run"), 0);
  CAF_CHECK_EQUAL(calls[0].body, R"({"reason":"why","dry_run":true})");
  CAF_CHECK(out_has("n1    341        12"));
  CAF_CHECK(out_has("In the way: n3 is not up"));
}

CAF_TEST(slots are shown and moved) {
  answer_with(200, R"({"data":{"slots":[{"slot":17,"epoch":"1.4","owner":"n1","draining":true,
    "pinned":"","wanted":"n2","reason":"claimed: n3 is dead","moved_at":1799999990000}],
    "next":18}})");
  CAF_CHECK_EQUAL(run("bpci cluster slots --member n1 --limit 1"), 0);
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/cluster/slots?member=n1&limit=1");
  CAF_CHECK(out_has("17  n1     1.4    yes       n2      -       10s    claimed: n3 is dead"));
  CAF_CHECK(out_has("There is more"));
  CAF_CHECK_EQUAL(run("bpci cluster slots --state up"), 2);
  answer_with(200, R"({"data":{"moves":[],"next":0}})");
  CAF_CHECK_EQUAL(run("bpci cluster moves --slot 17"), 0);
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/cluster/moves?slot=17&limit=100");
  CAF_CHECK_EQUAL(out.str(), "No slot has moved.\n");
  answer_with(200, R"({"data":{"slots":22}})");
  CAF_CHECK_EQUAL(run("bpci cluster move 12,40-60 --to n2 --reason hot"), 0);
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/cluster/slots/move");
  CAF_CHECK_EQUAL(calls[0].body, R"({"slots":"12,40-60","to":"n2","reason":"hot"})");
  CAF_CHECK_EQUAL(run("bpci cluster move 12 --unpin --reason hot"), 0);
  CAF_CHECK_EQUAL(calls[0].body, R"({"slots":"12","to":"","reason":"hot"})");
  CAF_CHECK_EQUAL(run("bpci cluster move 12 --reason hot"), 2);
  CAF_CHECK_EQUAL(run("bpci cluster move 12 --to n2 --unpin --reason hot"), 2);
  CAF_CHECK(calls.empty());
}

CAF_TEST(numbered pages are fetched to the last one) {
  pages = {http::json_text_response(R"({"data":{"slots":[{"slot":0}],"next":1}})"),
           http::json_text_response(R"({"data":{"slots":[{"slot":1}],"next":0}})")};
  CAF_CHECK_EQUAL(run("bpci cluster slots --all -o json"), 0);
  CAF_REQUIRE_EQUAL(calls.size(), 2u);
  CAF_CHECK_EQUAL(calls[1].path, "/api/v1/cluster/slots?limit=100&after=1");
  CAF_CHECK_EQUAL(parse(out.str()).at("slots").get_array().size(), 2u);
}

CAF_TEST(it is told why an entity is where it is) {
  answer_with(200, R"({"data":{"what":{"kind":"mailbox","id":"bank-a"},"exists":true,"version":3,
    "active":true,"path":"/n2/entities/actors/mailbox:bank-a","slot":{"slot":17,"epoch":"1.4",
    "owner":"n2","wanted":"n2","pinned":"","reason":"claimed: n3 is dead","moved_at":5},
    "scores":[{"member":"n2","score":"18446744073709551615"},{"member":"n1","score":7}],
    "history":[{"no":1,"slot":17,"epoch":"1.4","from":"n3","to":"n2","view":7,
    "reason":"claimed: n3 is dead","at":1799999940000}]}})");
  CAF_CHECK_EQUAL(run("bpci cluster why mailbox bank-a"), 0);
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/entities/mailbox/bank-a/place");
  CAF_CHECK(out_has("because  claimed: n3 is dead"));
  CAF_CHECK(out_has("n2      18446744073709551615\nn1                         7"));
  CAF_CHECK(out_has("1m 00s    17  n3    n2  1.4       7  claimed: n3 is dead"));
}

CAF_TEST(what waits in the cluster is shown and tried again) {
  answer_with(200, R"({"data":{"rows":[{"no":5,"from":{"kind":"probe","id":"a"},
    "to":{"kind":"mailbox","id":"b"},"key":"k","name":"store","attempts":3,"next_at":5,
    "since":1799999940000,"last_error":"busy"}],"next":0}})");
  CAF_CHECK_EQUAL(run("bpci cluster outbox --failing --filter a"), 0);
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/outbox?filter=a&failing=true&limit=100");
  CAF_CHECK(out_has("5  probe  a   mailbox  b   store    1m 00s         3  busy"));
  answer_with(200, R"({"data":{"rows":[{"of":{"kind":"probe","id":"a"},"name":"t",
    "due":1800000090000,"every_ms":500,"catch_up":"once","fired":2}],"next":""}})");
  CAF_CHECK_EQUAL(run("bpci cluster timers"), 0);
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/timers?limit=100");
  CAF_CHECK(out_has("probe  a   t      1m 30s  500ms  once          2"));
  answer_with(200, R"({"data":{"rows":[],"next":""}})");
  CAF_CHECK_EQUAL(run("bpci cluster inbox"), 0);
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/inbox?limit=100");
  CAF_CHECK_EQUAL(run("bpci cluster outbox-retry 5 7 --reason back"), 0);
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/outbox/retry");
  CAF_CHECK_EQUAL(calls[0].body, R"({"rows":[5,7],"reason":"back"})");
  CAF_CHECK_EQUAL(run("bpci cluster outbox-retry --reason back"), 0);
  CAF_CHECK_EQUAL(calls[0].body, R"({"rows":[],"reason":"back"})");
}

CAF_TEST(entities are listed and shown) {
  answer_with(200, R"({"data":{"rows":[{"what":{"kind":"mailbox","id":"a"},"slot":9,"version":4,
    "changed_at":1799999999000}],"next":"mailbox/a"}})");
  CAF_CHECK_EQUAL(run("bpci entities list --kind mailbox"), 0);
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/entities?kind=mailbox&limit=100");
  CAF_CHECK(out_has("mailbox  a      9        4  1s"));
  answer_with(200, R"({"data":{"state":{"count":3}}})");
  CAF_CHECK_EQUAL(run("bpci entities show mailbox a:b"), 0);
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/entities/mailbox/a%3Ab");
  CAF_CHECK(out_has("\"count\": 3"));
}

CAF_TEST(what admins did is shown) {
  answer_with(200, R"({"data":{"actions":[{"no":4,"at":1799999999000,"who":"ada","action":"drain",
    "target":"n2","why":"new disk","trace":"c","result":"done"}],"next":4}})");
  CAF_CHECK_EQUAL(run("bpci audit actions --target n2 --action drain --limit 1"), 0);
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/audit/actions?target=n2&action=drain&limit=1");
  CAF_CHECK(out_has("1s     ada  drain   n2      done    new disk"));
}

CAF_TEST(the quarantine is shown with who did not answer) {
  answer_with(200, R"({"data":{"messages":[{"id":"m","member":"n1","since":1799999000000,"crashes":[
    {"actor":"/a","error":"x","at":1},{"actor":"/b","error":"y","at":2}]}],"next":"",
    "unreachable":["n3"]}})");
  CAF_CHECK_EQUAL(run("bpci quarantine list"), 0);
  CAF_CHECK(out_has("/b"));
  CAF_CHECK(out_has("n3 did not answer."));
  CAF_CHECK_EQUAL(run("bpci quarantine release m --reason fixed"), 0);
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/quarantine/release");
  CAF_CHECK_EQUAL(calls[0].body, R"({"id":"m","reason":"fixed"})");
  CAF_CHECK_EQUAL(run("bpci quarantine release m --member n1 --reason fixed"), 0);
  CAF_CHECK_EQUAL(calls[0].body, R"({"id":"m","reason":"fixed","member":"n1"})");
}

CAF_TEST(who did not answer for one page is not forgotten with the next) {
  pages = {http::json_text_response(R"({"data":{"rows":[],"next":"/n2","unreachable":["n1"]}})"),
           http::json_text_response(R"({"data":{"rows":[],"next":"","unreachable":["n3"]}})")};
  CAF_CHECK_EQUAL(run("bpci actors tree --all -o json"), 0);
  CAF_CHECK_EQUAL(codec::to_text(parse(out.str()).at("unreachable")), R"(["n1","n3"])");
}

CAF_TEST(a configuration is judged with places and remedies) {
  const auto good = write_file("good.yaml", "node:\n  id: a\n");
  CAF_CHECK_EQUAL(run("bpci config validate " + good), 0);
  const auto bad = write_file("bad.yaml", "node:\n  id: a\nlisten:\n  prot: 5\n  port: 99999\n");
  CAF_CHECK_EQUAL(run("bpci config validate " + bad), 2);
  CAF_CHECK(err_has(bad + ":4:3:"));
  CAF_CHECK(err_has(bad + ":5:"));
  CAF_CHECK_EQUAL(run("bpci config validate -o json " + bad), 2);
  const auto error = parse(err.str());
  CAF_CHECK(error.at("error").at("code") == "config_invalid");
  CAF_CHECK_EQUAL(error.at("error").at("problems").get_array().size(), 2u);
  CAF_CHECK_EQUAL(run("bpci server start --config " + bad), 2);
  CAF_CHECK_EQUAL(run("bpci server start --config " + good + " --set listen.port=x"), 2);
  CAF_CHECK(!started);
  CAF_CHECK_EQUAL(run("bpci config show-defaults"), 0);
  CAF_CHECK_EQUAL(run("bpci config validate " + write_file("defaults.yaml", out.str())), 0);
}

CAF_TEST(doctor names what is missing and how to repair it) {
  answer_with(401, R"({"code":"not_authenticated","title":"No token."})");
  CAF_CHECK_EQUAL(run("bpci doctor -o json --config "
                      + write_file("d.yaml", "listen:\n  port: 0\nnode:\n  data_dir: "
                                                 + home.string() + "/data\n")),
                  1);
  const auto data = parse(out.str());
  CAF_CHECK(data.at("ok") == false);
  for (const auto& x : data.at("checks").get_array())
    if (x.at("result") == "fail") CAF_CHECK(x.get_object().contains("fix"));
  CAF_CHECK_EQUAL(run("bpci doctor --config /nowhere.yaml --before-start"), 1);
  CAF_CHECK(out_has("configuration  fail"));
}

CAF_TEST(doctor says that data cannot be written) {
  const auto file = write_file("not-a-folder", "");
  CAF_CHECK_EQUAL(run("bpci doctor --before-start --config "
                      + write_file("d.yaml", "node:\n  data_dir: " + file + "\n")),
                  1);
  CAF_CHECK(out_has("data directory  fail"));
}

// -- errors ----------------------------------------------------------------------------

CAF_TEST(how a command ends tells a script what went wrong) {
  answer = fail(ec::unavailable, "connection refused");
  CAF_CHECK_EQUAL(run("bpci oracle stats"), 3);
  CAF_CHECK(err_has("Next: "));
  answer = fail(ec::timeout);
  CAF_CHECK_EQUAL(run("bpci oracle stats"), 5);
  answer = fail(ec::invalid_argument);
  CAF_CHECK_EQUAL(run("bpci oracle stats --url nonsense"), 2);
  answer_with(401, R"({"code":"not_authenticated","title":"No token.","next_step":"Get one."})");
  CAF_CHECK_EQUAL(run("bpci oracle stats"), 4);
  CAF_CHECK(err_has("BPCI_TOKEN"));
  answer_with(403, R"({"code":"not_permitted","title":"No.","detail":"needs admin"})");
  CAF_CHECK_EQUAL(run("bpci oracle stats"), 4);
  CAF_CHECK(err_has("needs admin"));
  answer_with(404, R"({"code":"not_found","title":"Nothing.","next_step":"Look."})");
  CAF_CHECK_EQUAL(run("bpci actors show /x"), 1);
  CAF_CHECK(err_has("Next: Look."));
  answer_with(502, "<html>");
  CAF_CHECK_EQUAL(run("bpci oracle stats"), 1);
  CAF_CHECK(err_has("502"));
  answer_with(200, "<html>");
  CAF_CHECK_EQUAL(run("bpci oracle stats"), 1);
  answer_with(200, R"({"data":{"unexpected":1}})");
  CAF_CHECK_EQUAL(run("bpci oracle list-nodes"), 1);
}

CAF_TEST(errors come in the format that was asked for) {
  answer_with(403, R"({"code":"not_permitted","title":"No.","next_step":"Ask."})");
  CAF_CHECK_EQUAL(run("bpci oracle stats -o json"), 4);
  const auto data = parse(err.str());
  CAF_CHECK(data.at("error").at("code") == "not_permitted");
  CAF_CHECK(data.at("error").at("next_step") == "Ask.");
  CAF_CHECK(data.at("error").at("exit_code") == 4);
  CAF_CHECK(out.str().empty());
  CAF_CHECK_EQUAL(run("bpci oracle nonsense -o yaml"), 2);
  CAF_CHECK(err_has("error:\n  code: invalid_argument"));
}

CAF_TEST(a mistyped word is answered with the nearest one) {
  CAF_CHECK_EQUAL(run("bpci orcale stats"), 2);
  CAF_CHECK(err_has("Did you mean oracle?"));
  CAF_CHECK_EQUAL(run("bpci oracle --url http://x list-node"), 2);
  CAF_CHECK(err_has("Did you mean list-nodes?"));
  CAF_CHECK_EQUAL(run("bpci oracle list-nodes --limti 5"), 2);
  CAF_CHECK(err_has("Did you mean --limit?"));
  CAF_CHECK_EQUAL(run("bpci"), 2);
  CAF_CHECK_EQUAL(run("bpci oracle"), 2);
  CAF_CHECK(err_has("bpci oracle --help"));
  CAF_CHECK_EQUAL(run("bpci oracle list-nodes --limit 5000"), 2);
  CAF_CHECK_EQUAL(run("bpci oracle stats --timeout soon"), 2);
  CAF_CHECK_EQUAL(run("bpci oracle stats -o xml"), 2);
}

CAF_TEST(the token comes from where the user put it) {
  const auto bearer = [&] { return std::string{calls.at(0).headers.get("Authorization")}; };
  run("bpci oracle stats");
  CAF_CHECK_EQUAL(bearer(), "");
  std::filesystem::create_directories(home / ".config/bpci");
  write_file(".config/bpci/token", "of-home\n");
  run("bpci oracle stats");
  CAF_CHECK_EQUAL(bearer(), "Bearer of-home");
  variables["BPCI_TOKEN_FILE"] = write_file("t2", "of-file-variable");
  run("bpci oracle stats");
  CAF_CHECK_EQUAL(bearer(), "Bearer of-file-variable");
  variables["BPCI_TOKEN"] = "of-variable";
  run("bpci oracle stats");
  CAF_CHECK_EQUAL(bearer(), "Bearer of-variable");
  run("bpci --token-file " + write_file("t3", " \n") + " oracle stats");
  CAF_CHECK(calls.empty());
  run("bpci oracle stats --token-file " + write_file("t4", "of-file"));
  CAF_CHECK_EQUAL(bearer(), "Bearer of-file");
  run("bpci oracle stats --token of-flag");
  CAF_CHECK_EQUAL(bearer(), "Bearer of-flag");
  CAF_CHECK_EQUAL(run("bpci oracle stats --token-file /nowhere"), 2);
}

CAF_TEST(the address comes from the option or the environment) {
  run("bpci oracle stats");
  CAF_CHECK_EQUAL(calls[0].base_url, "http://127.0.0.1:8080");
  variables["BPCI_URL"] = "http://h:1/";
  run("bpci oracle stats --timeout 250ms");
  CAF_CHECK_EQUAL(calls[0].base_url, "http://h:1");
  CAF_CHECK(calls[0].timeout == 250ms);
  run("bpci --url http://g:2 oracle stats");
  CAF_CHECK_EQUAL(calls[0].base_url, "http://g:2");
}

// -- help ------------------------------------------------------------------------------

CAF_TEST(every command explains itself with an example) {
  const std::vector<std::string> commands{"server start",
                                          "oracle start",
                                          "oracle register-node",
                                          "oracle send-message",
                                          "oracle stats",
                                          "oracle list-nodes",
                                          "actors tree",
                                          "actors show",
                                          "actors kill",
                                          "actors restart",
                                          "actors pause",
                                          "actors resume",
                                          "cluster members",
                                          "cluster slots",
                                          "cluster moves",
                                          "cluster why",
                                          "cluster drain",
                                          "cluster undrain",
                                          "cluster move",
                                          "cluster outbox",
                                          "cluster inbox",
                                          "cluster timers",
                                          "cluster outbox-retry",
                                          "entities list",
                                          "entities show",
                                          "audit actions",
                                          "quarantine list",
                                          "quarantine release",
                                          "doctor",
                                          "config validate",
                                          "config show-defaults",
                                          "completion",
                                          "version",
                                          "oracle",
                                          "actors"};
  for (const auto& x : commands) {
    CAF_CHECK_EQUAL(run("bpci " + x + " --help"), 0);
    CAF_CHECK(out_has("Example:\n  "));
  }
  CAF_CHECK_EQUAL(run("bpci --help"), 0);
  CAF_CHECK(out_has("Exit codes:"));
  CAF_CHECK(out_has("  3  no node answers at the address"));
  CAF_CHECK(!out_has("__complete"));
}

CAF_TEST(the version names the protocol) {
  CAF_CHECK_EQUAL(run("bpci version -o json"), 0);
  CAF_CHECK(parse(out.str()).at("protocol") == "1.0");
  CAF_CHECK_EQUAL(run("bpci --version"), 0);
}

CAF_TEST(the shell is told what could stand next) {
  CAF_CHECK_EQUAL(run("bpci __complete -- \"\""), 0);
  CAF_CHECK(out_has("oracle\n"));
  CAF_CHECK(!out_has("__complete"));
  run("bpci __complete -- oracle li");
  CAF_CHECK_EQUAL(out.str(), "list-nodes\n");
  run("bpci __complete -- oracle list-nodes --li");
  CAF_CHECK_EQUAL(out.str(), "--limit\n");
  run("bpci __complete -- oracle list-nodes --ur");
  CAF_CHECK_EQUAL(out.str(), "--url\n");
  run("bpci __complete -- --url http://x oracle sen");
  CAF_CHECK_EQUAL(out.str(), "send-message\n");
  answer_with(200, R"({"data":{"rows":[{"path":"/node/a"},{"path":"/node/b"}],"next":""}})");
  run("bpci __complete -- actors show /node/");
  CAF_CHECK_EQUAL(out.str(), "/node/a\n/node/b\n");
  answer = fail(ec::unavailable);
  CAF_CHECK_EQUAL(run("bpci __complete -- actors kill /"), 0);
  CAF_CHECK(out.str().empty());
  CAF_CHECK(err.str().empty());
  for (const auto* shell : {"bash", "zsh", "fish"}) {
    CAF_CHECK_EQUAL(run(std::string{"bpci completion "} + shell), 0);
    CAF_CHECK(out_has("__complete"));
  }
  CAF_CHECK_EQUAL(run("bpci completion tcsh"), 2);
}

CAF_TEST_FIXTURE_SCOPE_END()
