#include "gateways/clients/cpp/inter_app.hpp"

#include "messages/interapp/signing.hpp"
#include "runtime/crypto/hash.hpp"

namespace bpci::client {

namespace {

/// The side of an agreement that this key is the key of, and the other.
struct sides {
  const interapp::party* own;
  const interapp::party* other;
};

result<sides> sides_of(const crypto::key_pair& keys, const interapp::terms& x) {
  const auto key = crypto::to_hex(keys.pub);
  if (x.app1.public_key == key) return sides{&x.app1, &x.app2};
  if (x.app2.public_key == key) return sides{&x.app2, &x.app1};
  return fail(ec::invalid_argument, "the key is that of neither app of the agreement");
}

std::string hash_of(const bytes& x) {
  return crypto::to_hex(crypto::sha256(x));
}

/// Both are numbered as the header of a sealed body is.
crypto::seal_level to_seal_level(interapp::encryption_level x) {
  return static_cast<crypto::seal_level>(x);
}

/// What a payload is bound to (docs/inter-app.md).
crypto::seal_context context_of(const interapp::message& x) {
  return {x.from_app.get(), x.to_app.get(), x.message_id.get(), x.permission};
}

/// What is to be read by anybody has a header only where it would be taken for one.
bool goes_as_it_is(interapp::encryption_level level, const bytes& payload) {
  if (level != interapp::encryption_level::None) return false;
  const auto header = crypto::read_sealed_header(payload);
  return header && header->size == 0;
}

} // namespace

result<interapp::sign_agreement> sign_agreement(const crypto::key_pair& keys,
                                                const interapp::agreement_id& id,
                                                const interapp::terms& what) {
  const auto who = sides_of(keys, what);
  if (!who) return who.error();
  const auto signature = crypto::sign(keys.secret, interapp::agreement_bytes(id, what));
  return interapp::sign_agreement{who->own->app_id, crypto::to_hex(signature)};
}

result<interapp::revoke_agreement> sign_revocation(const crypto::key_pair& keys,
                                                   const interapp::agreement_id& id,
                                                   const interapp::terms& what,
                                                   std::string reason) {
  const auto who = sides_of(keys, what);
  if (!who) return who.error();
  const auto& app = who->own->app_id;
  const auto signature = crypto::sign(keys.secret, interapp::revocation_bytes(id, app, reason));
  return interapp::revoke_agreement{{}, std::move(reason), app, crypto::to_hex(signature)};
}

result<interapp::message> make_message(const crypto::key_pair& keys,
                                       const interapp::agreement_id& id,
                                       const interapp::terms& under, inter_app_message what,
                                       const std::optional<crypto::pre_shared_key>& shared) {
  const auto who = sides_of(keys, under);
  if (!who) return who.error();
  interapp::message out;
  out.agreement_id = id;
  out.message_id = std::move(what.id);
  out.from_app = who->own->app_id;
  out.to_app = who->other->app_id;
  out.permission = std::move(what.permission);
  out.encryption_level = what.encryption;
  out.sent_at = what.sent_at;
  out.payload = std::move(what.payload);
  if (!goes_as_it_is(what.encryption, out.payload)) {
    const auto to = crypto::public_key_from_hex(who->other->public_key);
    if (!to) return to.error();
    auto sealed = crypto::seal(to_seal_level(what.encryption), context_of(out), keys, *to,
                               out.payload, shared);
    if (!sealed) return sealed.error();
    out.payload = std::move(*sealed);
  }
  const auto signature = crypto::sign(keys.secret, interapp::message_bytes(out));
  out.signature.assign(signature.bytes.begin(), signature.bytes.end());
  return out;
}

result<bytes> open_message(const crypto::key_pair& keys, const interapp::terms& under,
                           const interapp::message& what,
                           const crypto::find_pre_shared_key& find_shared) {
  const auto who = sides_of(keys, under);
  if (!who) return who.error();
  if (what.from_app != who->other->app_id || what.to_app != who->own->app_id)
    return fail(ec::invalid_argument, "not from the other app to the one of this key");
  const auto from = crypto::public_key_from_hex(who->other->public_key);
  if (!from) return from.error();
  const auto& need = under.security_requirements;
  if (need.authentication_required || !what.signature.empty()) {
    const auto signature = crypto::signature_from_bytes(what.signature);
    if (!signature || !crypto::verify(*from, interapp::message_bytes(what), *signature))
      return fail(ec::bad_signature, "of " + what.from_app.get());
  }
  auto opened = crypto::open(context_of(what), keys, *from, what.payload,
                             to_seal_level(need.encryption_level), find_shared);
  if (!opened) return opened.error();
  return std::move(opened->plain);
}

result<outgoing> to_outgoing(const interapp::terms& under, const interapp::message& what) {
  const auto forth = what.from_app == under.app1.app_id && what.to_app == under.app2.app_id;
  const auto back = what.from_app == under.app2.app_id && what.to_app == under.app1.app_id;
  if (!forth && !back) return fail(ec::invalid_argument, "not from one app to the other");
  const auto& to = forth ? under.app2 : under.app1;
  if (to.node_id.get().empty())
    return fail(ec::invalid_argument, to.app_id.get() + " is hosted by no BPI node");
  outgoing out;
  out.targets = {to.node_id};
  out.type = interapp::envelope_type;
  out.body = interapp::encode_message(what);
  out.id = what.message_id;
  return out;
}

std::vector<interapp::audit_fault> check_audit(const interapp::agreement_id& id,
                                               const std::vector<interapp::audit_entry>& entries,
                                               std::string before) {
  using interapp::finding_code;
  std::vector<interapp::audit_fault> out;
  std::uint64_t last = 0;
  for (const auto& x : entries) {
    if (last > 0 && x.seq != last + 1) {
      out.push_back({last + 1, finding_code::audit_missing});
      before.clear();
    }
    const auto sound =
        hash_of(interapp::audit_bytes(id, x)) == x.hash && (before.empty() || x.previous == before);
    if (!sound) out.push_back({x.seq, finding_code::audit_changed});
    last = x.seq;
    // Behind a fault the hash before is not known: what is wrong is the fault's.
    before = sound ? x.hash : std::string{};
  }
  return out;
}

std::string audit_root(const interapp::agreement_id& id, const interapp::terms& what) {
  return hash_of(interapp::agreement_bytes(id, what));
}

} // namespace bpci::client
