#define CAF_SUITE wire_interapp

#include "messages/codec/json.hpp"
#include "messages/interapp/signing.hpp"
#include "tests/wire/golden.hpp"
#include "tests/wire/samples.hpp"

#include <caf/test/unit_test.hpp>

// What apps sign, and what the audit hashes (docs/inter-app.md): the bytes, and the JSON that they
// are made of. The JavaScript client is tested against the same files.

using namespace bpci;
using namespace bpci::interapp;
using namespace bpci::wire;

namespace {

terms sample_terms() {
  terms out;
  out.app1 = {app_id{"banking-app"}, to_hex(client_key()), node_id{"bank-node"}};
  out.app2 = {app_id{"payment-processor"}, to_hex(server_key()), node_id{"pay-node"}};
  out.communication_type = communication_type::ServiceCall;
  out.app1_permissions = {"Execute(transfer)", "Read(accounts/*)"};
  out.app2_permissions = {"Read(balance)"};
  out.security_requirements = {encryption_level::Quantum, true, false};
  out.valid_from = timestamp_ms{1'767'225'600'123};
  out.valid_until = timestamp_ms{1'798'761'600'456};
  return out;
}

message sample_message() {
  message out;
  out.agreement_id = agreement_id{"agreement-001"};
  out.message_id = message_id{"m-000042"};
  out.from_app = app_id{"banking-app"};
  out.to_app = app_id{"payment-processor"};
  out.permission = "Execute(transfer)";
  out.encryption_level = encryption_level::High;
  out.sent_at = timestamp_ms{1'767'225'600'789};
  out.payload = {0x00, 0x7f, 0x80, 0xff};
  return out;
}

audit_entry sample_entry() {
  audit_entry out;
  out.seq = 7;
  out.at = timestamp_ms{1'767'225'601'234};
  out.event = audit_event::message;
  out.who = "banking-app";
  out.message_id = "m-000042";
  out.permission = "Execute(transfer)";
  out.verdict = "refused";
  out.code = "permission_missing";
  out.detail = "Gr\u00fc\u00dfe";
  out.digest = std::string(64, 'd');
  out.encryption = "High";
  out.envelope = "bank-node/e-1";
  out.unlisted = 3;
  out.previous = std::string(64, 'a');
  return out;
}

std::string json_of(const auto& x) {
  return codec::to_text(codec::to_json(x)) + "\n";
}

const auto id = agreement_id{"agreement-001"};

} // namespace

CAF_TEST(what both apps sign has the bytes that it always had) {
  CAF_CHECK(matches_golden("inter-app/agreement.json", json_of(sample_terms())));
  CAF_CHECK(matches_golden("inter-app/agreement.signing.hex",
                           to_hex_lines(agreement_bytes(id, sample_terms()))));
}

CAF_TEST(what an app signs to end an agreement has the bytes that it always had) {
  auto raw = revocation_bytes(id, app_id{"banking-app"}, "the contract has ended");
  CAF_CHECK(matches_golden("inter-app/agreement-revocation.signing.hex", to_hex_lines(raw)));
}

CAF_TEST(what an app signs of a message has the bytes that it always had) {
  auto x = sample_message();
  CAF_CHECK(matches_golden("inter-app/message.json", json_of(x)));
  CAF_CHECK(matches_golden("inter-app/message.msgpack.hex", to_hex_lines(encode_message(x))));
  CAF_CHECK(matches_golden("inter-app/message.signing.hex", to_hex_lines(message_bytes(x))));
  CAF_CHECK(decode_message(from_hex(read_golden("inter-app/message.msgpack.hex"))).value() == x);
}

CAF_TEST(what the audit hashes has the bytes that it always had) {
  CAF_CHECK(matches_golden("inter-app/audit-entry.json", json_of(sample_entry())));
  CAF_CHECK(matches_golden("inter-app/audit-entry.hashed.hex",
                           to_hex_lines(audit_bytes(id, sample_entry()))));
}
