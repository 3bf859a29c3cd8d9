#pragma once

#include "messages/error.hpp"
#include "messages/oracle/frames.hpp"
#include "messages/oracle/signing.hpp"
#include "runtime/crypto/keys.hpp"

/// The handshake of BPI-1.0, pure (docs/protocol/bpi-1.0.md, section 2). Times and nonces come
/// from the caller.
namespace bpci::oracle {

/// What a cluster node shows to those who connect.
struct server_identity {
  member_id member;
  crypto::key_pair keys;
  oracle::limits limits;
};

challenge make_challenge(const server_identity& me, bytes nonce, timestamp_ms now);

/// A client that has proved that it holds the key. Whether the key belongs to the node id is the
/// registry's to say.
struct proven_client {
  node_id node;
  crypto::public_key key;
  handshake_context signed_with; ///< For the welcome.
  std::uint64_t last_sequence = 0;
  bool is_peer = false; ///< Another operator's node (messages/oracle/peer_link.hpp).
};

/// Checks a hello against the challenge that it answers, cheapest first. Errors: unsupported (a
/// version that the challenge did not offer), invalid_argument (node id, integers, lengths, a
/// peer's name that is not its key), bad_signature.
result<proven_client> check_hello(const challenge& asked, const hello& answer);

welcome make_welcome(const server_identity& me, const handshake_context& with, session_no session,
                     std::uint64_t resume_from, timestamp_ms now);

} // namespace bpci::oracle
