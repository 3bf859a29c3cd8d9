#pragma once

#include "messages/oracle/frames.hpp"

/// The canonical bytes under each signature (docs/protocol/bpi-1.0.md, section 6).
namespace bpci::oracle {

bytes signing_bytes(const envelope& x);

/// What both sides of a handshake know, and sign.
struct handshake_context {
  bytes server_key;
  bytes client_key;
  bytes server_nonce;
  bytes client_nonce;
};

bytes signing_bytes(const handshake_context& who, const hello& x);
bytes signing_bytes(const handshake_context& who, const member_id& member, const welcome& x);

} // namespace bpci::oracle
