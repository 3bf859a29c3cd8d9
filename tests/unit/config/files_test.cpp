#define CAF_SUITE config_files

#include "config/all_keys.hpp"
#include "config/load.hpp"
#include "config/older_metrics.hpp"
#include "config/validate.hpp"

#include <caf/test/unit_test.hpp>
#include <yaml-cpp/yaml.h>

#include <cstdlib>
#include <fstream>
#include <unistd.h>

using namespace bpci::config;
namespace fs = std::filesystem;

namespace {

struct scratch_dir {
  fs::path path = fs::temp_directory_path() / ("bpci-config-" + std::to_string(getpid()));

  scratch_dir() { fs::create_directories(path); }
  ~scratch_dir() { fs::remove_all(path); }

  fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream{path / name, std::ios::binary} << text;
    return path / name;
  }
};

std::string first_problem(const loaded& x) {
  return x.problems.empty() ? "" : to_string(x.problems.front());
}

std::string first_what(const loaded& x) {
  return x.problems.empty() ? "" : x.problems.front().what;
}

void leaves(const YAML::Node& node, const std::string& path, std::vector<std::string>& out) {
  if (!node.IsMap()) {
    out.push_back(path);
    return;
  }
  for (const auto& x : node) {
    const auto key = x.first.as<std::string>();
    auto below = path.empty() ? key : path;
    if (!path.empty()) below.append(".").append(key);
    leaves(x.second, below, out);
  }
}

/// The examples of document 2, word for word.
constexpr auto oracle_example = R"(
oracle_config:
  node_id: "oracle-primary-001"
  api_port: 9100
  ws_port: 9101
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
  - oracle_websocket_connections_active

logging:
  level: "info"
  format: "json"
  outputs:
    - type: "file"
      path: "/var/log/bpci/oracle.log"
    - type: "elasticsearch"
      endpoint: "http://elasticsearch:9200"
  audit_logging:
    enabled: true
    level: "comprehensive"
    retention_days: 365
)";

} // namespace

CAF_TEST(the defaults file says what the structs say) {
  const auto got = load_file("config/defaults.yaml");
  CAF_CHECK_EQUAL(first_problem(got), "");
  CAF_CHECK(got.config == node_config{});
}

CAF_TEST(the defaults file names every key in order) {
  std::vector<std::string> named;
  leaves(YAML::LoadFile("config/defaults.yaml"), "", named);
  CAF_CHECK_EQUAL(named, all_keys());
}

CAF_TEST(the defaults file explains every key on its line) {
  std::ifstream in{"config/defaults.yaml"};
  for (std::string line; std::getline(in, line);) {
    const auto is_key_with_value = line.find(": ") != std::string::npos && line[0] != '#'
                                   && line.find(": #") == std::string::npos;
    if (is_key_with_value) CAF_CHECK_EQUAL(line + (line.find(" # ") == line.npos ? "?" : ""), line);
  }
}

CAF_TEST(the example of a cluster node is valid) {
  const auto got = load_file("config/cluster-node.yaml");
  CAF_CHECK_EQUAL(first_problem(got), "");
  CAF_CHECK(got.warnings.empty());
  CAF_CHECK(effective_id(got.config) == bpci::member_id{"node-2"});
  CAF_CHECK_EQUAL(got.config.storage.dsn_file, "/run/secrets/bpci-dsn");
}

CAF_TEST(the examples of document 2 are valid as they stand) {
  const auto got = load_text(oracle_example, "oracle-config.yaml");
  CAF_CHECK_EQUAL(first_problem(got), "");
  const auto& c = got.config;
  CAF_CHECK(effective_id(c) == bpci::member_id{"oracle-primary-001"});
  CAF_CHECK(c.oracle.api_port == usual_api_port);
  CAF_CHECK(c.oracle.ws_port == usual_ws_port);
  CAF_CHECK_EQUAL(c.listen.port, 8080u);
  CAF_CHECK_EQUAL(c.oracle.consensus.vote_threshold.get(), 6700u);
  CAF_REQUIRE_EQUAL(c.logging.outputs.size(), 2u);
  CAF_CHECK(c.logging.outputs[1].type == output_type::elasticsearch);
}

CAF_TEST(what has no effect is said with its place) {
  std::string said;
  for (const auto& x : load_text(oracle_example, "f").warnings)
    said += std::to_string(x.line) + ' ' + x.path + '\n';
  CAF_CHECK_EQUAL(said, "23 oracle_config.performance_config.connection_pool_size\n"
                        "36 prometheus_metrics[0]\n"
                        "50 logging.audit_logging.retention_days\n");
}

CAF_TEST(each fragment of document 2 is valid alone) {
  const std::string whole = oracle_example;
  const auto from = [&](std::string_view section) {
    return whole.find("\n" + std::string{section});
  };
  const auto inter_app = from("inter_app_config:");
  const auto metrics = from("prometheus_metrics:");
  const auto logging = from("logging:");
  for (const auto& part : {whole.substr(0, inter_app), whole.substr(inter_app, metrics - inter_app),
                           whole.substr(metrics, logging - metrics), whole.substr(logging)}) {
    const auto got = load_text(part, "f");
    CAF_CHECK_EQUAL(first_problem(got), "");
    CAF_CHECK(!(got.config == node_config{}) || part.find("inter_app") != part.npos);
  }
}

CAF_TEST(the names of document 2 are exported once they are switched on) {
  const auto exported = [](const std::string& text) {
    std::string out;
    for (const auto& x : exported_older_metrics(load_text(text, "f").config))
      out += std::string{x.name} + ' ';
    return out;
  };
  CAF_CHECK_EQUAL(exported(oracle_example), "");
  CAF_CHECK_EQUAL(exported(std::string{oracle_example} + "\nmetrics: {legacy_names: true}\n"),
                  "oracle_connected_nodes_total oracle_websocket_connections_active ");
  const auto all = load_text("metrics: {legacy_names: true}", "f").config;
  CAF_CHECK_EQUAL(exported_older_metrics(all).size(), 7u);
}

CAF_TEST(a metric that nobody exports is named by a warning) {
  const auto warned = [](const char* text) {
    std::string out;
    for (const auto& x : load_text(text, "f").warnings)
      out += x.path + ' ';
    return out;
  };
  CAF_CHECK_EQUAL(warned("prometheus_metrics: [bpci_oracle_links, process_open_fds]"), "");
  CAF_CHECK_EQUAL(warned("prometheus_metrics: [a]"), "prometheus_metrics[0] ");
  CAF_CHECK_EQUAL(warned("prometheus_metrics: [oracle_connected_nodes_total, "
                         "oracle_messages_relayed_total]"),
                  "prometheus_metrics[0] ");
  CAF_CHECK_EQUAL(warned("metrics: {legacy_names: true}\n"
                         "prometheus_metrics: [oracle_connected_nodes_total]"),
                  "");
}

CAF_TEST(an audit that is switched off is named by a warning) {
  const auto got = load_text("logging: {audit_logging: {enabled: false}}", "f");
  CAF_REQUIRE_EQUAL(got.warnings.size(), 1u);
  CAF_CHECK_EQUAL(got.warnings[0].path, "logging.audit_logging.enabled");
}

CAF_TEST(a file that cannot be read is a problem and not an exception) {
  const scratch_dir dir;
  CAF_CHECK_EQUAL(first_problem(load_file("/no/such/file")),
                  "/no/such/file: does not exist\n    Check the path given by --config or "
                  "ORACLE_CONFIG_PATH, and the rights.");
  CAF_CHECK_EQUAL(first_what(load_file(dir.path)), "is not a regular file");
  CAF_CHECK_EQUAL(first_what(load_file("")), "does not exist");
  CAF_CHECK(first_what(load_file(std::string(10'000, 'x'))).starts_with("cannot be read"));
}

CAF_TEST(a file of one mebibyte is read and a longer one is refused) {
  const scratch_dir dir;
  const std::string comment(1'048'575, '#');
  CAF_CHECK_EQUAL(first_problem(load_file(dir.write("fits", comment + "\n"))), "");
  CAF_CHECK_EQUAL(first_what(load_file(dir.write("long", comment + "#\n"))),
                  "is larger than 1048576 bytes");
}

CAF_TEST(the environment names the file when the command line does not ) {
  unsetenv("ORACLE_CONFIG_PATH");
  CAF_CHECK(!default_path());
  setenv("ORACLE_CONFIG_PATH", "", 1);
  CAF_CHECK(!default_path());
  setenv("ORACLE_CONFIG_PATH", "/etc/bpci/oracle-config.yaml", 1);
  CAF_CHECK(default_path() == fs::path{"/etc/bpci/oracle-config.yaml"});
  unsetenv("ORACLE_CONFIG_PATH");
}

CAF_TEST(the address of the database comes from the file that holds it) {
  const scratch_dir dir;
  storage_settings s;
  const auto dsn_of = [](const storage_settings& x) { return storage_dsn(x).value(); };
  CAF_CHECK_EQUAL(dsn_of(s), "");
  s.dsn = "host=db dbname=bpci";
  CAF_CHECK_EQUAL(dsn_of(s), "host=db dbname=bpci");
  s.dsn.clear();
  s.dsn_file = dir.write("dsn", "\n postgresql://u:p@h/d \r\n").string();
  CAF_CHECK_EQUAL(dsn_of(s), "postgresql://u:p@h/d");
}

CAF_TEST(a bad secret file is refused without showing what it holds) {
  const scratch_dir dir;
  for (const auto* text : {"", "hunter2", "postgresql://u:hunter2@h/d\nhost=hunter2"}) {
    storage_settings s;
    s.dsn_file = dir.write("dsn", text).string();
    const auto dsn = storage_dsn(s);
    CAF_REQUIRE(dsn.has_error());
    CAF_CHECK(dsn.error().code == bpci::ec::config_invalid);
    CAF_CHECK(dsn.error().detail.find("hunter2") == std::string::npos);
  }
  storage_settings missing;
  missing.dsn_file = "/no/such/file";
  const auto dsn = storage_dsn(missing);
  CAF_CHECK_EQUAL(dsn.error().detail, "storage.dsn_file does not exist");
}
