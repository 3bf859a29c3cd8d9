#pragma once

#include "messages/error.hpp"
#include "messages/oracle/signing.hpp"
#include "runtime/crypto/keys.hpp"

#include <vector>

/// The client's side of the handshake (docs/protocol/bpi-1.0.md, section 2), without a socket.
namespace bpci::client {

/// What this node says of itself.
struct introduction {
  bpci::node_id node_id;
  std::uint64_t last_session = 0;  ///< 0: none
  std::uint64_t last_sequence = 0; ///< 0: none
};

/// The answer to a challenge, and what is needed to check the welcome.
struct answered_challenge {
  oracle::hello hello;
  oracle::handshake_context context;
  member_id member;
};

/// `nonce`: 32 random bytes, never used before. `pinned`: the cluster nodes that this client
/// trusts; empty: any. Errors: `unsupported` (the server does not speak 1.0), `malformed` (a key
/// or nonce of another length, limits of 0), `not_permitted` (a server that is not pinned).
result<answered_challenge> answer(const oracle::challenge& asked, const introduction& me,
                                  const crypto::key_pair& keys, bytes nonce,
                                  const std::vector<crypto::public_key>& pinned);

/// Errors: `bad_signature`: whoever answered does not hold the key of the challenge; `malformed`.
result<void> check(const oracle::welcome& said, const answered_challenge& mine);

} // namespace bpci::client
