#define CAF_SUITE http_problem
#include "gateways/http/close_code.hpp"
#include "gateways/http/problem.hpp"
#include "gateways/http/text.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value_to.hpp>
#include <caf/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace bpci;
using namespace bpci::http;

namespace {

const correlation_id id{"req-7"};

std::string text(const boost::json::value& x) {
  return boost::json::value_to<std::string>(x);
}

} // namespace

CAF_TEST(a failure becomes a problem document with the fields of the older clients) {
  const auto got = problem(fail(ec::too_large, "the body has 70012 bytes"), id);
  CAF_CHECK_EQUAL(got.status, 413);
  CAF_CHECK_EQUAL(got.content_type, "application/problem+json");
  const auto body = boost::json::parse(got.body).as_object();
  CAF_CHECK_EQUAL(text(body.at("type")), "urn:bpci:error:too_large");
  CAF_CHECK_EQUAL(text(body.at("title")), std::string{sentence(ec::too_large)});
  CAF_CHECK_EQUAL(body.at("status").as_int64(), 413);
  CAF_CHECK_EQUAL(text(body.at("detail")), "the body has 70012 bytes");
  CAF_CHECK_EQUAL(text(body.at("instance")), "urn:bpci:request:req-7");
  CAF_CHECK_EQUAL(text(body.at("code")), "too_large");
  CAF_CHECK_EQUAL(text(body.at("next_step")), std::string{next_step(ec::too_large)});
  CAF_CHECK(body.at("data").is_null());
  const auto& older = body.at("error").as_object();
  CAF_CHECK_EQUAL(text(older.at("code")), "too_large");
  CAF_CHECK_EQUAL(text(older.at("message")), "the body has 70012 bytes");
  CAF_CHECK_EQUAL(text(older.at("next_step")), std::string{next_step(ec::too_large)});
}

CAF_TEST(a problem without a detail says its sentence to the older clients) {
  const auto body = boost::json::parse(problem(fail(ec::not_found), id).body).as_object();
  CAF_CHECK(!body.contains("detail"));
  CAF_CHECK_EQUAL(text(body.at("error").as_object().at("message")),
                  std::string{sentence(ec::not_found)});
}

CAF_TEST(statuses that need a header have it) {
  const auto limited = problem(fail(ec::rate_limited), id);
  CAF_CHECK_EQUAL(limited.headers.get("Retry-After"), "1");
  const auto busy = problem(fail(ec::busy), id, {.retry_after = std::chrono::seconds{7}});
  CAF_CHECK_EQUAL(busy.headers.get("Retry-After"), "7");
  const auto method = problem(fail(ec::method_not_allowed), id, {.allow = "GET"});
  CAF_CHECK_EQUAL(method.headers.get("Allow"), "GET");
  const auto missing = problem(fail(ec::not_found), id);
  CAF_CHECK(missing.headers.find("Retry-After") == nullptr);
  CAF_CHECK_EQUAL(problem(fail(ec::unsupported), id, {.status = 400}).status, 400);
}

CAF_TEST(a detail that is not text does not break the document) {
  const auto got = problem(fail(ec::malformed, "bad \"\xff\x01\" byte"), id);
  const auto body = boost::json::parse(got.body).as_object();
  CAF_CHECK_EQUAL(text(body.at("detail")), "bad \"?\x01\" byte");
}

CAF_TEST(close codes follow the registry and name the reason) {
  const std::vector<std::pair<ec, int>> table = {
      {ec::none, 1000},       {ec::shutting_down, 1001},
      {ec::malformed, 1002},  {ec::too_large, 1009},
      {ec::internal, 1011},   {ec::restarted, 1012},
      {ec::busy, 1013},       {ec::too_many_connections, 1013},
      {ec::too_old, 1008},    {ec::replayed, 1008},
      {ec::slow_reader, 1008}, {ec::unavailable, 1013}};
  for (const auto& [why, code] : table) {
    CAF_CHECK_EQUAL(static_cast<int>(close_code(why)), code);
    CAF_CHECK(code_from_close(close_code(why), close_reason(why, "some detail")) == why);
  }
  CAF_CHECK_EQUAL(close_reason(ec::too_old, "sent 400 s ago"), "too_old: sent 400 s ago");
  CAF_CHECK_EQUAL(close_reason(ec::none, "bye"), "bye");
  CAF_CHECK(code_from_close(1001, "") == ec::none);
  CAF_CHECK(code_from_close(1009, "") == ec::too_large);
  CAF_CHECK(code_from_close(1008, "go away") == ec::not_permitted);
}

CAF_TEST(a close reason is cut between characters to what a frame holds) {
  const auto got = close_reason(ec::too_old, std::string(111, 'x') + "\xc3\xa9\xc3\xa9");
  CAF_CHECK_EQUAL(got.size(), 122u);
  CAF_CHECK(is_utf8(got));
}
