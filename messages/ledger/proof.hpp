#pragma once

#include "messages/ledger/receipt.hpp"

#include <optional>
#include <vector>

/// What convinces somebody who knows nothing but a block's state root. Decoding with limits and
/// verification: actors/ledger/state/proof.hpp and actors/ledger/receipts.hpp.
namespace bpci::ledger {

/// The leaf that stands where another key would have to be.
struct other_leaf {
  hash path{};
  hash value_hash{};

  bool operator==(const other_leaf&) const = default;
};
BPCI_MESSAGE(other_leaf, path, value_hash)

/// That a key has a value, or that it has none.
struct state_proof {
  std::vector<hash> siblings; ///< from the root downwards; zeros: nothing there
  std::optional<other_leaf> other;

  bool operator==(const state_proof&) const = default;
};
BPCI_MESSAGE(state_proof, siblings, other)

/// The root over all receipts of a block, as it stands in the state.
struct receipts_root {
  height at; ///< the last block that had transactions
  std::uint64_t count = 0;
  hash root{};

  bool operator==(const receipts_root&) const = default;
};
BPCI_MESSAGE(receipts_root, at, count, root)

/// That a block has given this receipt.
struct receipt_proof {
  receipts_root of;
  state_proof in_state;
  std::uint64_t index = 0;
  std::vector<hash> siblings; ///< from the leaf upwards (RFC 9162, section 2.1.3)

  bool operator==(const receipt_proof&) const = default;
};
BPCI_MESSAGE(receipt_proof, of, in_state, index, siblings)

} // namespace bpci::ledger
