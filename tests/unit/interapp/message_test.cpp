#define CAF_SUITE interapp_message

#include "messages/codec/json.hpp"
#include "tests/unit/interapp/helpers.hpp"

#include <caf/test/unit_test.hpp>

/// A message between apps as the body of an envelope.
namespace bpci::interapp {

namespace {

using namespace testing;

bytes bytes_of(std::string_view x) {
  return {x.begin(), x.end()};
}

std::string wrong_with(auto change) {
  auto x = transfer(agreement_id{"a1"});
  change(x);
  auto out = check_shape(x);
  return out ? std::string{} : out.error().detail;
}

} // namespace

CAF_TEST(a message is read from msgpack and from JSON) {
  auto x = transfer(agreement_id{"a1"});
  CAF_CHECK(decode_message(encode_message(x)).value() == x);
  CAF_CHECK(decode_message(bytes_of(codec::to_text(codec::to_json(x)))).value() == x);
  CAF_CHECK(decode_message(bytes_of(" " + codec::to_text(codec::to_json(x)))).value() == x);
}

CAF_TEST(a body that is no message is malformed) {
  for (const auto& bad :
       {bytes{}, bytes{0xc1}, bytes{0x93, 1, 2, 3}, bytes_of("{"), bytes_of("{}x"), bytes_of("[]"),
        bytes_of(R"({"payload":7})"), bytes_of(R"({"encryption_level":"Huge"})")})
    CAF_CHECK_EQUAL(code_of(decode_message(bad)), "malformed");
  auto deep = std::string(100, '[') + std::string(100, ']');
  CAF_CHECK_EQUAL(code_of(decode_message(bytes_of("{\"a\":" + deep + "}"))), "too_deep");
}

CAF_TEST(names that cannot be written down are refused by name) {
  CAF_CHECK_EQUAL(wrong_with([](message&) {}), "");
  CAF_CHECK_EQUAL(wrong_with([](message& x) { x.agreement_id = {}; }), "agreement_id");
  CAF_CHECK_EQUAL(wrong_with([](message& x) { x.message_id = message_id{"a b"}; }), "message_id");
  CAF_CHECK_EQUAL(wrong_with([](message& x) { x.from_app = {}; }), "from_app");
  CAF_CHECK_EQUAL(wrong_with([](message& x) { x.to_app = app_id{std::string(65, 'a')}; }),
                  "to_app");
  CAF_CHECK_EQUAL(wrong_with([](message& x) { x.permission.assign(129, 'a'); }), "permission");
  CAF_CHECK_EQUAL(wrong_with([](message& x) { x.sent_at = timestamp_ms{-1}; }), "sent_at");
}

CAF_TEST(every code says what is wrong and what to do and how the protocol says it) {
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<finding_code>>([](auto one) {
    CAF_MESSAGE("code: " << one.name);
    CAF_CHECK(!sentence(one.value).empty());
    CAF_CHECK(!next_step(one.value).empty());
    auto refusal = severity_of(one.value) == severity::error;
    if (refusal) CAF_CHECK(protocol_code(one.value) != ec::none);
  });
  auto why = to_failure(finding_code::permission_missing, "Execute(refund)");
  CAF_CHECK(why == fail(ec::not_permitted, "permission_missing: Execute(refund)"));
  auto same = to_failure(finding_code::malformed, "message_id");
  CAF_CHECK(same == fail(ec::malformed, "message_id"));
}

} // namespace bpci::interapp
