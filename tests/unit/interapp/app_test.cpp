#define CAF_SUITE interapp_app

#include "tests/unit/interapp/helpers.hpp"

#include <caf/test/unit_test.hpp>

/// The kind `app`: a row of the register of apps.
namespace bpci::interapp {

namespace {

using namespace testing;

struct bench : oracle::testing::entity_bench {
  bench() : entity_bench(make_app_kind(), "bank") {}

  result<app_record> enter(const app_registration& x, timestamp_ms at = timestamp_ms{5}) {
    return tell<app_record>(enter_app{x}, at);
  }
};

} // namespace

CAF_TEST(an app is known once it is registered) {
  bench at;
  CAF_CHECK_EQUAL(code_of(at.ask<app_record>(read_app{})), "not_found");
  CAF_CHECK_EQUAL(code_of(at.enter(registration_of("bank", bank_key))), "none");
  auto now = at.ask<app_record>(read_app{}).value();
  CAF_CHECK_EQUAL(now.app_id, app_id{"bank"});
  CAF_CHECK_EQUAL(now.registered_at, timestamp_ms{5});
}

CAF_TEST(type and capabilities and host may change and the key may not ) {
  bench at;
  at.enter(registration_of("bank", bank_key));
  auto moved = registration_of("bank", bank_key, "other-node");
  moved.capabilities = {"accounts", "loans"};
  auto now = at.enter(moved, timestamp_ms{9}).value();
  CAF_CHECK_EQUAL(now.node_id, node_id{"other-node"});
  CAF_CHECK_EQUAL(now.capabilities.size(), 2u);
  CAF_CHECK_EQUAL(now.registered_at, timestamp_ms{5});
  CAF_CHECK_EQUAL(now.changed_at, timestamp_ms{9});
  CAF_CHECK_EQUAL(code_of(at.enter(registration_of("bank", payments_key))), "conflict");
  CAF_CHECK_EQUAL(code_of(at.enter(registration_of("payments", bank_key))), "invalid_argument");
}

CAF_TEST(a registration says what is wrong with it) {
  auto detail = [](auto change) {
    auto x = registration_of("bank", bank_key);
    change(x);
    auto out = check(x);
    return out ? std::string{} : out.error().detail.substr(0, out.error().detail.find(':'));
  };
  CAF_CHECK_EQUAL(detail([](app_registration&) {}), "");
  CAF_CHECK_EQUAL(detail([](app_registration& x) { x.app_id = app_id{"a bank"}; }), "app_id");
  CAF_CHECK_EQUAL(detail([](app_registration& x) { x.app_type = ""; }), "app_type");
  CAF_CHECK_EQUAL(detail([](app_registration& x) { x.node_id = node_id{"a/b"}; }), "node_id");
  CAF_CHECK_EQUAL(detail([](app_registration& x) { x.capabilities = {""}; }), "capabilities");
  CAF_CHECK_EQUAL(detail([](app_registration& x) { x.capabilities.assign(65, "a"); }),
                  "capabilities");
  CAF_CHECK_EQUAL(detail([](app_registration& x) { x.public_key = "00"; }), "public_key");
}

} // namespace bpci::interapp
