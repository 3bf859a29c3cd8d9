#include "gateways/clients/cpp/handshake.hpp"

#include <algorithm>

namespace bpci::client {

namespace {

constexpr std::size_t nonce_size = 32;

template <class Array>
bytes to_bytes(const Array& x) {
  return {x.begin(), x.end()};
}

result<void> check_shape(const oracle::challenge& asked) {
  if (std::ranges::find(asked.versions, oracle::protocol_version) == asked.versions.end())
    return fail(ec::unsupported, "the node does not speak BPI-1.0");
  if (asked.nonce.size() != nonce_size) return fail(ec::malformed, "challenge: nonce");
  const auto& x = asked.limits;
  if (x.max_in_flight == 0 || x.max_frame_bytes == 0 || x.rate_limit_per_sec == 0)
    return fail(ec::malformed, "challenge: a limit is 0");
  return {};
}

} // namespace

result<answered_challenge> answer(const oracle::challenge& asked, const introduction& me,
                                  const crypto::key_pair& keys, bytes nonce,
                                  const std::vector<crypto::public_key>& pinned) {
  if (auto ok = check_shape(asked); !ok) return ok.error();
  const auto server = crypto::public_key_from_bytes(asked.server_key);
  if (!server) return fail(ec::malformed, "challenge: server_key");
  if (!pinned.empty() && std::ranges::find(pinned, *server) == pinned.end())
    return fail(ec::not_permitted, "the node's key " + crypto::to_hex(*server)
                                       + " is not one that this client trusts");
  answered_challenge out;
  out.member = asked.member;
  out.context = {asked.server_key, to_bytes(keys.pub.bytes), asked.nonce, nonce};
  out.hello = {std::string{oracle::protocol_version},
               me.node_id,
               out.context.client_key,
               std::move(nonce),
               me.last_session,
               me.last_sequence,
               {}};
  const auto signature = crypto::sign(keys.secret, oracle::signing_bytes(out.context, out.hello));
  out.hello.signature = to_bytes(signature.bytes);
  return out;
}

result<void> check(const oracle::welcome& said, const answered_challenge& mine) {
  // Half of the range is left for sequences, so that a server cannot use them up with a word.
  if (said.resume_from > oracle::integer_max / 2)
    return fail(ec::malformed, "welcome: resume_from");
  const auto server = crypto::public_key_from_bytes(mine.context.server_key);
  const auto signature = crypto::signature_from_bytes(said.signature);
  if (!server || !signature
      || !crypto::verify(*server, oracle::signing_bytes(mine.context, mine.member, said),
                         *signature))
    return fail(ec::bad_signature, "welcome: it is not the node that sent the challenge");
  return {};
}

} // namespace bpci::client
