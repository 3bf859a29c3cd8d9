#define CAF_SUITE http_openapi

#include "gateways/http/openapi.hpp"
#include "gateways/http/schema.hpp"
#include "messages/codec/json.hpp"

#include <caf/test/unit_test.hpp>

namespace bpci::http {

namespace sample {

BOOST_DEFINE_FIXED_ENUM_CLASS(colour, std::uint8_t, red, green)

struct wheel {
  std::uint16_t spokes = 0;
};
BPCI_MESSAGE(wheel, spokes)

struct bicycle {
  node_id owner;
  colour paint = colour::red;
  std::vector<wheel> wheels;
  std::optional<std::uint64_t> price;
  bytes photo;
  bool sold = false;
};
BPCI_MESSAGE(bicycle, owner, paint, wheels, price, photo, sold)

} // namespace sample

namespace {

const std::vector<route_info> table{
    {.method = "GET",
     .pattern = "/bicycles/{id}",
     .need = permission::read,
     .summary = "A bicycle",
     .aliases = {"/bikes/{id}"},
     .gives = schema_of<sample::bicycle>},
    {.method = "POST",
     .pattern = "/bicycles",
     .need = permission::write,
     .summary = "Enter a bicycle",
     .takes = schema_of<sample::bicycle>,
     .query = {{"dry_run", "Only check"}}},
    {.method = "GET",
     .pattern = "/files/{path...}",
     .need = permission::open,
     .summary = "A file",
     .produces = "text/plain"},
};

boost::json::object document() {
  return openapi(table, {"Bicycles", "1.0", "Of a shop."});
}

const boost::json::value& at(const boost::json::value& in, std::string_view pointer) {
  return in.at_pointer(pointer);
}

std::string text_at(const boost::json::value& in, std::string_view pointer) {
  return std::string{at(in, pointer).as_string()};
}

} // namespace

CAF_TEST(a table of routes becomes a document without faults) {
  const auto faults = openapi_faults(document());
  CAF_CHECK_EQUAL(faults.empty() ? "" : faults.front(), "");
}

CAF_TEST(patterns and aliases are paths of their own with an id each) {
  const boost::json::value all = document();
  CAF_CHECK_EQUAL(text_at(all, "/paths/~1bicycles~1{id}/get/operationId"), "get_bicycles_id");
  CAF_CHECK_EQUAL(text_at(all, "/paths/~1bikes~1{id}/get/operationId"), "get_bikes_id");
  CAF_CHECK_EQUAL(text_at(all, "/paths/~1files~1{path}/get/parameters/0/name"), "path");
}

CAF_TEST(who may call stands at the operation) {
  const boost::json::value all = document();
  CAF_CHECK(!at(all, "/paths/~1bicycles/post").as_object().contains("security"));
  CAF_CHECK(at(all, "/paths/~1files~1{path}/get/security").as_array().empty());
  CAF_CHECK_EQUAL(text_at(all, "/paths/~1bicycles/post/x-permission"), "write");
}

CAF_TEST(a type is described once as it is read and written) {
  const boost::json::value all = document();
  const auto& schemas = at(all, "/components/schemas").as_object();
  CAF_CHECK_EQUAL(schemas.size(), 3u); // and the problem
  CAF_CHECK_EQUAL(codec::to_text(at(all, "/components/schemas/http.sample.bicycle/properties")),
                  R"({"owner":{"type":"string"},"paint":{"type":"string","enum":["red","green"]},)"
                  R"("wheels":{"type":"array","items":)"
                  R"({"$ref":"#/components/schemas/http.sample.wheel"}},)"
                  R"("price":{"type":["integer","string"],"pattern":"^-?[0-9]+$"},)"
                  R"("photo":{"type":"string","contentEncoding":"base64"},)"
                  R"("sold":{"type":"boolean"}})");
}

CAF_TEST(refusals are problems and stand at the operations that can give them) {
  const boost::json::value all = document();
  const auto statuses = [&](std::string_view pointer) {
    std::string out;
    for (const auto& x : at(all, pointer).as_object())
      out += std::string{x.key()} + ' ';
    return out;
  };
  CAF_CHECK_EQUAL(statuses("/paths/~1bicycles/post/responses"),
                  "200 400 401 403 404 409 413 415 422 429 500 503 504 ");
  CAF_CHECK_EQUAL(statuses("/paths/~1files~1{path}/get/responses"),
                  "200 400 404 409 422 500 503 504 ");
  CAF_CHECK(at(all, "/paths/~1bicycles/post/responses/404/content")
                .as_object()
                .contains("application/problem+json"));
  CAF_CHECK(at(all, "/paths/~1files~1{path}/get/responses/200/content")
                .as_object()
                .contains("text/plain"));
}

CAF_TEST(a document with a fault is told so) {
  const auto faults_after = [](auto change) {
    boost::json::value all = document();
    change(all);
    std::string out;
    for (const auto& x : openapi_faults(all.as_object()))
      out += x + '\n';
    return out;
  };
  CAF_CHECK_EQUAL(faults_after([](auto& x) { x.as_object()["openapi"] = "3.0.0"; }),
                  "the version is not 3.1\n");
  CAF_CHECK_EQUAL(faults_after([](auto& x) { x.as_object().erase("paths"); }),
                  "there are no paths\n");
  const auto lost =
      faults_after([](auto& x) { x.as_object()["components"].as_object()["schemas"] = nullptr; });
  CAF_CHECK(lost.find("leads nowhere") != std::string::npos);
  const auto operation = [](boost::json::value& x) -> boost::json::object& {
    return x.as_object()["paths"].as_object()["/bicycles/{id}"].as_object()["get"].as_object();
  };
  CAF_CHECK_EQUAL(faults_after([&](auto& x) { operation(x)["operationId"] = "get_bikes_id"; }),
                  "get /bikes/{id}: has the id of another\n");
  CAF_CHECK_EQUAL(faults_after([&](auto& x) { operation(x).erase("parameters"); }),
                  "get /bicycles/{id}: does not describe id\n");
  CAF_CHECK_EQUAL(faults_after([&](auto& x) { operation(x).erase("responses"); }),
                  "get /bicycles/{id}: has no answers\n");
}

} // namespace bpci::http
