#pragma once

#include "messages/oracle/frames.hpp"
#include "runtime/crypto/keys.hpp"

#include <cstddef>
#include <map>
#include <unordered_map>

namespace bpci::client {

/// Keys of peers that are known from elsewhere than the cluster.
using peer_keys = std::map<node_id, crypto::public_key>;

/// Whether deliveries are what their sources signed (docs/protocol/bpi-1.0.md, sections 5 and 10).
class delivery_check {
public:
  /// A source that `known` names must have signed with that key; of any other, the key that the
  /// cluster names is believed.
  explicit delivery_check(peer_keys known) : known_(std::move(known)) {}

  [[nodiscard]] bool verified(const oracle::deliver& x);

  /// Whether the items stand in the batch that the source has signed, all of them.
  [[nodiscard]] bool verified(const oracle::deliver_batch& x);

private:
  [[nodiscard]] const crypto::public_key* key_of(const node_id& source, const bytes& source_key);

  peer_keys known_;
  /// Examining a key costs as much as checking a signature. Emptied when it is full.
  std::unordered_map<node_id, crypto::public_key> examined_;
};

} // namespace bpci::client
