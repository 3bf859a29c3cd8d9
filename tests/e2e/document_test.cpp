#define CAF_SUITE e2e_document

#include "free_port.hpp"
#include "gateways/http/client.hpp"
#include "gateways/http/server.hpp"
#include "process.hpp"
#include "tests/unit/shipping/fake_elasticsearch.hpp"

#include <caf/test/unit_test.hpp>

#include <csignal>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

/// A node as document 2 deploys it: the container's command, its configuration, its ports, its log
/// outputs and its metrics.
using namespace bpci;
using namespace bpci::e2e;

namespace fs = std::filesystem;

namespace {

constexpr auto start_max = milliseconds{90'000};
constexpr auto stop_max = milliseconds{30'000};

std::string url_of(std::uint16_t port) {
  return "http://127.0.0.1:" + std::to_string(port);
}

struct fixture {
  fs::path folder;
  std::uint16_t api_port = free_port();
  std::uint16_t ws_port = free_port();
  std::shared_ptr<shipping::test::fake_elasticsearch> elastic =
      std::make_shared<shipping::test::fake_elasticsearch>();
  std::unique_ptr<http::server> elastic_server = http::make_server({}, elastic);
  std::unique_ptr<process> node;

  fixture() {
    auto name = (fs::temp_directory_path() / "bpci-document-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    ::chmod(folder.c_str(), 0711); // the unprivileged account of the database passes through
  }
  ~fixture() {
    node = nullptr;
    elastic_server = nullptr;
    fs::remove_all(folder);
  }

  /// The fragments of document 2, with ports, paths and addresses of this test.
  void write_config() {
    const auto elastic_port = elastic_server->start().value();
    std::ofstream{folder / "oracle-config.yaml"} << R"(oracle_config:
  node_id: "oracle-primary-001"
  api_port: )" << api_port << R"(
  ws_port: )" << ws_port << R"(
  max_connections: 1000
  relay_timeout_secs: 30

  consensus_config:
    enable_consensus_bridge: true
    min_consensus_nodes: 3
    consensus_timeout_secs: 60
    vote_threshold: 0.67

  security_config:
    require_signatures: true
    max_message_age_secs: 300
    rate_limit_per_node: 100
    enable_encryption: true

  performance_config:
    batch_size: 50
    connection_pool_size: 100
    message_cache_size: 10000
    high_throughput_mode: true

inter_app_config:
  agreement_validation: true
  audit_level: "Comprehensive"
  security_requirements:
    encryption_level: "High"
    authentication_required: true
    authorization_required: true

prometheus_metrics:
  - oracle_connected_nodes_total
  - oracle_messages_relayed_total
  - oracle_consensus_rounds_total
  - oracle_inter_app_agreements_total
  - oracle_message_latency_seconds
  - oracle_consensus_participation_ratio
  - oracle_websocket_connections_active

logging:
  level: "info"
  format: "json"
  outputs:
    - type: "file"
      path: ")" << (folder / "oracle.log").string()
                                                 << R"("
    - type: "elasticsearch"
      endpoint: ")" << url_of(elastic_port) << R"("
  audit_logging:
    enabled: true
    level: "comprehensive"
    retention_days: 365

# this test's own
metrics: {legacy_names: true}
listen: {port: 0}
node: {data_dir: ")" << (folder / "data").string()
                                                 << "\"}\n";
  }

  void start(std::vector<std::string> arguments, std::map<std::string, std::string> environment) {
    node = std::make_unique<process>(
        process_spec{.program = fs::path{BPCI_PROGRAM}.parent_path() / "bpi-oracle-node",
                     .arguments = std::move(arguments),
                     .environment = std::move(environment),
                     .log = folder / "stderr"});
    const auto is_ready = node->next_line_with("oracle-primary-001 is ready: http://", start_max);
    if (!is_ready) CAF_MESSAGE("the node said: " << text_of("stderr"));
    CAF_REQUIRE(is_ready);
  }

  void stop() {
    node->send_signal(SIGTERM);
    CAF_CHECK(node->wait_for_exit(stop_max) == 0);
  }

  [[nodiscard]] std::string text_of(const char* name) const {
    std::ifstream in{folder / name};
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }

  static std::string get(std::uint16_t port, const std::string& path) {
    const auto answer = http::call(url_of(port), "GET", path);
    if (!answer) return to_string(answer.error());
    return std::to_string(answer->status) + '\n' + answer->body;
  }

  [[nodiscard]] bool shipped(const std::string& event) const {
    for (const auto& x : elastic->documents())
      if (x.event() == event && x.source.at("node") == "oracle-primary-001") return true;
    return false;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(document_tests, fixture)

CAF_TEST(a node runs by the container command and the configuration of document 2) {
  write_config();
  const auto file = (folder / "oracle-config.yaml").string();
  start({"--config", file, "--compat-ports"}, {});

  CAF_MESSAGE("both older ports answer with the same handlers");
  for (const auto port : {api_port, ws_port}) {
    CAF_CHECK(get(port, "/health").starts_with("200"));
    http::websocket_client_options how;
    how.url = "ws://127.0.0.1:" + std::to_string(port) + "/bpi/v1";
    const auto link = http::websocket_client::connect(how);
    CAF_CHECK(link && (*link)->receive(milliseconds{10'000}));
  }

  CAF_MESSAGE("the metrics have the names of document 2 and our own");
  const auto metrics = get(api_port, "/metrics");
  for (const auto* name : {"oracle_connected_nodes_total", "oracle_messages_relayed_total",
                           "oracle_consensus_rounds_total", "oracle_inter_app_agreements_total",
                           "oracle_message_latency_seconds", "oracle_consensus_participation_ratio",
                           "oracle_websocket_connections_active", "bpci_http_requests_total"})
    CAF_CHECK_EQUAL(std::string{name}
                        + (metrics.find(std::string{"\n# TYPE "} + name) == std::string::npos
                               ? " is missing"
                               : ""),
                    name);

  CAF_MESSAGE("lines of the log are in the file and at Elasticsearch");
  CAF_CHECK(text_of("oracle.log").find("\"event\":\"node-ready\"") != std::string::npos);
  CAF_CHECK(shipping::test::eventually([&] { return shipped("node-ready"); }));

  CAF_MESSAGE("what has no effect is said with a remedy");
  const auto said = text_of("stderr");
  CAF_CHECK(said.find("connection_pool_size") != std::string::npos);
  CAF_CHECK(said.find("retention_days") != std::string::npos);

  stop();
  CAF_CHECK(shipped("stopped") || shipped("stopping"));

  CAF_MESSAGE("the environment names the configuration, and a taken port costs only that port");
  http::server_options how;
  how.port = ws_port;
  const auto occupant = http::make_server(how, elastic);
  CAF_REQUIRE(occupant->start().has_value());
  start({"--compat-ports"}, {{"ORACLE_CONFIG_PATH", file}});
  CAF_CHECK(get(api_port, "/health").starts_with("200"));
  CAF_CHECK(text_of("oracle.log").find("older-port-taken") != std::string::npos);
  stop();
}

CAF_TEST_FIXTURE_SCOPE_END()
