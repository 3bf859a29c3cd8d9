#pragma once

#include "messages/consensus/block.hpp"

#include <vector>

/// What consensus tells the ledger about validators.
namespace bpci::ledger {

/// Evidence of a block whose signatures and whose contradiction consensus has verified, and whose
/// signer was a validator of that height.
struct verified_evidence {
  consensus::address by{};
  height at;         ///< of the misbehaviour
  timestamp_ms time; ///< of the block of that height
  consensus::evidence::kind what{};

  bool operator==(const verified_evidence&) const = default;
};
BPCI_MESSAGE(verified_evidence, by, at, time, what)

/// Who sealed the block of a height: by its certificate and by the seals that came late.
struct sealing {
  height at;
  std::vector<consensus::address> by; ///< sorted

  bool operator==(const sealing&) const = default;
};
BPCI_MESSAGE(sealing, at, by)

} // namespace bpci::ledger
