#include "messages/oracle/signing.hpp"

#include "messages/codec/canonical.hpp"

#include <boost/describe/enum_to_string.hpp>

namespace bpci::oracle {

namespace {

/// s(x) and n(x) of the protocol document.
class canonical {
public:
  canonical& s(const auto& x) {
    out_(x);
    return *this;
  }

  canonical& n(std::uint64_t x) {
    out_(x);
    return *this;
  }

  void reserve(std::size_t size) { out_.reserve(size); }
  bytes take() { return out_.take(); }

private:
  codec::canonical_writer out_;
};

canonical handshake(std::string_view tag, const handshake_context& who) {
  canonical out;
  out.s(tag).s(who.server_key).s(who.client_key).s(who.server_nonce).s(who.client_nonce);
  return out;
}

} // namespace

bytes signing_bytes(const envelope& x) {
  canonical out;
  out.reserve(128 + x.body.size() + 32 * x.targets.size());
  // In the tag, so that it can be neither stripped nor added, and live messages are what they were.
  out.s(std::string_view{is_stored(x) ? "BPI-1.0/envelope-stored" : "BPI-1.0/envelope"});
  out.s(x.id.get()).n(x.sequence).s(x.source.get());
  out.n(x.targets.size());
  for (const auto& target : x.targets)
    out.s(target.get());
  out.s(x.type).s(std::string_view{boost::describe::enum_to_string(x.priority, "")});
  out.n(static_cast<std::uint64_t>(x.sent_at.get())).s(x.body);
  return out.take();
}

bytes signing_bytes(const batch_head& x, std::span<const std::uint8_t> root) {
  canonical out;
  out.reserve(192);
  out.s(std::string_view{"BPI-1.0/batch"}).s(x.id).n(x.sequence).s(x.source);
  out.s(std::string_view{boost::describe::enum_to_string(x.priority, "")});
  out.n(static_cast<std::uint64_t>(x.sent_at)).n(x.count).s(root);
  return out.take();
}

bytes signing_bytes(const bytes& server_key, const notice& x) {
  canonical out;
  out.s(std::string_view{"BPI-1.0/notice"}).s(server_key).s(x.topic).s(x.id.get());
  out.n(static_cast<std::uint64_t>(x.time.get())).s(x.body);
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
  canonical out;
  out.s(std::string_view{"BPI-1.0/rotate"}).s(x.node_id.get());
  out.s(from_hex(x.old_public_key)).s(from_hex(x.new_public_key));
  out.n(static_cast<std::uint64_t>(x.issued_at.get()));
  return out.take();
}

bytes signing_bytes(const announcement& x) {
  canonical out;
  out.s(std::string_view{"BPI-1.0/announce"}).s(x.node_id.get()).s(x.node_type).s(x.endpoint);
  out.n(x.capabilities.size());
  for (const auto& one : x.capabilities)
    out.s(one);
  out.n(static_cast<std::uint64_t>(x.issued_at.get())).n(x.ttl_secs).s(from_hex(x.public_key));
  return out.take();
}

} // namespace bpci::oracle
