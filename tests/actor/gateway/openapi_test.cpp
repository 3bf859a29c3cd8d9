#define CAF_SUITE gateway_openapi

#include "gateways/http/openapi.hpp"
#include "tests/actor/gateway/gateway_fixture.hpp"

/// The description of the API, and the start of a node that runs.
namespace bpci::gateway {

namespace {

using namespace test;

namespace json = boost::json;

struct fixture : gateway_fixture {
  fixture() {
    shared->http_port = std::make_shared<std::atomic<std::uint16_t>>(8080);
    auto table = all_routes();
    for (const auto& more : {openapi_routes(), start_routes(), chain_routes(), wallet_routes()})
      table.insert(table.end(), more.begin(), more.end());
    for (auto& x : table)
      if (x.info.pattern == "/api/v1/oracle/start") x.info.need = http::permission::open;
    door = std::make_shared<front_door>(shared, std::move(table));
  }

  json::object description() { return codec::parse_json(*shared->api_description)->as_object(); }

  reply_ptr start_node(std::string body) {
    return call(request("POST", "/api/v1/oracle/start", std::move(body)));
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(gateway_openapi_tests, fixture)

CAF_TEST(the description of the routes has no faults and is served under both paths) {
  const auto faults = http::openapi_faults(description());
  CAF_CHECK_EQUAL(faults.empty() ? "" : faults.front(), "");
  for (const auto* path : {"/api/v1/openapi.json", "/openapi.json"}) {
    const auto got = call(request("GET", path));
    CAF_REQUIRE_EQUAL(got->verdict(), "200");
    const auto& answer = got->answers.front();
    CAF_CHECK_EQUAL(answer.content_type, "application/json");
    CAF_CHECK_EQUAL(answer.body, *shared->api_description);
  }
}

CAF_TEST(every route is described with its permission and its types) {
  const auto all = description();
  const auto& paths = all.at("paths").as_object();
  for (const auto& x : all_routes()) {
    const auto* item = paths.if_contains(http::openapi_path(x.info.pattern));
    CAF_REQUIRE(item);
    CAF_CHECK(!item->as_object().empty());
  }
  const auto schemas = all.at("components").at("schemas").as_object();
  for (const auto* name : {"problem", "oracle.registration", "oracle.node_record",
                           "slots.slot_page", "gateway.audit.page", "gateway.action_body"})
    CAF_CHECK_EQUAL(std::string{name} + (schemas.contains(name) ? "" : " is missing"), name);
}

CAF_TEST(to start a node that runs is no change and says with which settings it runs) {
  for (const auto* body : {"", "{}", R"({"config":{}})", R"({"config":null})",
                           R"({"config":{"max_connections":1000,"api_port":8080}})",
                           R"({"config":{"node_id":"alpha-1"}})",
                           R"({"config":{"oracle_config":{"relay_timeout_secs":30},)"
                           R"("logging":{"level":"info"}}})"}) {
    const auto got = start_node(body);
    CAF_CHECK_EQUAL(std::string{body} + ' ' + got->verdict(), std::string{body} + " 200");
    const auto data = got->body().at("data").as_object();
    CAF_CHECK_EQUAL(data.at("status").as_string(), "running");
    CAF_CHECK_EQUAL(data.at("node_id").as_string(), "alpha-1");
    CAF_CHECK(data.at("config").as_object().contains("oracle_config"));
    CAF_CHECK(!data.at("config").as_object().contains("storage"));
  }
}

CAF_TEST(other settings than those of the node that runs are a conflict that names them) {
  const auto got = start_node(
      R"({"config":{"node_id":"other","max_connections":7,"security_config":{"rate_limit_per_node":9}}})");
  CAF_REQUIRE_EQUAL(got->verdict(), "409 conflict");
  const auto detail = std::string{got->body().at("detail").as_string()};
  CAF_CHECK_EQUAL(detail,
                  "the node runs with other settings: oracle_config.node_id is \"alpha-1\", not "
                  "\"other\"; oracle_config.max_connections is 1000, not 7; "
                  "oracle_config.security_config.rate_limit_per_node is 100, not 9");
}

CAF_TEST(what is no configuration is refused as the reader of files would) {
  CAF_CHECK_EQUAL(start_node("{")->verdict(), "400 malformed");
  CAF_CHECK_EQUAL(start_node("[]")->verdict(), "422 invalid_argument");
  CAF_CHECK_EQUAL(start_node(R"({"config":7})")->verdict(), "422 invalid_argument");
  const auto got = start_node(R"({"config":{"max_conections":7}})");
  CAF_REQUIRE_EQUAL(got->verdict(), "422 invalid_argument");
  const auto detail = std::string{got->body().at("detail").as_string()};
  CAF_CHECK(detail.find("Did you mean max_connections?") != std::string::npos);
}

CAF_TEST(whoever may start a node may not guess where its database is) {
  const auto got = start_node(R"({"config":{"storage":{"dsn":"postgresql://h/d"}}})");
  CAF_CHECK_EQUAL(got->verdict(), "422 invalid_argument");
}

CAF_TEST(the metrics of document 2 are exported when they are asked for) {
  const auto page = [this] { return call(request("GET", "/metrics"))->answers.front().body; };
  CAF_CHECK(page().find("\noracle_") == std::string::npos);
  shared->config.metrics.legacy_names = true;
  auto text = page();
  for (const auto* name : {"oracle_connected_nodes_total", "oracle_messages_relayed_total",
                           "oracle_consensus_rounds_total", "oracle_inter_app_agreements_total",
                           "oracle_message_latency_seconds", "oracle_consensus_participation_ratio",
                           "oracle_websocket_connections_active"})
    CAF_CHECK_EQUAL(
        text.find(std::string{"\n# TYPE "} + name + ' ') != std::string::npos ? name : "missing",
        std::string{name});
  CAF_CHECK(text.find("\n# TYPE bpci_http_requests_total") != std::string::npos);
  shared->config.prometheus_metrics = {"oracle_connected_nodes_total"};
  text = page();
  CAF_CHECK(text.find("\noracle_connected_nodes_total 0") != std::string::npos);
  CAF_CHECK(text.find("oracle_websocket_connections_active") == std::string::npos);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::gateway
