#include "actors/interapp/validation.hpp"

#include "messages/interapp/signing.hpp"
#include "runtime/crypto/hex.hpp"
#include "runtime/crypto/keys.hpp"

#include <algorithm>

namespace bpci::interapp {

namespace {

constexpr std::int64_t soon_ms = std::int64_t{7} * 24 * 60 * 60 * 1'000;

using findings = std::vector<finding>;

void examine_state(const agreement& x, timestamp_ms now, findings& out) {
  using enum finding_code;
  auto until = x.terms.valid_until.get();
  if (x.state == agreement_state::revoked)
    out.push_back(make_finding(agreement_revoked, "by " + x.ended_by + ": " + x.reason));
  else if (x.state == agreement_state::expired || (until > 0 && now.get() >= until))
    out.push_back(make_finding(agreement_expired));
  else if (until > 0 && until - now.get() < soon_ms)
    out.push_back(make_finding(expires_soon));
  if (x.state == agreement_state::proposed) {
    if (x.signature1.empty())
      out.push_back(make_finding(agreement_not_active, x.terms.app1.app_id.get() + " has to sign"));
    if (x.signature2.empty())
      out.push_back(make_finding(agreement_not_active, x.terms.app2.app_id.get() + " has to sign"));
  }
  if (now < x.terms.valid_from) out.push_back(make_finding(agreement_not_begun));
}

/// Also of what stands in the database: whoever changed a permission there cannot sign it.
void examine_signature(const agreement& x, const party& who, const std::string& signature,
                       findings& out) {
  if (signature.empty()) return;
  crypto::public_key key;
  auto read = crypto::signature_from_hex(signature);
  if (!read || !crypto::read_hex(who.public_key, key.bytes)
      || !crypto::verify(key, agreement_bytes(x.agreement_id, x.terms), *read))
    out.push_back(make_finding(finding_code::bad_signature,
                               "of " + who.app_id.get() + ", on the agreement itself"));
}

void examine_app(const party& then, const std::optional<app_record>& now, findings& out) {
  using enum finding_code;
  const auto& id = then.app_id.get();
  if (!now) {
    out.push_back(make_finding(unknown_app, id));
    return;
  }
  if (now->public_key != then.public_key) out.push_back(make_finding(key_changed, id));
  if (now->node_id != then.node_id)
    out.push_back(make_finding(host_changed, id + " is at '" + now->node_id.get() + "'"));
  else if (then.node_id.get().empty())
    out.push_back(make_finding(host_missing, id));
}

} // namespace

bool meets(const security& x, const security& least) noexcept {
  return x.encryption_level >= least.encryption_level
         && (x.authentication_required || !least.authentication_required)
         && (x.authorization_required || !least.authorization_required);
}

validation examine(const agreement& x, const apps_now& apps, const audit_checked& audit,
                   const security& least, timestamp_ms now) {
  findings all;
  examine_state(x, now, all);
  examine_signature(x, x.terms.app1, x.signature1, all);
  examine_signature(x, x.terms.app2, x.signature2, all);
  examine_app(x.terms.app1, apps.app1, all);
  examine_app(x.terms.app2, apps.app2, all);
  if (!meets(x.terms.security_requirements, least))
    all.push_back(make_finding(finding_code::below_minimum));
  for (const auto& one : audit.faults)
    all.push_back(make_finding(one.code, "entry " + std::to_string(one.seq)));
  if (!audit.whole)
    all.push_back(make_finding(finding_code::audit_unchecked,
                               "checked up to entry " + std::to_string(audit.entries)));
  auto valid =
      std::ranges::none_of(all, [](const finding& one) { return one.severity == severity::error; });
  return {x.agreement_id, x.state, valid, std::move(all), audit.entries, x.head};
}

} // namespace bpci::interapp
