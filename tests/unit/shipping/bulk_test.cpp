#define CAF_SUITE shipping_bulk

#include "runtime/shipping/bulk.hpp"

#include <caf/test/unit_test.hpp>

using namespace bpci;
using namespace bpci::shipping;

namespace {

constexpr auto line = R"({"timestamp":"2026-11-28T21:05:01.123Z","level":"info","event":"a",)"
                      R"("context":{}})";

std::string fates_of(std::string_view answer, std::size_t count) {
  const auto got = read_bulk_answer(answer, count);
  if (!got) return std::string{name(got.error().code)};
  std::string out;
  for (const auto x : got->fates)
    out += x == fate::taken ? 't' : x == fate::again ? 'a' : 'r';
  return out;
}

} // namespace

CAF_TEST(a line goes to the index of the day on which it was logged) {
  CAF_CHECK_EQUAL(index_of("bpci-logs", line), "bpci-logs-2026.11.28");
  for (const auto* damaged :
       {"", "{", R"({"timestamp":"2026-11)", R"({"timestamp":"x026-11-28T"})"})
    CAF_CHECK_EQUAL(index_of("bpci-logs", damaged), "bpci-logs-unknown");
}

CAF_TEST(a line is created once under an id of its own and says who logged it) {
  const std::vector<entry> one{{7, line}};
  CAF_CHECK_EQUAL(bulk_body(one, {"bpci-logs", "node-1", "c0ffee"}),
                  R"({"create":{"_index":"bpci-logs-2026.11.28","_id":"c0ffee-7"}})"
                  "\n"
                  R"({"timestamp":"2026-11-28T21:05:01.123Z","level":"info","event":"a",)"
                  R"("context":{},"node":"node-1","sequence":7})"
                  "\n");
}

CAF_TEST(what is there already was taken and what may pass later is tried again) {
  CAF_CHECK_EQUAL(fates_of(R"({"items":[{"create":{"status":201}},{"create":{"status":409}},
      {"create":{"status":429}},{"create":{"status":503}},{"create":{"status":400}}]})",
                           5),
                  "ttaar");
}

CAF_TEST(the first complaint is kept) {
  const auto got = read_bulk_answer(
      R"({"items":[{"create":{"status":201}},
          {"create":{"status":400,"error":{"type":"mapper_parsing_exception"}}},
          {"create":{"status":429}}]})",
      3);
  CAF_REQUIRE(got.has_value());
  CAF_CHECK_EQUAL(got->why, R"(400 {"type":"mapper_parsing_exception"})");
}

CAF_TEST(whatever is no answer to the request is refused) {
  for (const auto* text : {"", "[]", "{}", R"({"items":7})", R"({"items":[]})",
                           R"({"items":[{"create":{"status":"201"}}]})", R"({"items":[7]})",
                           R"({"items":[{"create":{"status":201}},{"create":{"status":201}}]})"})
    CAF_CHECK_EQUAL(fates_of(text, 1), "malformed");
}
