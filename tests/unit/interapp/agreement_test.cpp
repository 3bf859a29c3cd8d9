#define CAF_SUITE interapp_agreement

#include "tests/unit/interapp/helpers.hpp"

#include <caf/test/unit_test.hpp>

/// The kind `agreement`: what two apps have agreed on.
namespace bpci::interapp {

namespace {

using namespace testing;

constexpr auto day_ms = std::int64_t{24 * 60 * 60 * 1'000};

timestamp_ms later(std::int64_t ms) {
  return timestamp_ms{at_noon.get() + ms};
}

std::string wrong_with(auto change) {
  auto x = good_terms();
  change(x);
  return code_of(check(x));
}

} // namespace

// -- its life ----------------------------------------------------------------------------

CAF_TEST(an agreement holds once both apps have signed it) {
  agreement_bench at;
  CAF_CHECK_EQUAL(code_of(at.ask<agreement>(read_agreement{})), "not_found");
  CAF_CHECK_EQUAL(code_of(at.offer()), "none");
  CAF_CHECK_EQUAL(at.state(), "proposed");
  CAF_CHECK_EQUAL(code_of(at.sign(bank_key)), "none");
  CAF_CHECK_EQUAL(at.state(), "proposed");
  CAF_CHECK_EQUAL(code_of(at.sign(payments_key)), "none");
  CAF_CHECK_EQUAL(at.state(), "active");
  CAF_CHECK_EQUAL(at.listed(), "1 proposed; 2 signature; 3 signature; 4 activated");
}

CAF_TEST(to propose or to sign again changes nothing) {
  agreement_bench at;
  at.agree();
  auto before = at.ask<agreement>(read_agreement{}).value();
  CAF_CHECK(at.offer().value() == before);
  CAF_CHECK(at.sign(bank_key).value() == before);
}

CAF_TEST(an id stands for the same terms for ever) {
  agreement_bench at;
  at.offer();
  auto more = good_terms();
  more.app1_permissions.emplace_back("Execute(*)");
  CAF_CHECK_EQUAL(code_of(at.offer(more)), "conflict");
}

CAF_TEST(only the two apps sign and only these terms) {
  agreement_bench at;
  at.offer();
  auto sign = [&](const std::string& app, std::uint8_t key, const bytes& what) {
    return code_of(at.tell<agreement>(sign_agreement{app_id{app}, signature_of(key, what)}));
  };
  auto right = agreement_bytes(at.id, good_terms());
  CAF_CHECK_EQUAL(sign("bank", payments_key, right), "bad_signature");
  CAF_CHECK_EQUAL(sign("thief", bank_key, right), "invalid_argument");
  auto other = good_terms();
  other.security_requirements.authentication_required = false;
  CAF_CHECK_EQUAL(sign("bank", bank_key, agreement_bytes(at.id, other)), "bad_signature");
  CAF_CHECK_EQUAL(sign("bank", bank_key, agreement_bytes(agreement_id{"a2"}, good_terms())),
                  "bad_signature");
  CAF_CHECK_EQUAL(code_of(at.tell<agreement>(sign_agreement{app_id{"bank"}, "zz"})),
                  "bad_signature");
  CAF_CHECK_EQUAL(at.listed(), "1 proposed");
}

CAF_TEST(an app ends its agreement with its signature and an admin with a reason) {
  for (auto by_app : {true, false}) {
    agreement_bench at;
    at.agree();
    auto x = revoke_agreement{"ops", "the contract has ended", {}, {}};
    if (by_app) {
      x.app_id = app_id{"payments"};
      x.signature = signature_of(bank_key, revocation_bytes(at.id, x.app_id, x.reason));
      CAF_CHECK_EQUAL(code_of(at.tell<agreement>(x)), "bad_signature");
      x.signature = signature_of(payments_key, revocation_bytes(at.id, x.app_id, x.reason));
    }
    auto now = at.tell<agreement>(x).value();
    CAF_CHECK_EQUAL(at.state(), "revoked");
    CAF_CHECK_EQUAL(now.ended_by, by_app ? "app:payments" : "ops");
    CAF_CHECK_EQUAL(code_of(at.tell<agreement>(x)), "conflict");
    CAF_CHECK_EQUAL(at.said(transfer(at.id)), "agreement_revoked");
  }
}

CAF_TEST(nothing is revoked without a reason) {
  agreement_bench at;
  at.agree();
  CAF_CHECK_EQUAL(code_of(at.tell<agreement>(revoke_agreement{"ops", "", {}, {}})),
                  "invalid_argument");
  CAF_CHECK_EQUAL(at.state(), "active");
}

CAF_TEST(an agreement ends at its time whether its timer has fired or not ) {
  agreement_bench at;
  auto x = good_terms();
  x.valid_until = later(day_ms);
  at.agree(x);
  CAF_CHECK(at.timers.at(expiry_timer) == x.valid_until);
  auto on_time = transfer(at.id, "m1", later(day_ms - 1));
  CAF_CHECK_EQUAL(at.said(on_time, by_the_banks_node(), later(day_ms - 1)), "authorized");
  auto late = transfer(at.id, "m2", later(day_ms));
  CAF_CHECK_EQUAL(at.said(late, by_the_banks_node(), later(day_ms)), "agreement_expired");
  at.tell<agreement>(entity::timer_fired{expiry_timer, x.valid_until, 1, 0}, later(day_ms));
  CAF_CHECK_EQUAL(at.state(), "expired");
  CAF_CHECK_EQUAL(at.said(late, by_the_banks_node(), later(day_ms)), "agreement_expired");
  CAF_CHECK_EQUAL(code_of(at.offer(x)), "none"); // as it stands
}

CAF_TEST(terms say what is wrong with them) {
  CAF_CHECK_EQUAL(wrong_with([](terms&) {}), "none");
  CAF_CHECK_EQUAL(wrong_with([](terms& x) { x.app2 = x.app1; }), "invalid_argument");
  CAF_CHECK_EQUAL(wrong_with([](terms& x) { x.app1_permissions = {"Read"}; }), "invalid_argument");
  CAF_CHECK_EQUAL(wrong_with([](terms& x) { x.app1_permissions = {"Publish(prices)"}; }),
                  "invalid_argument");
  CAF_CHECK_EQUAL(wrong_with([](terms& x) { x.app2_permissions.assign(257, "Read(a)"); }),
                  "invalid_argument");
  CAF_CHECK_EQUAL(wrong_with([](terms& x) { x.valid_until = timestamp_ms{-1}; }),
                  "invalid_argument");
  CAF_CHECK_EQUAL(wrong_with([](terms& x) {
                    x.valid_from = timestamp_ms{5};
                    x.valid_until = timestamp_ms{5};
                  }),
                  "invalid_argument");
  CAF_CHECK_EQUAL(wrong_with([](terms& x) {
                    x.app1_permissions.clear();
                    x.app2_permissions.clear();
                  }),
                  "invalid_argument");
}

CAF_TEST(a derived id is that of the terms) {
  auto x = good_terms();
  auto id = derived_id(x);
  CAF_CHECK(is_valid_id(id.get()));
  CAF_CHECK(derived_id(x) == id);
  x.app1_permissions.emplace_back("Read(x)");
  CAF_CHECK(derived_id(x) != id);
}

// -- messages ----------------------------------------------------------------------------

CAF_TEST(a message that its agreement permits may pass) {
  agreement_bench at;
  at.agree();
  auto out = at.send(transfer(at.id)).value();
  CAF_CHECK(out.allowed);
  CAF_CHECK_EQUAL(out.seq, 5u);
  CAF_CHECK_EQUAL(at.listed(4), "5 message authorized");
}

CAF_TEST(a message that its agreement does not permit is refused with the reason) {
  agreement_bench at;
  at.agree();
  auto said = [&](auto change, std::uint8_t key = bank_key) {
    auto x = transfer(at.id);
    change(x);
    return at.said(sign_message(std::move(x), key));
  };
  CAF_CHECK_EQUAL(said([](message& x) { x.permission = "Execute(refund)"; }), "permission_missing");
  CAF_CHECK_EQUAL(said([](message& x) { x.permission = "Execute(*)"; }), "permission_missing");
  CAF_CHECK_EQUAL(said([](message& x) { x.permission = ""; }), "permission_missing");
  CAF_CHECK_EQUAL(said([](message& x) { x.encryption_level = encryption_level::Standard; }),
                  "encryption_too_low");
  CAF_CHECK_EQUAL(said([](message& x) { x.to_app = app_id{"other"}; }), "wrong_app");
  CAF_CHECK_EQUAL(said([](message& x) { x.from_app = app_id{"other"}; }), "wrong_app");
  CAF_CHECK_EQUAL(said([](message& x) { x.agreement_id = agreement_id{"a2"}; }), "wrong_app");
  CAF_CHECK_EQUAL(said([](message&) {}, payments_key), "bad_signature");
  CAF_CHECK_EQUAL(said([](message& x) { x.sent_at = later(-300'001); }), "too_old");
  CAF_CHECK_EQUAL(said([](message& x) { x.sent_at = later(60'001); }), "from_the_future");
  auto forged = transfer(at.id);
  forged.payload.back() ^= 1;
  CAF_CHECK_EQUAL(at.said(forged), "bad_signature");
  forged.signature.clear();
  CAF_CHECK_EQUAL(at.said(forged), "signature_missing");
}

CAF_TEST(a payload is sealed as its app says and as the agreement asks) {
  using crypto::seal_level;
  agreement_bench at;
  at.agree();
  auto said = [&](encryption_level word, bytes payload) {
    auto x = transfer(at.id);
    x.encryption_level = word;
    x.payload = std::move(payload);
    return at.said(sign_message(std::move(x), bank_key));
  };
  using enum encryption_level;
  CAF_CHECK_EQUAL(said(High, {1, 2, 3}), "encryption_too_low");
  CAF_CHECK_EQUAL(said(High, {'B', 'P', 'I', 'E', 1, 2}), "encryption_too_low");
  CAF_CHECK_EQUAL(said(High, sealed_payload(seal_level::standard)), "encryption_too_low");
  CAF_CHECK_EQUAL(said(Quantum, sealed_payload(seal_level::high)), "encryption_too_low");
  CAF_CHECK_EQUAL(said(Standard, sealed_payload(seal_level::high)), "encryption_too_low");
  CAF_CHECK_EQUAL(said(Quantum, sealed_payload(seal_level::quantum)), "authorized");
}

CAF_TEST(each app has the permissions of its own direction) {
  agreement_bench at;
  at.agree();
  auto x = transfer(at.id);
  std::swap(x.from_app, x.to_app);
  auto back = carrier{node_id{"pay-node"}, message_id{"e2"}, node_id{"bank-node"}};
  CAF_CHECK_EQUAL(at.said(sign_message(x, payments_key), back), "permission_missing");
  x.permission = "Read(accounts/7)";
  CAF_CHECK_EQUAL(at.said(sign_message(x, payments_key), back), "authorized");
}

CAF_TEST(a message comes from the node of its app to that of the other alone) {
  agreement_bench at;
  at.agree();
  auto said = [&](carrier by) { return at.said(transfer(at.id), by); };
  CAF_CHECK_EQUAL(said({node_id{"thief"}, message_id{"e"}, node_id{"pay-node"}}), "wrong_host");
  CAF_CHECK_EQUAL(said({node_id{"pay-node"}, message_id{"e"}, node_id{"pay-node"}}), "wrong_host");
  CAF_CHECK_EQUAL(said({node_id{"bank-node"}, message_id{"e"}, node_id{"thief"}}), "wrong_host");
  CAF_CHECK_EQUAL(said({node_id{"bank-node"}, message_id{"e"}, {}}), "wrong_host");
  CAF_CHECK_EQUAL(said({}), "authorized"); // over HTTP, without an envelope
}

CAF_TEST(nothing passes before both have signed and before it begins) {
  agreement_bench at;
  auto x = good_terms();
  x.valid_from = later(1'000);
  at.offer(x);
  at.sign(bank_key);
  CAF_CHECK_EQUAL(at.said(transfer(at.id)), "agreement_not_active");
  at.sign(payments_key);
  CAF_CHECK_EQUAL(at.said(transfer(at.id)), "agreement_not_begun");
  CAF_CHECK_EQUAL(at.said(transfer(at.id), by_the_banks_node(), later(1'000)), "authorized");
}

CAF_TEST(what an agreement does not ask for may be missing but not false) {
  agreement_bench at;
  auto x = good_terms();
  x.security_requirements = {encryption_level::None, false, false};
  at.agree(x);
  auto m = transfer(at.id);
  m.encryption_level = encryption_level::None;
  m.payload = {1, 2, 3};
  m.permission = "Read(anything)";
  m.signature.clear();
  CAF_CHECK_EQUAL(at.said(m), "authorized");
  m.signature.assign(64, 1);
  CAF_CHECK_EQUAL(at.said(m), "bad_signature");
}

CAF_TEST(under no agreement nothing is decided) {
  agreement_bench at;
  CAF_CHECK_EQUAL(code_of(at.send(transfer(at.id))), "not_found");
  CAF_CHECK(at.items.empty());
}

} // namespace bpci::interapp
