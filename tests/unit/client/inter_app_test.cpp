#define CAF_SUITE client_inter_app

#include "gateways/clients/cpp/inter_app.hpp"
#include "messages/interapp/signing.hpp"

#include <caf/test/unit_test.hpp>

#include <array>

/// What an app makes and checks by itself.
namespace bpci::client {

namespace {

crypto::key_pair keys_of(std::uint8_t who) {
  std::array<std::uint8_t, 32> seed{};
  seed.fill(who);
  return crypto::from_seed(seed);
}

const auto id = interapp::agreement_id{"a1"};

constexpr std::array<std::uint8_t, 32> secret{7};

interapp::terms some_terms() {
  interapp::terms out;
  out.app1 = {interapp::app_id{"bank"}, crypto::to_hex(keys_of(1).pub), node_id{"bank-node"}};
  out.app2 = {interapp::app_id{"payments"}, crypto::to_hex(keys_of(2).pub), node_id{"pay-node"}};
  out.app1_permissions = {"Execute(transfer)"};
  return out;
}

inter_app_message transfer() {
  return {message_id{"m1"},
          "Execute(transfer)",
          interapp::encryption_level::High,
          timestamp_ms{7},
          {1, 2}};
}

ec code_of(const auto& x) {
  return x ? ec::none : x.error().code;
}

/// Three entries that follow each other.
std::vector<interapp::audit_entry> some_audit() {
  std::vector<interapp::audit_entry> out;
  auto before = audit_root(id, some_terms());
  for (std::uint64_t seq = 1; seq <= 3; ++seq) {
    interapp::audit_entry x;
    x.seq = seq;
    x.previous = before;
    x.hash = crypto::to_hex(crypto::sha256(interapp::audit_bytes(id, x)));
    before = x.hash;
    out.push_back(x);
  }
  return out;
}

std::string faults(const std::vector<interapp::audit_entry>& x, const std::string& before = {}) {
  std::string out;
  for (const auto& one : check_audit(id, x, before))
    out += std::to_string(one.seq) + " " + std::string{name(one.code)} + ";";
  return out;
}

} // namespace

CAF_TEST(each app signs for itself and a stranger for neither) {
  const auto bytes = interapp::agreement_bytes(id, some_terms());
  for (const std::uint8_t who : {1, 2}) {
    auto got = sign_agreement(keys_of(who), id, some_terms()).value();
    CAF_CHECK_EQUAL(got.app_id.get(), who == 1 ? "bank" : "payments");
    auto signature = crypto::signature_from_hex(got.signature).value();
    CAF_CHECK(crypto::verify(keys_of(who).pub, bytes, signature));
  }
  CAF_CHECK(code_of(sign_agreement(keys_of(3), id, some_terms())) == ec::invalid_argument);
  auto end = sign_revocation(keys_of(2), id, some_terms(), "over").value();
  CAF_CHECK_EQUAL(end.app_id.get(), "payments");
  CAF_CHECK_EQUAL(end.reason, "over");
}

CAF_TEST(a message goes from the app of the key to the other) {
  auto x = make_message(keys_of(2), id, some_terms(), transfer()).value();
  CAF_CHECK_EQUAL(x.from_app.get(), "payments");
  CAF_CHECK_EQUAL(x.to_app.get(), "bank");
  auto signature = crypto::signature_from_bytes(x.signature).value();
  CAF_CHECK(crypto::verify(keys_of(2).pub, interapp::message_bytes(x), signature));
  CAF_CHECK(code_of(make_message(keys_of(3), id, some_terms(), transfer()))
            == ec::invalid_argument);
}

CAF_TEST(a payload is sealed for the other app and opened by it alone) {
  auto sealed = [](interapp::encryption_level level, bytes payload = {1, 2}) {
    auto what = transfer();
    what.encryption = level;
    what.payload = std::move(payload);
    return make_message(keys_of(1), id, some_terms(), what, {{"k1", secret}}).value();
  };
  auto open = [](interapp::message x, interapp::encryption_level least, std::uint8_t who = 2) {
    auto under = some_terms();
    under.security_requirements.encryption_level = least;
    return open_message(keys_of(who), under, x,
                        [](std::string_view) { return std::optional{std::span{secret}}; });
  };
  using enum interapp::encryption_level;
  for (auto level : {None, Standard, High, Quantum}) {
    auto x = sealed(level);
    CAF_CHECK_EQUAL(static_cast<int>(crypto::read_sealed_header(x.payload).value().level),
                    static_cast<int>(level));
    CAF_CHECK(open(x, level).value() == (bytes{1, 2}));
  }
  CAF_CHECK(sealed(None).payload == (bytes{1, 2}));
  CAF_CHECK(open(sealed(None, {'B', 'P', 'I', 'E'}), None).value() == (bytes{'B', 'P', 'I', 'E'}));
  auto x = sealed(Standard);
  CAF_CHECK(code_of(open(x, High)) == ec::not_permitted);
  CAF_CHECK(code_of(open(x, Standard, 1)) == ec::invalid_argument);
  CAF_CHECK(code_of(open(x, Standard, 3)) == ec::invalid_argument);
  x.permission = "Execute(refund)";
  CAF_CHECK(code_of(open(x, Standard)) == ec::bad_signature);
  auto homemade = transfer();
  homemade.encryption = Quantum;
  CAF_CHECK(code_of(make_message(keys_of(1), id, some_terms(), homemade)) == ec::invalid_argument);
}

CAF_TEST(a message travels to the host of the other app under its own id) {
  auto x = make_message(keys_of(1), id, some_terms(), transfer()).value();
  auto out = to_outgoing(some_terms(), x).value();
  CAF_CHECK(out.targets == std::vector{node_id{"pay-node"}});
  CAF_CHECK_EQUAL(out.type, "inter-app");
  CAF_CHECK(out.id == message_id{"m1"});
  CAF_CHECK(interapp::decode_message(out.body).value() == x);
  auto homeless = some_terms();
  homeless.app2.node_id = {};
  CAF_CHECK(code_of(to_outgoing(homeless, x)) == ec::invalid_argument);
  x.to_app = interapp::app_id{"other"};
  CAF_CHECK(code_of(to_outgoing(some_terms(), x)) == ec::invalid_argument);
}

CAF_TEST(an audit is checked by whoever reads it) {
  const auto root = audit_root(id, some_terms());
  auto all = some_audit();
  CAF_CHECK_EQUAL(faults(all, root), "");
  CAF_CHECK_EQUAL(faults({all.begin() + 1, all.end()}), "");
  CAF_CHECK_EQUAL(faults({all.begin() + 1, all.end()}, root), "2 audit_changed;");
  auto changed = all;
  changed[1].who = "somebody else";
  CAF_CHECK_EQUAL(faults(changed, root), "2 audit_changed;");
  changed[1].hash = crypto::to_hex(crypto::sha256(interapp::audit_bytes(id, changed[1])));
  CAF_CHECK_EQUAL(faults(changed, root), "3 audit_changed;");
  CAF_CHECK_EQUAL(faults({all[0], all[2]}, root), "2 audit_missing;");
}

} // namespace bpci::client
