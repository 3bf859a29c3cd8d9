#include "actors/oracle/handshake.hpp"

#include "messages/oracle/peer_link.hpp"

#include <algorithm>

namespace bpci::oracle {

namespace {

constexpr std::size_t nonce_size = 32;

template <std::size_t N>
bytes to_bytes(const std::array<std::uint8_t, N>& x) {
  return {x.begin(), x.end()};
}

/// No id of an ordinary node has a slash in it.
bool has_peer_name(const hello& x) {
  return x.node_id.get().starts_with(peer_node_prefix);
}

/// A peer's key is its name, and no register has looked at it.
result<void> check_name(const hello& x) {
  if (!has_peer_name(x)) {
    if (!is_valid_id(x.node_id.get())) return fail(ec::invalid_argument, "node_id");
    return {};
  }
  if (x.node_id.get() != std::string{peer_node_prefix} + crypto::to_hex(x.key))
    return fail(ec::invalid_argument, "node_id: " + std::string{peer_node_prefix}
                                          + "<the key, 64 hex digits in lower case>");
  if (!crypto::public_key_from_bytes(x.key)) return fail(ec::invalid_argument, "key");
  return {};
}

} // namespace

challenge make_challenge(const server_identity& me, bytes nonce, timestamp_ms now) {
  return {{std::string{protocol_version}},
          me.member,
          to_bytes(me.keys.pub.bytes),
          std::move(nonce),
          now,
          me.limits};
}

result<proven_client> check_hello(const challenge& asked, const hello& answer) {
  if (std::ranges::find(asked.versions, answer.version) == asked.versions.end())
    return fail(ec::unsupported, "this node speaks " + asked.versions.front());
  if (auto good = check_name(answer); !good) return good.error();
  if (answer.last_session > integer_max) return fail(ec::invalid_argument, "last_session");
  if (answer.last_sequence > integer_max) return fail(ec::invalid_argument, "last_sequence");
  if (answer.nonce.size() != nonce_size) return fail(ec::invalid_argument, "nonce: 32 bytes");
  if (answer.key.size() != crypto::public_key::size)
    return fail(ec::invalid_argument, "key: 32 bytes");
  auto signature = crypto::signature_from_bytes(answer.signature);
  if (!signature) return fail(ec::invalid_argument, "signature: 64 bytes");
  // The registry holds only keys that were checked to be good points, and the key of a node that
  // is let in equals one of them, so the bytes are taken as they are.
  crypto::public_key key;
  std::ranges::copy(answer.key, key.bytes.begin());
  auto context = handshake_context{asked.server_key, answer.key, asked.nonce, answer.nonce};
  if (!crypto::verify(key, signing_bytes(context, answer), *signature))
    return fail(ec::bad_signature, "hello");
  return proven_client{answer.node_id, key, std::move(context), answer.last_sequence,
                       has_peer_name(answer)};
}

welcome make_welcome(const server_identity& me, const handshake_context& with, session_no session,
                     std::uint64_t resume_from, timestamp_ms now) {
  auto out = welcome{session, resume_from, now, {}};
  out.signature = to_bytes(crypto::sign(me.keys.secret, signing_bytes(with, me.member, out)).bytes);
  return out;
}

} // namespace bpci::oracle
