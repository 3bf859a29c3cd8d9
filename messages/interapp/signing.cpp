#include "messages/interapp/signing.hpp"

#include "messages/codec/protocol_bytes.hpp"

namespace bpci::interapp {

using codec::protocol_bytes;

namespace {

void add_party(protocol_bytes& to, const party& x) {
  to.s(x.app_id.get()).s(x.public_key).s(x.node_id.get());
}

} // namespace

bytes agreement_bytes(const agreement_id& id, const terms& x) {
  const auto& need = x.security_requirements;
  protocol_bytes out{"BPI-1.0/agreement"};
  out.s(id.get());
  add_party(out, x.app1);
  add_party(out, x.app2);
  return out.word(x.communication_type)
      .list(x.app1_permissions)
      .list(x.app2_permissions)
      .word(need.encryption_level)
      .n(std::uint64_t{need.authentication_required})
      .n(std::uint64_t{need.authorization_required})
      .n(x.valid_from)
      .n(x.valid_until)
      .take();
}

bytes revocation_bytes(const agreement_id& id, const app_id& by, std::string_view reason) {
  return protocol_bytes{"BPI-1.0/agreement-revocation"}.s(id.get()).s(by.get()).s(reason).take();
}

bytes message_bytes(const message& x) {
  return protocol_bytes{"BPI-1.0/inter-app"}
      .s(x.agreement_id.get())
      .s(x.message_id.get())
      .s(x.from_app.get())
      .s(x.to_app.get())
      .s(x.permission)
      .word(x.encryption_level)
      .n(x.sent_at)
      .s(x.payload)
      .take();
}

bytes audit_bytes(const agreement_id& id, const audit_entry& x) {
  return protocol_bytes{"BPI-1.0/audit-entry"}
      .s(id.get())
      .n(x.seq)
      .n(x.at)
      .word(x.event)
      .s(x.who)
      .s(x.message_id)
      .s(x.permission)
      .s(x.verdict)
      .s(x.code)
      .s(x.detail)
      .s(x.digest)
      .s(x.encryption)
      .s(x.envelope)
      .n(x.unlisted)
      .s(x.previous)
      .take();
}

} // namespace bpci::interapp
