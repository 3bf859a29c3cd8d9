#define CAF_SUITE e2e_http

#include "messages/codec/json.hpp"
#include "three_nodes.hpp"

#include <caf/test/unit_test.hpp>

#include <iostream>

using namespace bpci;
using namespace bpci::e2e;

namespace {

constexpr auto promtool_max = milliseconds{30'000};

constexpr auto registration_path = "/api/v1/oracle/nodes/register";
constexpr auto stats_path = "/api/v1/oracle/stats";

struct fixture : three_nodes {
  /// Whether the answer is a problem document (RFC 9457) of this status and code, complete.
  bool refuses(int status, const std::string& code, const std::string& method,
               const std::string& path, const std::string& body = {},
               const http::header_list& headers = {}) {
    const auto answer = cluster->call(1, method, path, body, headers);
    if (!answer) {
      CAF_MESSAGE(method << " " << path << ": " << to_string(answer.error()));
      return false;
    }
    CAF_MESSAGE(method << " " << path << ": " << answer->status << " " << answer->body);
    const auto said = codec::parse_json(answer->body);
    if (!said || !said->is_object()) return false;
    return answer->status == status && answer->content_type == "application/problem+json"
           && said->at("status").to_number<int>() == status && said->at("code").as_string() == code
           && !said->at("title").as_string().empty() && !said->at("next_step").as_string().empty()
           && said->at("type").as_string() == "urn:bpci:error:" + code
           && said->at("instance").as_string().starts_with("urn:bpci:request:");
  }
};

http::header_list headers(std::string name, std::string value) {
  http::header_list out;
  out.set(name, std::move(value));
  return out;
}

std::filesystem::path promtool() {
  for (const std::filesystem::path folder :
       {"/usr/bin", "/usr/local/bin", BPCI_SOURCE_DIR "/build/deps/usr/bin"})
    if (std::filesystem::exists(folder / "promtool")) return folder / "promtool";
  return {};
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(http_tests, fixture)

CAF_TEST(a path that nobody has is a problem) {
  CAF_CHECK(refuses(404, "not_found", "GET", "/api/v1/oracle/nowhere"));
  CAF_CHECK(refuses(404, "not_found", "GET", "/api/v1/actors/node-1/oracle/nobody"));
}

CAF_TEST(a method that a path has not is a problem that names the others) {
  CAF_CHECK(refuses(405, "method_not_allowed", "DELETE", "/api/v1/oracle/nodes"));
  const auto answer = cluster->call(1, "DELETE", "/api/v1/oracle/nodes");
  CAF_REQUIRE(answer.has_value());
  CAF_CHECK(answer->headers.get("Allow").find("GET") != std::string_view::npos);
}

CAF_TEST(a body that is not what the path reads is a problem) {
  CAF_CHECK(refuses(400, "malformed", "POST", registration_path, "{\"node_id\": "));
  CAF_CHECK(refuses(400, "too_deep", "POST", registration_path,
                    std::string(100, '[') + std::string(100, ']')));
  CAF_CHECK(refuses(422, "invalid_argument", "POST", registration_path, "[]"));
  CAF_CHECK(refuses(422, "invalid_argument", "POST", registration_path, "{\"node_id\": 7}"));
  CAF_CHECK(refuses(422, "invalid_argument", "POST", registration_path, "{\"node_id\": \"a b\"}"));
  CAF_CHECK(refuses(413, "too_large", "POST", registration_path, std::string(2'000'000, ' ')));
}

CAF_TEST(a type of body that nobody reads is a problem) {
  CAF_CHECK(refuses(415, "unsupported", "POST", registration_path, "node_id=a",
                    headers("Content-Type", "application/x-www-form-urlencoded")));
}

CAF_TEST(a missing or wrong token is a problem) {
  CAF_CHECK(refuses(401, "not_authenticated", "GET", stats_path, {}, headers("Authorization", "")));
  CAF_CHECK(refuses(401, "not_authenticated", "GET", stats_path, {},
                    headers("Authorization", "Bearer guessed")));
  CAF_CHECK(refuses(401, "not_authenticated", "GET", stats_path, {},
                    headers("Authorization", "Basic " + cluster->token())));
  CAF_CHECK(refuses(401, "not_authenticated", "POST", "/api/v1/actors/kill",
                    R"({"path": "/node-1/oracle/relay", "reason": "mischief"})",
                    headers("Authorization", "Bearer ")));
}

CAF_TEST(a message over HTTP is checked like one over a link) {
  const auto body = R"({"id": "m-1", "sequence": 1, "source": "nobody", "targets": ["nobody-else"],
    "type": "DataSync", "priority": "Normal", "sent_at": 1, "body": "", "signature": ""})";
  const auto answer = cluster->call(1, "POST", "/api/v1/oracle/relay", body);
  CAF_REQUIRE(answer.has_value());
  CAF_MESSAGE(answer->status << " " << answer->body);
  CAF_CHECK(answer->status >= 400 && answer->status < 500);
  CAF_CHECK_EQUAL(answer->content_type, "application/problem+json");
}

CAF_TEST(a correlation id comes back) {
  const auto answer =
      cluster->call(1, "GET", stats_path, {}, headers("X-Correlation-ID", "trace-42"));
  CAF_REQUIRE(answer.has_value());
  CAF_CHECK_EQUAL(std::string{answer->headers.get("X-Correlation-ID")}, "trace-42");
}

CAF_TEST(the health of each node can be asked for without a token) {
  for (std::size_t i = 1; i <= cluster->size(); ++i)
    for (const auto* path : {"/health", "/health/live", "/health/ready", "/api/v1/health"}) {
      const auto answer = cluster->call(i, "GET", path, {}, headers("Authorization", ""));
      CAF_CHECK(answer.has_value() && answer->status == 200);
    }
}

CAF_TEST(Prometheus finds nothing to complain of in the metrics) {
  const auto answer = cluster->call(1, "GET", "/metrics", {}, headers("Authorization", ""));
  CAF_REQUIRE(answer.has_value());
  CAF_CHECK_EQUAL(answer->status, 200);
  CAF_CHECK(answer->body.find("bpci_http_requests_total{") != std::string::npos);
  const auto tool = promtool();
  if (tool.empty()) {
    std::cerr << "e2e: skipped, there is no promtool\n";
    return;
  }
  const auto checked =
      run_command({.program = tool, .arguments = {"check", "metrics"}}, promtool_max, answer->body);
  CAF_MESSAGE(checked.out << checked.err);
  CAF_CHECK_EQUAL(checked.exit_code, 0);
}

CAF_TEST_FIXTURE_SCOPE_END()
