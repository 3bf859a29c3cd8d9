#define CAF_SUITE governance_terms_text

#include "gateways/governance/terms_text.hpp"
#include "messages/codec/json.hpp"

#include <caf/test/unit_test.hpp>

/// Times, shares and weights as people and JSON write them.
namespace bpci::gateway {

namespace {

/// The member after it was replaced, or "refused".
std::string replaced(result<void> (*how)(boost::json::object&, std::string_view),
                     const std::string& value) {
  auto in = codec::parse_json("{\"x\": " + value + "}").value().as_object();
  if (!how(in, "x")) return "refused";
  return codec::to_text(in.at("x"));
}

std::string weight(const std::string& value) {
  const auto out = read_weight(codec::parse_json(value).value());
  return out ? std::to_string(*out) : "refused";
}

} // namespace

CAF_TEST(a weight is read to the thousandth from its digits) {
  CAF_CHECK_EQUAL(weight("1.5"), "1500");
  CAF_CHECK_EQUAL(weight("\"1.5\""), "1500");
  CAF_CHECK_EQUAL(weight("1"), "1000");
  CAF_CHECK_EQUAL(weight("0"), "0");
  CAF_CHECK_EQUAL(weight("0.001"), "1");
  CAF_CHECK_EQUAL(weight("0.0010"), "1");
  CAF_CHECK_EQUAL(weight("1e3"), "1000000");
  CAF_CHECK_EQUAL(weight("0.0005"), "refused");
  CAF_CHECK_EQUAL(weight("-1"), "refused");
  CAF_CHECK_EQUAL(weight("\"\""), "refused");
  CAF_CHECK_EQUAL(weight("\"1.\""), "refused");
  CAF_CHECK_EQUAL(weight("true"), "refused");
  CAF_CHECK_EQUAL(weight("9999999999"), "refused");
}

CAF_TEST(a weight is shown as it is written) {
  CAF_CHECK_EQUAL(weight_text(1'500), "1.5");
  CAF_CHECK_EQUAL(weight_text(1'000), "1");
  CAF_CHECK_EQUAL(weight_text(1), "0.001");
  CAF_CHECK_EQUAL(weight_text(0), "0");
}

CAF_TEST(a threshold is exact in each of its spellings) {
  for (const auto* x : {"0.67", "\"0.67\"", "\"67%\"", "6700", "\"6700bp\""})
    CAF_CHECK_EQUAL(replaced(replace_share, x), "6700");
  CAF_CHECK_EQUAL(replaced(replace_share, "0.6699"), "6699");
  CAF_CHECK_EQUAL(replaced(replace_share, "0.66999"), "refused");
  CAF_CHECK_EQUAL(replaced(replace_share, "67"), "refused");
  CAF_CHECK_EQUAL(replaced(replace_share, "[]"), "refused");
  CAF_CHECK_EQUAL(replaced(replace_share, "null"), "null");
}

CAF_TEST(a deadline is text or milliseconds) {
  CAF_CHECK_EQUAL(replaced(replace_time, "\"2024-12-31T23:59:59Z\""), "1735689599000");
  CAF_CHECK_EQUAL(replaced(replace_time, "\"1735689599000\""), "1735689599000");
  CAF_CHECK_EQUAL(replaced(replace_time, "1735689599000"), "1735689599000");
  CAF_CHECK_EQUAL(replaced(replace_time, "\"tomorrow\""), "refused");
}

} // namespace bpci::gateway
