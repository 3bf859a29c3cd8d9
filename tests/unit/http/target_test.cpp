#define CAF_SUITE http_target
#include "gateways/http/target.hpp"

#include <caf/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace bpci;
using namespace bpci::http;

namespace {

struct row {
  std::string text;
  std::string path; ///< Empty: the target is refused.
};

} // namespace

CAF_TEST(the path of a target is decoded and normalised or refused) {
  const std::vector<row> table = {
      {"/", "/"},
      {"/api/v1/nodes", "/api/v1/nodes"},
      {"/api//v1/nodes/", "/api/v1/nodes"},
      {"/a%20b", "/a b"},
      {"/a+b", "/a+b"},
      {"/caf%C3%A9", "/caf\xc3\xa9"},
      {"?q=1", "/"},
      {"http://node.example:80/x?y", "/x"},
      {"HTTPS://node.example", "/"},
      {"*", "*"},
      {"/a#fragment", "/a"},
      {"/...", "/..."},
      {"", ""},
      {"nodes", ""},
      {"node.example:443", ""},
      {"/a%2", ""},
      {"/a%", ""},
      {"/a%zz", ""},
      {"/a%00b", ""},
      {"/a%0d%0ab", ""},
      {"/a%7f", ""},
      {"/../etc", ""},
      {"/a/./b", ""},
      {"/a/%2e%2e/b", ""},
      {"/a/.%2E", ""},
      {"/a%2fb", ""},
      {"/%ff", ""},
      {"/%c0%af", ""},
      {"/%ed%a0%80", ""},
      {"/a?b=%0", ""},
      {"/a?b=%00", ""},
  };
  for (const auto& x : table) {
    CAF_MESSAGE("target " << x.text);
    const auto got = parse_target(x.text);
    CAF_CHECK_EQUAL(got ? got->path : std::string{}, x.path);
    if (!got) CAF_CHECK(got.error().code == ec::malformed);
  }
}

CAF_TEST(the query of a target keeps its order and its repetitions) {
  const auto got = parse_target("/x?b=1&a=%26+%2B&b=2&flag&=empty&&");
  CAF_REQUIRE(got.has_value());
  const std::vector<name_value> expected = {
      {"b", "1"}, {"a", "& +"}, {"b", "2"}, {"flag", ""}, {"", "empty"}};
  CAF_CHECK(got->query == expected);
  request what;
  what.query = got->query;
  CAF_REQUIRE(what.parameter("b") != nullptr);
  CAF_CHECK_EQUAL(*what.parameter("b"), "1");
  CAF_CHECK(what.parameter("c") == nullptr);
}
