#pragma once

#include "messages/boxes.hpp"
#include "messages/consensus/head.hpp"
#include "messages/runtime/slots.hpp"

#include <memory>
#include <vector>

/// Where this node's copy of the chain stands. What is said here stays on one node, so that blocks
/// go by pointer.
namespace bpci::chain {

/// Under which this node holds the validator of its cluster: one member at a time does. Every
/// transaction that writes the chain or the validator's record locks this slot's row first
/// (runtime/slots/fence.hpp); a refusal (`fenced`) means that another member holds it now.
struct hold {
  slots::slot_no slot;
  slots::epoch_no epoch;
  incarnation owner;

  bool operator==(const hold&) const = default;
};

/// A height that is final, for checking what is signed about it.
struct past_height {
  height at;
  consensus::hash id{}; ///< the block's
  timestamp_ms time;
  std::vector<consensus::validator> validators; ///< of that height, sorted by id

  bool operator==(const past_height&) const = default;
};

/// What LEDGER has, on the disk.
struct position {
  std::shared_ptr<const consensus::chain_head> head; ///< never null; `late` is empty
  std::vector<past_height> recent; ///< of the head and of the two heights before, oldest first
  bool change_due = false; ///< the next block has something to do, also without transactions
  std::shared_ptr<const consensus::sealed_block> last; ///< the head's; null after a start
};

/// "Tell me where the chain stands now, and whenever that changes." To: LEDGER. First comes a
/// `position`, once it has loaded.
struct watch_position {};

/// To: LEDGER. Answer: position. Errors: unavailable (it is still loading).
struct get_position {};

} // namespace bpci::chain

BPCI_LOCAL_MESSAGE(bpci::chain::position)
BPCI_LOCAL_MESSAGE(bpci::chain::watch_position)
BPCI_LOCAL_MESSAGE(bpci::chain::get_position)
