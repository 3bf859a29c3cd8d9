#define CAF_SUITE config_load

#include "config/load.hpp"

#include <caf/test/unit_test.hpp>

using namespace bpci::config;

namespace {

/// "LINE:COLUMN: path: what" of each problem, one a line.
std::string complaints(std::string_view yaml) {
  std::string text;
  for (const auto& x : load_text(yaml, "f").problems)
    text += std::to_string(x.line) + ':' + std::to_string(x.column) + ": "
            + (x.path.empty() ? "" : x.path + ": ") + x.what + '\n';
  return text;
}

std::string remedy(std::string_view yaml) {
  const auto got = load_text(yaml, "f");
  return got.problems.empty() ? "" : got.problems.front().remedy;
}

struct row {
  const char* yaml;
  const char* expected;
};

void check(std::initializer_list<row> table) {
  for (const auto& x : table)
    CAF_CHECK_EQUAL(std::string{x.yaml} + "\n=> " + complaints(x.yaml),
                    std::string{x.yaml} + "\n=> " + x.expected);
}

} // namespace

CAF_TEST(a file without keys means the defaults) {
  for (const auto* yaml :
       {"", "\n", "# nothing\n", "---\n", "{}", "null", "listen:\n",
        "listen:\n  # port: 1\nlogging:\n  outputs:\n", "\xEF\xBB\xBFlisten:\n"}) {
    CAF_CHECK_EQUAL(std::string{yaml} + complaints(yaml), std::string{yaml});
    CAF_CHECK(load_text(yaml, "f").config == node_config{});
  }
}

CAF_TEST(what is written is what is read) {
  const auto got = load_text("node: {id: bank-7}\n"
                             "listen:\n"
                             "  port: 0\n"
                             "  idle_timeout_secs: 90\n"
                             "cluster: {heartbeat_ms: 200}\n"
                             "oracle_config:\n"
                             "  consensus_config: {vote_threshold: 66.67%}\n"
                             "logging:\n"
                             "  level: WARN\n"
                             "  outputs:\n"
                             "    - {type: stderr}\n"
                             "    - {type: file, path: /tmp/x}\n"
                             "prometheus_metrics: [a, b_total]\n",
                             "f");
  CAF_REQUIRE(got.problems.empty());
  const auto& c = got.config;
  CAF_CHECK_EQUAL(c.node.id, "bank-7");
  CAF_CHECK_EQUAL(c.listen.port, 0u);
  CAF_CHECK(c.listen.idle_timeout == std::chrono::seconds{90});
  CAF_CHECK(c.cluster.heartbeat == std::chrono::milliseconds{200});
  CAF_CHECK_EQUAL(c.oracle.consensus.vote_threshold.get(), 6667u);
  CAF_CHECK(c.logging.level == log_level::warn);
  CAF_REQUIRE_EQUAL(c.logging.outputs.size(), 2u);
  CAF_CHECK_EQUAL(c.logging.outputs[1].path, "/tmp/x");
  CAF_CHECK_EQUAL(c.prometheus_metrics, (std::vector<std::string>{"a", "b_total"}));
}

CAF_TEST(text may look like a number or a truth value) {
  const auto got = load_text("node: {id: 7, data_dir: true}", "f");
  CAF_CHECK(got.problems.empty());
  CAF_CHECK_EQUAL(got.config.node.id, "7");
  CAF_CHECK_EQUAL(got.config.node.data_dir, "true");
}

CAF_TEST(a wrong type is refused where it stands) {
  check({
      {"listen:\n  port: http", "2:9: listen.port: must be a whole number, not \"http\"\n"},
      {"listen:\n  port: \"80\"",
       "2:9: listen.port: must be a whole number, not the text \"80\"\n"},
      {"listen:\n  port: 80.0", "2:9: listen.port: must be a whole number, not \"80.0\"\n"},
      {"listen:\n  port: 0x50", "2:9: listen.port: must be a whole number, not \"0x50\"\n"},
      {"listen:\n  port: 1_000", "2:9: listen.port: must be a whole number, not \"1_000\"\n"},
      {"listen:\n  port: 80 80", "2:9: listen.port: must be a whole number, not \"80 80\"\n"},
      {"listen:\n  port: ''", "2:9: listen.port: must be a whole number, not the text \"\"\n"},
      {"listen:\n  port:", "2:3: listen.port: has no value\n"},
      {"listen:\n  port: ~", "2:3: listen.port: has no value\n"},
      {"listen:\n  host:", "2:3: listen.host: has no value\n"},
      {"listen:\n  port: [80]", "2:3: listen.port: must be a single value\n"},
      {"listen:\n  port: {a: 80}", "2:3: listen.port: must be a single value\n"},
      {"listen: 80", "1:9: listen: must be a section with keys of its own\n"},
      {"listen:\n- port: 80", "1:1: listen: must be a section with keys of its own\n"},
      {"- listen", "1:1: the document must be a map of sections\n"},
      {"listen", "1:1: the document must be a map of sections\n"},
      {"inter_app_config:\n  agreement_validation: yes",
       "2:25: inter_app_config.agreement_validation: must be true or false, not \"yes\"\n"},
      {"inter_app_config:\n  agreement_validation: \"true\"",
       "2:25: inter_app_config.agreement_validation: must be true or false, not the text "
       "\"true\"\n"},
      {"inter_app_config:\n  audit_level: Full",
       "2:16: inter_app_config.audit_level: has no value \"Full\"\n"},
      {"logging:\n  outputs: stderr", "2:12: logging.outputs: must be a list\n"},
      {"logging:\n  outputs:\n    - stderr",
       "3:7: logging.outputs[0]: must be a section with keys of its own\n"},
      {"prometheus_metrics:\n  - [a]", "2:5: prometheus_metrics[0]: must be a single value\n"},
      {"prometheus_metrics:\n  - a\n  -\n", "1:1: prometheus_metrics[1]: has no value\n"},
      {"oracle_config:\n  consensus_config:\n    vote_threshold: 67",
       "3:21: oracle_config.consensus_config.vote_threshold: may mean a percentage or basis "
       "points\n"},
      {"oracle_config:\n  consensus_config:\n    vote_threshold: most",
       "3:21: oracle_config.consensus_config.vote_threshold: must be a share of the whole\n"},
  });
}

CAF_TEST(a number out of range is refused with the range) {
  check({
      {"listen:\n  port: 65536", "2:9: listen.port: is 65536, outside 0 to 65535\n"},
      {"listen:\n  port: -1", "2:9: listen.port: is -1, outside 0 to 65535\n"},
      {"listen:\n  port: 4294967376", "2:9: listen.port: is 4294967376, outside 0 to 65535\n"},
      {"listen:\n  port: 99999999999999999999",
       "2:9: listen.port: must be a whole number, not \"99999999999999999999\"\n"},
      {"listen:\n  io_threads: 0", "2:15: listen.io_threads: is 0, outside 1 to 16\n"},
      {"oracle_config:\n  ws_port: 0", "2:12: oracle_config.ws_port: is 0, outside 1 to 65535\n"},
      {"oracle_config:\n  max_connections: 100001",
       "2:20: oracle_config.max_connections: is 100001, outside 1 to 100000\n"},
      {"oracle_config:\n  consensus_config:\n    vote_threshold: 50%",
       "3:21: oracle_config.consensus_config.vote_threshold: is 5000, outside 5001 to 10000 basis "
       "points\n"},
  });
}

CAF_TEST(an unknown key is refused at its own place) {
  check({
      {"listen:\n  port: 1\n  prot: 2", "3:3: listen.prot: is not a key of this program\n"},
      {"lisen: {port: 1}", "1:1: lisen: is not a key of this program\n"},
      {"logging:\n  outputs:\n    - type: stderr\n      file: x",
       "4:7: logging.outputs[0].file: is not a key of this program\n"},
      {"\"a\\e[31mb\": 1", "1:1: a?[31mb: is not a key of this program\n"},
      {"\"g\xC3\xB6\xC2\x9B\xE2\x80\xAE\": 1", "1:1: g\xC3\xB6??: is not a key of this program\n"},
      {"<<: {port: 1}", "1:1: <<: is not a key of this program\n"},
  });
}

CAF_TEST(an unknown key is answered with the one that was meant) {
  CAF_CHECK_EQUAL(remedy("listen: {prot: 1}"), "Did you mean port?");
  CAF_CHECK_EQUAL(remedy("listen: {Port: 1}"), "Did you mean port?");
  CAF_CHECK_EQUAL(remedy("lisen: {port: 1}"), "Did you mean listen?");
  CAF_CHECK_EQUAL(remedy("oracle_config: {max_connection: 1}"), "Did you mean max_connections?");
  CAF_CHECK_EQUAL(remedy("vote_threshold: 0.67"),
                  "Did you mean oracle_config.consensus_config.vote_threshold? Check the "
                  "indentation.");
  CAF_CHECK_EQUAL(remedy("idle_timeout_secs: 1"),
                  "Did you mean listen.idle_timeout_secs or "
                  "oracle_config.limits.idle_timeout_secs? Check the indentation.");
  CAF_CHECK_EQUAL(remedy("scheduler: {colour: red}"), "Remove it. The keys here are: threads.");
}

CAF_TEST(a key that is given twice is refused) {
  check({
      {"listen:\n  port: 1\n  host: 127.0.0.1\n  port: 2",
       "4:3: listen.port: is given twice, first on line 2\n"},
      {"listen: {port: 1}\nnode: {}\nlisten: {}", "3:1: listen: is given twice, first on line 1\n"},
  });
}

CAF_TEST(bad syntax is refused with its line) {
  const auto at = [](std::string_view yaml) {
    const auto got = load_text(yaml, "f");
    CAF_REQUIRE_EQUAL(got.problems.size(), 1u);
    const auto& x = got.problems[0];
    CAF_CHECK(x.what.starts_with("is not valid YAML: "));
    CAF_CHECK(got.config == node_config{});
    return x.line;
  };
  CAF_CHECK_EQUAL(at("listen:\n\tport: 1"), 2);
  CAF_CHECK_EQUAL(at("listen:\n  port: 1\n host: x"), 3);
  CAF_CHECK_EQUAL(at("node:\n  id: \"open"), 2);
  CAF_CHECK_EQUAL(at("node: {id: x"), 1);
  CAF_CHECK_EQUAL(at("node:\n  id: a: b"), 2);
  CAF_CHECK_EQUAL(at("node: *nobody"), 1);
}

CAF_TEST(yaml that means nothing here is refused with its line) {
  check({
      {"node: {}\n---\nlisten: {}", "3:1: a second document begins here\n"},
      {"node:\n  id: !secret x", "2:7: tags are not supported\n"},
      {"node:\n  ? [a]\n  : b", "2:5: a key must be a word\n"},
      {"node:\n  id: caf\xE9", "2:10: this is not valid UTF-8\n"},
      {"node: &a [*a]", "1:11: this alias stands inside of what it refers to\n"},
  });
}

CAF_TEST(an alias stands for what it refers to) {
  const auto got = load_text("cluster: {name: &n blue}\nnode: {id: *n}", "f");
  CAF_CHECK(got.problems.empty());
  CAF_CHECK_EQUAL(got.config.node.id, "blue");
}

CAF_TEST(all problems come at once and in the order of the file) {
  check({{"oracle_config:\n"
          "  ws_port: http\n"
          "  security_config:\n"
          "    require_signatures: false\n"
          "listen:\n"
          "  prot: 1\n"
          "  host: localhost\n"
          "cluster:\n"
          "  heartbeat_ms: 400\n",
          "2:12: oracle_config.ws_port: must be a whole number, not \"http\"\n"
          "4:25: oracle_config.security_config.require_signatures: cannot be false\n"
          "6:3: listen.prot: is not a key of this program\n"
          "7:9: listen.host: is not an IP address\n"
          "8:1: cluster.suspect_after_ms: is 1000, less than three heartbeats (1200 ms)\n"}});
}

CAF_TEST(a problem is rendered for a terminal with its remedy below) {
  const auto got = load_text("listen:\n  port: 70000", "node.yaml");
  CAF_REQUIRE_EQUAL(got.problems.size(), 1u);
  CAF_CHECK_EQUAL(to_string(got.problems[0]),
                  "node.yaml:2:9: listen.port: is 70000, outside 0 to 65535\n"
                  "    Choose a whole number from 0 to 65535. The default is 8080.");
}

CAF_TEST(a variable is taken as it stands and the operator is told) {
  const auto got = load_text("node:\n  data_dir: ${HOME}/bpci", "f");
  CAF_CHECK(got.problems.empty());
  CAF_CHECK_EQUAL(got.config.node.data_dir, "${HOME}/bpci");
  CAF_REQUIRE_EQUAL(got.warnings.size(), 1u);
  CAF_CHECK_EQUAL(got.warnings[0].line, 2);
  CAF_CHECK_EQUAL(got.warnings[0].path, "node.data_dir");
}

CAF_TEST(a setting without an effect is mentioned only when it is set) {
  CAF_CHECK(
      load_text("listen: {port: 1}\noracle_config: {max_connections: 7}", "f").warnings.empty());
  CAF_CHECK(load_text("logging: {outputs: [{type: stderr}]}", "f").warnings.empty());
  const auto got =
      load_text("oracle_config:\n  performance_config:\n    connection_pool_size: 4\n", "f");
  CAF_REQUIRE_EQUAL(got.warnings.size(), 1u);
  CAF_CHECK_EQUAL(
      to_string(got.warnings[0]),
      "f:3:27: oracle_config.performance_config.connection_pool_size: has no effect: BPI "
      "nodes dial this one, which keeps no connections to them\n    Remove it; "
      "oracle_config.max_connections bounds how many are let in.");
}
