#pragma once

#include "messages/ledger/account.hpp"

namespace bpci::ledger::governance {

/// In whose name a proposal that has passed is executed: a command that only governance may give
/// checks that this is its sender.
account own_account();

} // namespace bpci::ledger::governance
