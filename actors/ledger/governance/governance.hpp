#pragma once

#include "actors/ledger/module.hpp"

namespace bpci::ledger::governance {

/// What validators decide by vote (messages/ledger/governance.hpp).
module_ptr make_governance();

} // namespace bpci::ledger::governance
