#define CAF_SUITE e2e_openapi

#include "gateways/http/openapi.hpp"
#include "messages/codec/json.hpp"
#include "three_nodes.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>

/// Every operation that the node describes keeps what its description promises.
using namespace bpci;
using namespace bpci::e2e;

namespace {

namespace json = boost::json;

struct operation {
  std::string method; ///< in capitals
  std::string path;   ///< as described
  json::object what;

  [[nodiscard]] bool is_open() const {
    const auto* security = what.if_contains("security");
    return security && security->as_array().empty();
  }
};

struct fixture : three_nodes {
  json::object description() {
    const auto answer = cluster->call(1, "GET", "/api/v1/openapi.json");
    if (!answer || answer->status != 200) give_up("the node describes nothing");
    return codec::parse_json(answer->body)->as_object();
  }

  static std::vector<operation> operations(const json::object& of) {
    std::vector<operation> out;
    for (const auto& path : of.at("paths").as_object())
      for (const auto& one : path.value().as_object()) {
        std::string method{one.key()};
        std::ranges::transform(method, method.begin(), ::toupper);
        out.push_back({method, std::string{path.key()}, one.value().as_object()});
      }
    return out;
  }

  /// With values that a route understands, and that name nothing, so that nothing is done.
  static std::string filled(std::string path) {
    for (auto at = path.find('{'); at != std::string::npos; at = path.find('{')) {
      const auto end = path.find('}', at);
      const auto name = path.substr(at + 1, end - at - 1);
      std::string value = "nobody";
      if (name == "path") value = "node-1/oracle/nobody";
      if (name == "slot" || name == "block") value = "17";
      if (name == "address") value = std::string(64, 'a');
      if (name == "kind") value = "mailbox";
      path.replace(at, end - at + 1, value);
    }
    return path;
  }

  /// "GET /x: 418 text/html is not described", or nothing.
  static std::string broken_promise(const operation& of, const result<http::response>& answer) {
    const auto name = of.method + ' ' + of.path + ": ";
    if (!answer) return name + to_string(answer.error());
    const auto got = std::to_string(answer->status);
    const auto* described = of.what.at("responses").as_object().if_contains(got);
    auto type = answer->content_type.substr(0, answer->content_type.find(';'));
    if (described && described->at("content").as_object().contains(type)) return {};
    return name + got + ' ' + type + " is not described; " + answer->body.substr(0, 200);
  }

  result<http::response> call(const operation& of, const std::string& body,
                              const std::string& authorization) {
    http::header_list headers;
    if (authorization != "usual") headers.set("Authorization", authorization);
    return cluster->call(1, of.method, filled(of.path), body, headers);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(openapi_tests, fixture)

CAF_TEST(the description of the node has no faults) {
  const auto faults = http::openapi_faults(description());
  for (const auto& x : faults)
    CAF_MESSAGE(x);
  CAF_CHECK(faults.empty());
}

CAF_TEST(every operation answers with a status and a type that it is described with) {
  const auto all = operations(description());
  CAF_CHECK(all.size() > 50);
  for (const auto& x : all) {
    const auto body = x.method == "GET" ? std::string{} : std::string{"{}"};
    CAF_CHECK_EQUAL(broken_promise(x, call(x, body, "usual")), "");
  }
}

CAF_TEST(every operation that takes a body describes what it says to a broken one) {
  for (const auto& x : operations(description())) {
    if (!x.what.contains("requestBody")) continue;
    const auto answer = call(x, "{\"", "usual");
    CAF_CHECK_EQUAL(broken_promise(x, answer), "");
    CAF_CHECK(answer && answer->status >= 400);
  }
}

CAF_TEST(every operation that is not open turns away whoever has no token or a wrong one) {
  for (const auto& x : operations(description())) {
    if (x.is_open()) continue;
    for (const auto* authorization : {"", "Bearer guessed"}) {
      const auto answer = call(x, x.method == "GET" ? "" : "{}", authorization);
      CAF_CHECK_EQUAL(broken_promise(x, answer), "");
      CAF_CHECK_EQUAL(x.path + ' ' + (answer ? std::to_string(answer->status) : "none"),
                      x.path + " 401");
    }
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
