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

} // namespace bpci::oracle
