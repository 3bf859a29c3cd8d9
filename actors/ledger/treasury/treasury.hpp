#pragma once

#include "actors/ledger/module.hpp"

namespace bpci::ledger::treasury {

/// Funds of the network, spent by governance alone (messages/ledger/treasury.hpp).
module_ptr make_treasury();

} // namespace bpci::ledger::treasury
