#pragma once

#include "messages/describe.hpp"
#include "messages/ids.hpp"

#include <boost/describe/enum.hpp>

#include <optional>

namespace bpci::oracle {

BOOST_DEFINE_FIXED_ENUM_CLASS(priority, std::uint8_t, Low, Normal, High, Critical)

/// `live`: to targets that are connected, or about to be. `stored`: kept by the cluster for each
/// target until that has acknowledged it.
BOOST_DEFINE_FIXED_ENUM_CLASS(delivery_mode, std::uint8_t, live, stored)

/// A message from one BPI node to others, as its source signed it (docs/protocol/bpi-1.0.md,
/// section 3). Nothing in the cluster changes it: the targets check the same signature.
struct envelope {
  message_id id;
  std::uint64_t sequence = 0; ///< Rises with each transmission of a source, retries included.
  node_id source;
  std::vector<node_id> targets;
  std::string type; ///< An id such as `DataSync`; means nothing to the relay.
  oracle::priority priority = priority::Normal;
  std::optional<delivery_mode> delivery = std::nullopt; ///< Absent: live.
  timestamp_ms sent_at;                                 ///< By the source's clock.
  bytes body;                                           ///< Not looked into.
  bytes signature;                                      ///< Ed25519 over signing_bytes(*this).

  bool operator==(const envelope&) const = default;
};
BPCI_MESSAGE(envelope, id, sequence, source, targets, type, priority, delivery, sent_at, body,
             signature)

inline bool is_stored(const envelope& x) {
  return x.delivery == delivery_mode::stored;
}

} // namespace bpci::oracle
