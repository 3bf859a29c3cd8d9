#pragma once

#include "messages/oracle/nodes.hpp"

/// How a BPI node changes its key (docs/protocol/bpi-1.0.md, section 11).
namespace bpci::oracle {

/// "From now on this is my key." Signed by both, so nobody rotates to a key that he does not hold.
/// The node id stands in the path of POST /api/v1/oracle/nodes/{id}/rotate-key, the rest is its
/// body. From: the HTTP gateway. To: WARDEN. Answer: node_record. Errors: invalid_argument,
/// too_old, from_the_future, rate_limited, bad_signature, unknown_node, conflict (the old key is
/// not the registered one, or not any more).
struct key_rotation {
  bpci::node_id node_id;
  std::string old_public_key; ///< 64 hex digits.
  std::string new_public_key; ///< 64 hex digits.
  timestamp_ms issued_at;     ///< By the node's clock.
  std::string old_signature;  ///< 128 hex digits, by the old key.
  std::string new_signature;  ///< The same bytes, by the new one.

  bool operator==(const key_rotation&) const = default;
};
BPCI_MESSAGE(key_rotation, node_id, old_public_key, new_public_key, issued_at, old_signature,
             new_signature)

/// "The old key is lost; this is the new one." From: the HTTP gateway, for an admin. To: WARDEN.
/// Answer: node_record. Errors: invalid_argument, unknown_node, conflict (it is a former key).
struct key_order {
  bpci::node_id node;
  std::string public_key; ///< 64 hex digits.
  std::string reason;
  std::string by;

  bool operator==(const key_order&) const = default;
};
BPCI_MESSAGE(key_order, node, public_key, reason, by)

/// A command of `bpi-node/<id>`: change the key. From: a WARDEN, which has checked the signatures.
/// Answer: node_record. Errors: unknown_node, conflict.
struct change_key {
  std::string old_public_key; ///< Empty: whichever it is; an admin has decided it.
  std::string new_public_key;
  std::string reason;
  std::string by; ///< Empty: the node itself.

  bool operator==(const change_key&) const = default;
};
BPCI_MESSAGE(change_key, old_public_key, new_public_key, reason, by)

} // namespace bpci::oracle
