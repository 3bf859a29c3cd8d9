#include "messages/oracle/signing.hpp"

#include "messages/codec/protocol_bytes.hpp"

namespace bpci::oracle {

using codec::protocol_bytes;

namespace {

protocol_bytes handshake(std::string_view tag, const handshake_context& who) {
  protocol_bytes out{tag};
  out.s(who.server_key).s(who.client_key).s(who.server_nonce).s(who.client_nonce);
  return out;
}

} // namespace

bytes signing_bytes(const envelope& x) {
  // In the tag, so that it can be neither stripped nor added, and live messages are what they were.
  protocol_bytes out{is_stored(x) ? "BPI-1.0/envelope-stored" : "BPI-1.0/envelope",
                     128 + x.body.size() + 32 * x.targets.size()};
  out.s(x.id.get()).n(x.sequence).s(x.source.get());
  out.n(x.targets.size());
  for (const auto& target : x.targets)
    out.s(target.get());
  out.s(x.type).word(x.priority).n(x.sent_at).s(x.body);
  return out.take();
}

bytes signing_bytes(const batch_head& x, std::span<const std::uint8_t> root) {
  protocol_bytes out{"BPI-1.0/batch", 192};
  out.s(x.id).n(x.sequence).s(x.source).word(x.priority);
  out.n(static_cast<std::uint64_t>(x.sent_at)).n(x.count).s(root);
  return out.take();
}

bytes signing_bytes(const bytes& server_key, const notice& x) {
  protocol_bytes out{"BPI-1.0/notice"};
  out.s(server_key).s(x.topic).s(x.id.get());
  out.n(x.time).s(x.body);
  return out.take();
}

bytes signing_bytes(const handshake_context& who, const hello& x) {
  auto out = handshake("BPI-1.0/hello", who);
  out.s(x.version).s(x.node_id.get()).n(x.last_session).n(x.last_sequence);
  return out.take();
}

bytes signing_bytes(const handshake_context& who, const member_id& member, const welcome& x) {
  auto out = handshake("BPI-1.0/welcome", who);
  out.s(member.get()).n(x.session.get()).n(x.resume_from);
  return out.take();
}

namespace {

/// What the hex digits of a key stand for; digits that are none count as 0.
bytes from_hex(std::string_view text) {
  auto value = [](char c) -> std::uint8_t {
    if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
    return 0;
  };
  bytes out(text.size() / 2);
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<std::uint8_t>(value(text[2 * i]) * 16 + value(text[2 * i + 1]));
  return out;
}

} // namespace

bytes signing_bytes(const key_rotation& x) {
  protocol_bytes out{"BPI-1.0/rotate"};
  out.s(x.node_id.get());
  out.s(from_hex(x.old_public_key)).s(from_hex(x.new_public_key));
  out.n(x.issued_at);
  return out.take();
}

bytes signing_bytes(const announcement& x) {
  protocol_bytes out{"BPI-1.0/announce"};
  out.s(x.node_id.get()).s(x.node_type).s(x.endpoint);
  out.list(x.capabilities).n(x.issued_at).n(x.ttl_secs).s(from_hex(x.public_key));
  return out.take();
}

} // namespace bpci::oracle
