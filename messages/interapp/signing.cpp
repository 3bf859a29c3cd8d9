#include "messages/interapp/signing.hpp"

#include "messages/codec/canonical.hpp"

#include <boost/describe/enum_to_string.hpp>

namespace bpci::interapp {

namespace {

/// s(x) and n(x) of the protocol document.
class canonical {
public:
  explicit canonical(std::string_view tag) { s(tag); }

  canonical& s(const auto& x) {
    out_(x);
    return *this;
  }

  canonical& n(std::uint64_t x) {
    out_(x);
    return *this;
  }

  canonical& n(timestamp_ms x) { return n(static_cast<std::uint64_t>(x.get())); }

  canonical& word(auto x) { return s(std::string_view{boost::describe::enum_to_string(x, "")}); }

  canonical& list(const std::vector<std::string>& all) {
    n(all.size());
    for (const auto& x : all)
      s(x);
    return *this;
  }

  canonical& party(const interapp::party& x) {
    return s(x.app_id.get()).s(x.public_key).s(x.node_id.get());
  }

  bytes take() { return out_.take(); }

private:
  codec::canonical_writer out_;
};

} // namespace

bytes agreement_bytes(const agreement_id& id, const terms& x) {
  const auto& need = x.security_requirements;
  return canonical{"BPI-1.0/agreement"}
      .s(id.get())
      .party(x.app1)
      .party(x.app2)
      .word(x.communication_type)
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
  return canonical{"BPI-1.0/agreement-revocation"}.s(id.get()).s(by.get()).s(reason).take();
}

bytes message_bytes(const message& x) {
  return canonical{"BPI-1.0/inter-app"}
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
  return canonical{"BPI-1.0/audit-entry"}
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
