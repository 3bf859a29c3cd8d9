#include "actors/oracle/rotation.hpp"

#include "actors/oracle/checks.hpp"
#include "messages/oracle/signing.hpp"
#include "runtime/crypto/hex.hpp"

namespace bpci::oracle {

namespace {

/// The bytes of a key; whether they are one is not looked at.
std::optional<crypto::public_key> raw_key(const std::string& text) {
  crypto::public_key out;
  if (!crypto::read_hex(text, out.bytes)) return std::nullopt;
  return out;
}

result<void> check_signature(std::string_view member, const std::string& text, const bytes& over,
                             const crypto::public_key& by) {
  auto signature = crypto::signature_from_hex(text);
  if (!signature) return fail(ec::invalid_argument, std::string{member} + ": 128 hex digits");
  if (!crypto::verify(by, over, *signature)) return fail(ec::bad_signature, std::string{member});
  return {};
}

} // namespace

result<void> check_issued(timestamp_ms issued_at, const limits& within, timestamp_ms now) {
  if (issued_at.get() < 0 || issued_at.get() > static_cast<std::int64_t>(integer_max))
    return fail(ec::invalid_argument, "issued_at");
  envelope stamped;
  stamped.sent_at = issued_at;
  return check_age(stamped, within, now);
}

result<key_rotation> check(const key_rotation& x, const limits& within, timestamp_ms now) {
  if (!is_valid_id(x.node_id.get())) return fail(ec::invalid_argument, "node_id");
  const auto old_key = raw_key(x.old_public_key);
  if (!old_key) return fail(ec::invalid_argument, "old_public_key: 64 hex digits");
  const auto new_key = raw_key(x.new_public_key);
  if (!new_key) return fail(ec::invalid_argument, "new_public_key: 64 hex digits");
  if (*old_key == *new_key) return fail(ec::invalid_argument, "new_public_key: it is the old one");
  if (auto ok = check_issued(x.issued_at, within, now); !ok) return ok.error();
  auto out = x;
  out.old_public_key = crypto::to_hex(*old_key);
  out.new_public_key = crypto::to_hex(*new_key);
  return out;
}

result<void> check_signatures(const key_rotation& x) {
  const auto old_key = raw_key(x.old_public_key);
  const auto over = signing_bytes(x);
  if (auto ok = check_signature("old_signature", x.old_signature, over, *old_key); !ok) return ok;
  // It becomes a registered key: those are examined once, here.
  const auto new_key = crypto::public_key_from_hex(x.new_public_key);
  if (!new_key) return fail(ec::invalid_argument, "new_public_key: " + new_key.error().detail);
  return check_signature("new_signature", x.new_signature, over, *new_key);
}

} // namespace bpci::oracle
