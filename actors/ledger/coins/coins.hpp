#pragma once

#include "actors/ledger/module.hpp"

namespace bpci::ledger::coins {

/// Transfers, and the balances that a chain begins with (messages/ledger/coins.hpp).
module_ptr make_coins();

} // namespace bpci::ledger::coins
