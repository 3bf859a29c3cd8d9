#define CAF_SUITE config_validate

#include "config/validate.hpp"

#include <caf/test/unit_test.hpp>

#include <functional>

using namespace bpci::config;
using namespace std::chrono_literals;

namespace {

std::string complaints(const node_config& c) {
  std::string text;
  for (const auto& x : validate(c)) {
    CAF_CHECK(x.file.empty() && x.line == 0 && !x.remedy.empty());
    text += x.path + ": " + x.what + '\n';
  }
  return text;
}

struct row {
  std::function<void(node_config&)> change;
  const char* expected;
};

void check(std::initializer_list<row> table) {
  for (const auto& x : table) {
    node_config c;
    x.change(c);
    CAF_CHECK_EQUAL(complaints(c), x.expected);
  }
}

log_output output(output_type type, std::string path, std::string endpoint) {
  log_output out;
  out.type = type;
  out.path = std::move(path);
  out.endpoint = std::move(endpoint);
  return out;
}

} // namespace

CAF_TEST(the defaults are valid) {
  CAF_CHECK_EQUAL(complaints({}), "");
}

CAF_TEST(ranges hold for settings that came from no file) {
  check({
      {[](auto& c) { c.listen.io_threads = 17; }, "listen.io_threads: is 17, outside 1 to 16\n"},
      {[](auto& c) { c.listen.idle_timeout = 0s; },
       "listen.idle_timeout_secs: is 0, outside 1 to 3600\n"},
      {[](auto& c) { c.oracle.api_port = std::uint16_t{0}; },
       "oracle_config.api_port: is 0, outside 1 to 65535\n"},
      {[](auto& c) { c.oracle.consensus.vote_threshold = basis_points{5'000}; },
       "oracle_config.consensus_config.vote_threshold: is 5000, outside 5001 to 10000\n"},
  });
}

CAF_TEST(names are valid ids) {
  check({
      {[](auto& c) { c.node.id = ""; }, "node.id: is not a valid id\n"},
      {[](auto& c) { c.node.id = "a b"; }, "node.id: is not a valid id\n"},
      {[](auto& c) { c.node.id = std::string(65, 'a'); }, "node.id: is not a valid id\n"},
      {[](auto& c) { c.cluster.name = "a/b"; }, "cluster.name: is not a valid id\n"},
      {[](auto& c) { c.oracle.node_id = "\xC3\xA4"; },
       "oracle_config.node_id: is not a valid id\n"},
      {[](auto& c) { c.node.data_dir = ""; }, "node.data_dir: is empty\n"},
      {[](auto& c) { c.node.data_dir = "a\nb"; },
       "node.data_dir: holds a line break or another control character\n"},
      {[](auto& c) {
         c.prometheus_metrics = {"good", "7up"};
       },
       "prometheus_metrics[1]: is not the name of a metric\n"},
  });
}

CAF_TEST(members are reached at an address and not at a name) {
  for (const auto* host : {"127.0.0.1", "10.0.0.1", "::1", "fe80::1"}) {
    node_config c;
    c.cluster.link_host = host;
    CAF_CHECK_EQUAL(complaints(c), "");
  }
  for (const auto* host : {"", "localhost", "127.0.0.1.evil.org", "127.1"}) {
    node_config c;
    c.cluster.link_host = host;
    CAF_CHECK_EQUAL(host + complaints(c),
                    std::string{host} + "cluster.link_host: is not an IP address\n");
  }
}

CAF_TEST(a node that listens everywhere says where it is reached) {
  node_config c;
  c.cluster.link_host = "0.0.0.0";
  CAF_CHECK_EQUAL(complaints(c), "cluster.link_advertise: is missing, and link_host is 0.0.0.0\n");
  c.cluster.link_advertise = "node-2.internal";
  CAF_CHECK_EQUAL(complaints(c), "");
}

CAF_TEST(keys that depend on each other agree) {
  check({
      {[](auto& c) { c.cluster.heartbeat = 333ms; }, ""},
      {[](auto& c) { c.cluster.heartbeat = 334ms; },
       "cluster.suspect_after_ms: is 1000, less than three heartbeats (1002 ms)\n"},
      {[](auto& c) { c.cluster.suspect_after = 2001ms; },
       "cluster.dead_after_ms: is 2000, less than suspect_after_ms (2001 ms)\n"},
      {[](auto& c) { c.cluster.lease = 1001ms; },
       "cluster.suspect_after_ms: is 1000, less than lease_ms (1001 ms)\n"},
      {[](auto& c) { c.cluster.lease = 599ms; },
       "cluster.lease_ms: is 599, less than two heartbeats (600 ms)\n"},
      {[](auto& c) { c.supervision.backoff_max = 49ms; },
       "supervision.backoff_max_ms: is 49, less than backoff_min_ms (50)\n"},
      {[](auto& c) { c.oracle.limits.max_in_flight = 49; },
       "oracle_config.performance_config.batch_size: is 50, more than limits.max_in_flight (49)\n"},
      {[](auto& c) { c.oracle.limits.idle_timeout = 29s; },
       "oracle_config.limits.idle_timeout_secs: is 29, less than two pings of 15 s\n"},
      {[](auto& c) { c.oracle.limits.max_frame_bytes = 4'194'305; },
       "oracle_config.limits.max_write_queue_bytes: is 4194304, less than max_frame_bytes "
       "(4194305)\n"},
      {[](auto& c) { c.oracle.security.require_signatures = false; },
       "oracle_config.security_config.require_signatures: cannot be false\n"},
      {[](auto& c) { c.oracle.api_port = c.oracle.ws_port = std::uint16_t{9000}; },
       "oracle_config.ws_port: is the same as api_port\n"},
  });
}

CAF_TEST(the database is named once and in libpq words) {
  check({
      {[](auto& c) { c.storage.dsn = "postgresql://u@h/d"; }, ""},
      {[](auto& c) { c.storage.dsn = "host=/run/pg dbname=d"; }, ""},
      {[](auto& c) { c.storage.dsn = "localhost"; },
       "storage.dsn: is not the address of a PostgreSQL database\n"},
      {[](auto& c) { c.storage.dsn = "=hunter2"; },
       "storage.dsn: is not the address of a PostgreSQL database\n"},
      {[](auto& c) { c.storage.dsn = c.storage.dsn_file = "a=b"; },
       "storage.dsn_file: is given together with storage.dsn\n"},
      {[](auto& c) { c.storage.embedded.user = "root"; }, "storage.embedded.user: is root\n"},
      {[](auto& c) { c.storage.embedded.user = "-u"; },
       "storage.embedded.user: is not the name of a user\n"},
      {[](auto& c) { c.storage.embedded.bin_dir = "bin"; },
       "storage.embedded.bin_dir: is not an absolute path\n"},
  });
}

CAF_TEST(a log output has what its type needs and nothing else) {
  const auto only = [](const log_output& x) {
    return [x](node_config& c) { c.logging.outputs = {x}; };
  };
  check({
      {only(output(output_type::standard_error, "", "")), ""},
      {only(output(output_type::file, "/x", "")), ""},
      {only(output(output_type::elasticsearch, "", "https://e:9200")), ""},
      {only(output(output_type::file, "", "")), "logging.outputs[0].path: is missing\n"},
      {only(output(output_type::elasticsearch, "", "")),
       "logging.outputs[0].endpoint: is missing\n"},
      {only(output(output_type::elasticsearch, "", "e:9200")),
       "logging.outputs[0].endpoint: is not an http or https address\n"},
      {only(output(output_type::standard_error, "/x", "")),
       "logging.outputs[0].path: is used only by an output of type file\n"},
      {only(output(output_type::file, "/x", "http://e")),
       "logging.outputs[0].endpoint: is used only by an output of type elasticsearch\n"},
      {only(output(output_type::elasticsearch, "", "https://u:p@e:9200")),
       "logging.outputs[0].endpoint: holds more than scheme, host, port and path\n"},
  });
}

CAF_TEST(an output to Elasticsearch has an index that it takes and one key at most) {
  const auto with = [](auto change) {
    return [change](node_config& c) {
      c.logging.outputs = {output(output_type::elasticsearch, "", "https://e:9200")};
      change(c.logging.outputs[0]);
    };
  };
  check({
      {with([](auto& x) { x.index = "logs-7"; }), ""},
      {with([](auto& x) { x.index = "Logs"; }),
       "logging.outputs[0].index: is not the beginning of an index\n"},
      {with([](auto& x) { x.index = "_logs"; }),
       "logging.outputs[0].index: is not the beginning of an index\n"},
      {with([](auto& x) { x.api_key_file = "/x"; }), ""},
      {with([](auto& x) { x.api_key_env = "KEY_1"; }), ""},
      {with([](auto& x) { x.api_key_env = "hunter2=="; }),
       "logging.outputs[0].api_key_env: is not the name of a variable\n"},
      {with([](auto& x) { x.api_key_file = x.api_key_env = "X"; }),
       "logging.outputs[0].api_key_env: is given together with api_key_file\n"},
      {with([](auto& x) { x.rotate_bytes = 7; }),
       "logging.outputs[0].rotate_bytes: is used only by an output of type file\n"},
      {with([](auto& x) { x.buffer_bytes = 7; }),
       "logging.outputs[0].buffer_bytes: is 7, outside 1048576 to 1073741824\n"},
  });
}

CAF_TEST(every broken rule is reported and not only the first) {
  node_config c;
  c.node.id = "";
  c.listen.io_threads = 0;
  c.cluster.link_host = "localhost";
  CAF_CHECK_EQUAL(validate(c).size(), 3u);
}
