#pragma once

#include "actors/ledger/module.hpp"
#include "messages/ledger/anchors.hpp"

namespace bpci::ledger::anchors {

/// Merkle roots of what is kept elsewhere (messages/ledger/anchors.hpp).
module_ptr make_anchors();

/// Where an anchor stands in the state, and as what: for proofs against a block's state root.
std::string anchor_key(const account& owner, subject what, std::string_view label);

} // namespace bpci::ledger::anchors
