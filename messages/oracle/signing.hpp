#pragma once

#include "messages/oracle/batch.hpp"
#include "messages/oracle/frames.hpp"
#include "messages/oracle/rotation.hpp"

/// The canonical bytes under each signature (docs/protocol/bpi-1.0.md, section 6).
namespace bpci::oracle {

bytes signing_bytes(const envelope& x);

/// `root`: of the Merkle tree over the leaves of all items (write_leaf).
bytes signing_bytes(const batch_head& x, std::span<const std::uint8_t> root);

/// `server_key`: of the handshake.
bytes signing_bytes(const bytes& server_key, const notice& x);

/// What both sides of a handshake know, and sign.
struct handshake_context {
  bytes server_key;
  bytes client_key;
  bytes server_nonce;
  bytes client_nonce;
};

bytes signing_bytes(const handshake_context& who, const hello& x);
bytes signing_bytes(const handshake_context& who, const member_id& member, const welcome& x);

/// Under both signatures of a rotation (section 11). The keys have to be hex digits.
bytes signing_bytes(const key_rotation& x);

/// Under an announcement (section 12). The key has to be hex digits.
bytes signing_bytes(const announcement& x);

} // namespace bpci::oracle
