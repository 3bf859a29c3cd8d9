#pragma once

#include "messages/oracle/relay.hpp"

#include <memory>
#include <vector>

/// What a LINK hands to the RELAY of its node once it has passed all checks.
namespace bpci::oracle {

/// What each target gets of a batch.
struct batch_parts {
  envelope_ptr head;            ///< As in `delivery`.
  std::vector<frame_ptr> parts; ///< One for each target of the submission, in their order.
};

/// A message; or a batch, for which the RELAY keeps the same record: `message` then has the batch's
/// id, its distinct targets by name, no type, and the root of its items as its body.
struct submission {
  // Not explicit: a message alone is one.
  submission(envelope_ptr message, std::shared_ptr<const batch_parts> batch = nullptr)
      : message(std::move(message)), batch(std::move(batch)) {}

  envelope_ptr message;
  std::shared_ptr<const batch_parts> batch; ///< Null for a message.
};

} // namespace bpci::oracle
