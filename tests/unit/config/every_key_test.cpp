#define CAF_SUITE config_every_key

#include "config/all_keys.hpp"
#include "config/load.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <sstream>

using namespace bpci::config;

namespace {

struct sample {
  std::string_view path;
  std::string_view value; ///< allowed, and not the default
};

/// In the order of defaults.yaml.
constexpr sample samples[] = {
    {"node.id", "x"},
    {"node.data_dir", "/x"},
    {"listen.host", "0.0.0.0"},
    {"listen.port", "1"},
    {"listen.max_header_bytes", "2000"},
    {"listen.max_body_bytes", "2000"},
    {"listen.idle_timeout_secs", "7"},
    {"listen.request_timeout_secs", "7"},
    {"listen.max_http_connections", "7"},
    {"listen.io_threads", "7"},
    {"cluster.name", "x"},
    {"cluster.link_host", "\"::1\""},
    {"cluster.link_port", "1"},
    {"cluster.link_advertise", "x"},
    {"cluster.certificates_dir", "/x"},
    {"cluster.heartbeat_ms", "70"},
    {"cluster.suspect_after_ms", "1700"},
    {"cluster.lease_ms", "800"},
    {"cluster.dead_after_ms", "7000"},
    {"entities.idle_secs", "7"},
    {"entities.memory_limit_mb", "7"},
    {"entities.inbox_retention_days", "8"},
    {"entities.buffer_per_slot_bytes", "2000"},
    {"entities.buffer_bytes", "2000"},
    {"entities.buffer_wait_ms", "700"},
    {"entities.window_messages", "7"},
    {"entities.window_bytes", "70000"},
    {"storage.dsn", "postgresql://h/d"},
    {"storage.dsn_file", "/x"},
    {"storage.pool_size", "7"},
    {"storage.query_timeout_ms", "70"},
    {"storage.queue_limit", "7"},
    {"storage.embedded.user", "x"},
    {"storage.embedded.bin_dir", "/x"},
    {"supervision.max_restarts", "0"},
    {"supervision.period_secs", "7"},
    {"supervision.backoff_min_ms", "7"},
    {"supervision.backoff_max_ms", "70"},
    {"supervision.node_restarts_per_sec", "7"},
    {"scheduler.threads", "7"},
    {"oracle_config.node_id", "x"},
    {"oracle_config.api_port", "9100"},
    {"oracle_config.ws_port", "9101"},
    {"oracle_config.max_connections", "7"},
    {"oracle_config.relay_timeout_secs", "7"},
    {"oracle_config.announcement_ttl_secs", "70"},
    {"oracle_config.consensus_config.enable_consensus_bridge", "false"},
    {"oracle_config.consensus_config.min_consensus_nodes", "7"},
    {"oracle_config.consensus_config.consensus_timeout_secs", "7"},
    {"oracle_config.consensus_config.vote_threshold", "0.75"},
    {"oracle_config.security_config.require_signatures", "false"},
    {"oracle_config.security_config.max_message_age_secs", "7"},
    {"oracle_config.security_config.rate_limit_per_node", "7"},
    {"oracle_config.security_config.enable_encryption", "false"},
    {"oracle_config.security_config.isolation.threshold", "7"},
    {"oracle_config.security_config.isolation.period_secs", "7"},
    {"oracle_config.security_config.isolation.base_secs", "7"},
    {"oracle_config.security_config.isolation.max_secs", "70"},
    {"oracle_config.performance_config.batch_size", "7"},
    {"oracle_config.performance_config.connection_pool_size", "7"},
    {"oracle_config.performance_config.message_cache_size", "7"},
    {"oracle_config.performance_config.high_throughput_mode", "false"},
    {"oracle_config.limits.max_frame_bytes", "2000"},
    {"oracle_config.limits.max_in_flight", "70"},
    {"oracle_config.limits.max_targets", "7"},
    {"oracle_config.limits.max_pending_per_target", "7"},
    {"oracle_config.limits.stored_max_bytes", "7000"},
    {"oracle_config.limits.stored_max_age_days", "7"},
    {"oracle_config.limits.handshake_timeout_ms", "700"},
    {"oracle_config.limits.max_handshakes", "7"},
    {"oracle_config.limits.ping_interval_secs", "7"},
    {"oracle_config.limits.idle_timeout_secs", "70"},
    {"oracle_config.limits.write_stall_secs", "7"},
    {"oracle_config.limits.max_write_queue_bytes", "7000000"},
    {"inter_app_config.agreement_validation", "false"},
    {"inter_app_config.audit_level", "Basic"},
    {"inter_app_config.security_requirements.encryption_level", "Quantum"},
    {"inter_app_config.security_requirements.authentication_required", "false"},
    {"inter_app_config.security_requirements.authorization_required", "false"},
    {"chain.genesis", "/x"},
    {"chain.key_file", "/x"},
    {"chain.peers", "[{key: 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff, "
                    "urls: [\"ws://h/bpi/v1\"]}]"},
    {"chain.max_followers", "7"},
    {"chain.round_base_ms", "70"},
    {"chain.round_max_ms", "7000"},
    {"chain.precision_ms", "7"},
    {"chain.message_delay_ms", "70"},
    {"chain.snapshot_every", "70"},
    {"chain.snapshot_gap", "7"},
    {"chain.trusting_period_hours", "7"},
    {"chain.mempool_transactions", "7"},
    {"chain.mempool_bytes", "2000000"},
    {"logging.level", "debug"},
    {"logging.format", "text"},
    {"logging.outputs", "[{type: stderr}]"},
    {"logging.audit_logging.enabled", "false"},
    {"logging.audit_logging.level", "basic"},
    {"logging.audit_logging.retention_days", "7"},
    {"metrics.legacy_names", "true"},
    {"prometheus_metrics", "[x]"},
};

/// "a.b" and "1" make "a: {b: 1}".
std::string yaml_of(const sample& x) {
  std::string text;
  std::string close;
  std::istringstream parts{std::string{x.path}};
  for (std::string part; std::getline(parts, part, '.');) {
    text += (text.empty() ? "" : ": {") + part;
    close += close.empty() && text == part ? "" : "}";
  }
  return text + ": " + std::string{x.value} + close;
}

} // namespace

CAF_TEST(the samples name every key once and in order) {
  std::vector<std::string> paths;
  for (const auto& x : samples)
    paths.emplace_back(x.path);
  CAF_CHECK_EQUAL(paths, all_keys());
}

CAF_TEST(every key reaches a member of its own) {
  std::vector<node_config> seen{node_config{}};
  for (const auto& x : samples) {
    const auto text = yaml_of(x);
    const auto got = load_text(text, "f");
    // This one has a single allowed value; that it is refused shows that it arrived.
    if (x.path.ends_with("require_signatures")) {
      CAF_REQUIRE_EQUAL(got.problems.size(), 1u);
    } else {
      CAF_CHECK_EQUAL(got.problems.empty() ? "" : to_string(got.problems.front()), "");
    }
    CAF_CHECK_EQUAL(text + (std::ranges::count(seen, got.config) == 0 ? "" : " has no effect"),
                    text);
    seen.push_back(got.config);
  }
}

CAF_TEST(every key says where it stands when its value is of the wrong kind) {
  for (const auto& key : all_keys()) {
    const auto is_list =
        key == "logging.outputs" || key == "chain.peers" || key == "prometheus_metrics";
    const auto text = yaml_of({key, is_list ? "{a: b}" : "[[]]"});
    const auto got = load_text(text, "f");
    CAF_REQUIRE_EQUAL(got.problems.size(), 1u);
    CAF_CHECK_EQUAL(got.problems[0].path, key);
    CAF_CHECK_EQUAL(got.problems[0].line, 1);
    CAF_CHECK_EQUAL(got.problems[0].what, is_list ? "must be a list" : "must be a single value");
    CAF_CHECK(got.config == node_config{});
  }
}
