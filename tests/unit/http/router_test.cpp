#define CAF_SUITE http_router
#include "gateways/http/router.hpp"

#include <caf/test/unit_test.hpp>

#include <stdexcept>
#include <string>
#include <vector>

using namespace bpci;
using namespace bpci::http;

namespace {

using table = router<std::string>;

table sample() {
  return table{{
      {{.method = "GET", .pattern = "/", .need = permission::open, .summary = "root"}, "root"},
      {{.method = "GET",
        .pattern = "/api/v1/nodes",
        .summary = "list",
        .aliases = {"/oracle/nodes", "/api/nodes"}},
       "list"},
      {{.method = "POST", .pattern = "/api/v1/nodes", .need = permission::write, .summary = "add"},
       "add"},
      {{.method = "GET", .pattern = "/api/v1/nodes/{id}", .summary = "one"}, "one"},
      {{.method = "DELETE",
        .pattern = "/api/v1/nodes/{node}",
        .need = permission::admin,
        .summary = "remove"},
       "remove"},
      {{.method = "GET", .pattern = "/api/v1/nodes/self", .summary = "self"}, "self"},
      {{.method = "GET", .pattern = "/api/v1/nodes/{id}/links/{link}", .summary = "link"}, "link"},
      {{.method = "PUT",
        .pattern = "/api/v1/files/{name}",
        .summary = "upload",
        .consumes = {"application/octet-stream", "text/csv"}},
       "upload"},
      {{.method = "GET",
        .pattern = "/assets/{path...}",
        .need = permission::open,
        .summary = "file"},
       "file"},
  }};
}

request make(std::string method, std::string path, std::string body = {}, std::string type = {}) {
  request out;
  out.method = std::move(method);
  out.path = std::move(path);
  out.body = std::move(body);
  if (!type.empty()) out.headers.set("content-type", std::move(type));
  return out;
}

/// "one id=ada", or the code and what is allowed: "method_not_allowed GET, HEAD, OPTIONS".
std::string summary(const table& routes, const request& what) {
  const auto got = routes.find(what);
  switch (got.what) {
  case routed::outcome::options:
    return "options " + got.allow;
  case routed::outcome::refused:
    return std::string{name(got.why.code)} + (got.allow.empty() ? "" : " " + got.allow);
  case routed::outcome::found:
    break;
  }
  auto out = routes.at(got).handle;
  for (const auto& [key, value] : got.parameters.values)
    out += " " + key + "=" + value;
  return out;
}

} // namespace

CAF_TEST(a request finds the most specific route of its path and method) {
  struct row {
    std::string method;
    std::string path;
    std::string expected;
  };
  const std::vector<row> rows = {
      {"GET", "/", "root"},
      {"HEAD", "/", "root"},
      {"GET", "/api/v1/nodes", "list"},
      {"GET", "/oracle/nodes", "list"},
      {"POST", "/api/v1/nodes", "add"},
      {"GET", "/api/v1/nodes/ada", "one id=ada"},
      {"GET", "/api/v1/nodes/self", "self"},
      {"DELETE", "/api/v1/nodes/self", "remove node=self"},
      {"HEAD", "/api/v1/nodes/ada", "one id=ada"},
      {"GET", "/api/v1/nodes/self/links/7", "link id=self link=7"},
      {"GET", "/assets/app.js", "file path=app.js"},
      {"GET", "/assets/css/a/b.css", "file path=css/a/b.css"},
      {"GET", "/assets", "not_found"},
      {"GET", "/api/v1", "not_found"},
      {"GET", "/api/v1/nodes/ada/links", "not_found"},
      {"get", "/", "method_not_allowed GET, HEAD, OPTIONS"},
      {"PUT", "/api/v1/nodes", "method_not_allowed GET, HEAD, OPTIONS, POST"},
      {"PUT", "/api/v1/nodes/self", "method_not_allowed DELETE, GET, HEAD, OPTIONS"},
      {"POST", "/oracle/nodes", "method_not_allowed GET, HEAD, OPTIONS"},
      {"OPTIONS", "/api/v1/nodes", "options GET, HEAD, OPTIONS, POST"},
      {"OPTIONS", "/nowhere", "not_found"},
      {"OPTIONS", "*", "options OPTIONS"},
      {"GET", "*", "not_found"},
  };
  const auto routes = sample();
  for (const auto& x : rows) {
    CAF_MESSAGE(x.method << " " << x.path);
    CAF_CHECK_EQUAL(summary(routes, make(x.method, x.path)), x.expected);
  }
}

CAF_TEST(a body of a media type that the route does not read is unsupported) {
  const auto routes = sample();
  const auto post = [&](std::string type) {
    return summary(routes, make("POST", "/api/v1/nodes", "{}", std::move(type)));
  };
  CAF_CHECK_EQUAL(post("application/json"), "add");
  CAF_CHECK_EQUAL(post("Application/JSON ; charset=utf-8"), "add");
  CAF_CHECK_EQUAL(post("text/plain"), "unsupported");
  CAF_CHECK_EQUAL(post(""), "unsupported");
  CAF_CHECK_EQUAL(summary(routes, make("PUT", "/api/v1/files/a", "x", "text/csv")),
                  "upload name=a");
  CAF_CHECK_EQUAL(summary(routes, make("POST", "/api/v1/nodes", "", "text/plain")), "add");
}

CAF_TEST(a match names the pattern for metrics and the permission that is needed) {
  const auto routes = sample();
  const auto one = routes.find(make("GET", "/api/v1/nodes/ada"));
  CAF_CHECK_EQUAL(one.pattern, "/api/v1/nodes/{id}");
  CAF_CHECK_EQUAL(one.parameters.get("id"), "ada");
  CAF_CHECK_EQUAL(one.parameters.get("other"), "");
  CAF_CHECK(routes.at(one).info.need == permission::read);
  const auto alias = routes.find(make("GET", "/oracle/nodes"));
  CAF_CHECK_EQUAL(alias.pattern, "/oracle/nodes");
  const auto removal = routes.find(make("DELETE", "/api/v1/nodes/ada"));
  CAF_CHECK(routes.at(removal).info.need == permission::admin);
}

CAF_TEST(what no handler serves is answered with a problem or with the methods) {
  const auto routes = sample();
  const correlation_id id{"abc"};
  const auto wrong = answer_without_handler(routes.find(make("PATCH", "/api/v1/nodes")), id);
  CAF_CHECK_EQUAL(wrong.status, 405);
  CAF_CHECK_EQUAL(wrong.headers.get("allow"), "GET, HEAD, OPTIONS, POST");
  const auto asked = answer_without_handler(routes.find(make("OPTIONS", "/")), id);
  CAF_CHECK_EQUAL(asked.status, 204);
  CAF_CHECK_EQUAL(asked.headers.get("Allow"), "GET, HEAD, OPTIONS");
  CAF_CHECK_EQUAL(answer_without_handler(routes.find(make("GET", "/x")), id).status, 404);
  const auto body = make("POST", "/api/v1/nodes", "x", "text/plain");
  CAF_CHECK_EQUAL(answer_without_handler(routes.find(body), id).status, 415);
}

CAF_TEST(a table that contradicts itself is not accepted) {
  const auto build = [](const std::string& first, const std::string& second) {
    return table{
        {{{.method = "GET", .pattern = first}, "a"}, {{.method = "GET", .pattern = second}, "b"}}};
  };
  const auto refused = [&](const std::string& first, const std::string& second) {
    try {
      build(first, second);
      return false;
    } catch (const std::logic_error&) {
      return true;
    }
  };
  CAF_CHECK(!refused("/a/{x}", "/b/{y}"));
  CAF_CHECK(refused("/a/{x}", "/a/{y}"));
  CAF_CHECK(refused("/a", "b"));
  CAF_CHECK(refused("/a", "/{x...}/b"));
}
