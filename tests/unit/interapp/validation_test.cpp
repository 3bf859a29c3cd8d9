#define CAF_SUITE interapp_validation

#include "actors/interapp/validation.hpp"
#include "tests/unit/interapp/helpers.hpp"

#include <caf/test/unit_test.hpp>

/// What `validate` says.
namespace bpci::interapp {

namespace {

using namespace testing;

app_record record_of(const party& x) {
  return {x.app_id, "Banking", {}, x.public_key, x.node_id, {}, {}};
}

struct fixture {
  agreement_bench bench;
  apps_now apps{record_of(good_terms().app1), record_of(good_terms().app2)};
  audit_checked audit;
  security least;
  timestamp_ms now = at_noon;
  agreement what;

  explicit fixture(const terms& x = good_terms()) {
    bench.agree(x);
    what = bench.ask<agreement>(read_agreement{}).value();
  }

  /// "valid", or "invalid", and the codes.
  std::string said() {
    auto out = examine(what, apps, audit, least, now);
    auto text = std::string{out.is_valid ? "valid" : "invalid"};
    for (const auto& x : out.findings) {
      CAF_CHECK(!x.message.empty());
      CAF_CHECK(!x.next_step.empty());
      text += " " + std::string{name(x.code)};
    }
    return text;
  }
};

} // namespace

CAF_TEST(an agreement with which all is well is valid) {
  CAF_CHECK_EQUAL(fixture{}.said(), "valid");
}

CAF_TEST(who has not signed is named) {
  fixture at;
  at.what.state = agreement_state::proposed;
  at.what.signature2.clear();
  CAF_CHECK_EQUAL(at.said(), "invalid agreement_not_active");
  auto detail = examine(at.what, at.apps, at.audit, at.least, at.now).findings.front().detail;
  CAF_CHECK_EQUAL(detail, "payments has to sign");
}

CAF_TEST(terms that were changed in the database are not what was signed) {
  fixture at;
  at.what.terms.app1_permissions.emplace_back("Execute(*)");
  CAF_CHECK_EQUAL(at.said(), "invalid bad_signature bad_signature");
}

CAF_TEST(an app that is gone or has another key or another host is named) {
  fixture at;
  at.apps.app1.reset();
  CAF_CHECK_EQUAL(at.said(), "invalid unknown_app");
  at.apps.app1 = record_of(good_terms().app1);
  at.apps.app1->public_key = at.what.terms.app2.public_key;
  CAF_CHECK_EQUAL(at.said(), "invalid key_changed");
  at.apps.app1 = record_of(good_terms().app1);
  at.apps.app1->node_id = node_id{"elsewhere"};
  CAF_CHECK_EQUAL(at.said(), "valid host_changed");
}

CAF_TEST(the end of an agreement is foretold and told) {
  auto x = good_terms();
  x.valid_until = timestamp_ms{at_noon.get() + 8LL * 24 * 60 * 60 * 1'000};
  fixture at{x};
  CAF_CHECK_EQUAL(at.said(), "valid");
  at.now = timestamp_ms{at_noon.get() + 2LL * 24 * 60 * 60 * 1'000};
  CAF_CHECK_EQUAL(at.said(), "valid expires_soon");
  at.now = x.valid_until;
  CAF_CHECK_EQUAL(at.said(), "invalid agreement_expired");
  at.what.state = agreement_state::revoked;
  CAF_CHECK_EQUAL(at.said(), "invalid agreement_revoked");
}

CAF_TEST(an agreement that asks for less than the cluster is not valid any more) {
  fixture at;
  at.least.encryption_level = encryption_level::Quantum;
  CAF_CHECK_EQUAL(at.said(), "invalid below_minimum");
  CAF_CHECK(meets({encryption_level::Quantum, true, true}, {encryption_level::High, true, true}));
  CAF_CHECK(!meets({encryption_level::High, false, true}, {encryption_level::None, true, false}));
  CAF_CHECK(!meets({encryption_level::High, true, false}, {encryption_level::None, false, true}));
}

CAF_TEST(what is wrong with the audit is named with its entry) {
  fixture at;
  at.audit.faults = {{7, finding_code::audit_changed}};
  CAF_CHECK_EQUAL(at.said(), "invalid audit_changed");
  auto detail = examine(at.what, at.apps, at.audit, at.least, at.now).findings.front().detail;
  CAF_CHECK_EQUAL(detail, "entry 7");
  at.audit = {{}, 100'000, false};
  CAF_CHECK_EQUAL(at.said(), "valid audit_unchecked");
}

} // namespace bpci::interapp
