#pragma once

#include "messages/describe.hpp"
#include "messages/ids.hpp"

#include <boost/describe/enum.hpp>

namespace bpci::oracle {

BOOST_DEFINE_FIXED_ENUM_CLASS(priority, std::uint8_t, Low, Normal, High, Critical)

/// A message from one BPI node to others, as its source signed it (docs/protocol/bpi-1.0.md,
/// section 3). Nothing in the cluster changes it: the targets check the same signature.
struct envelope {
  message_id id;
  std::uint64_t sequence = 0; ///< Rises with each transmission of a source, retries included.
  node_id source;
  std::vector<node_id> targets;
  std::string type; ///< An id such as `DataSync`; means nothing to the relay.
  oracle::priority priority = priority::Normal;
  timestamp_ms sent_at; ///< By the source's clock.
  bytes body;           ///< Not looked into.
  bytes signature;      ///< Ed25519 over signing_bytes(*this).

  bool operator==(const envelope&) const = default;
};
BPCI_MESSAGE(envelope, id, sequence, source, targets, type, priority, sent_at, body, signature)

} // namespace bpci::oracle
