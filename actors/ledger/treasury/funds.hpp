#pragma once

#include "actors/ledger/module.hpp"
#include "messages/ledger/treasury.hpp"

/// The accounts of the treasury as the other parts of the ledger use them.
namespace bpci::ledger::treasury {

/// The account of a fund: anybody may pay into it.
account fund_account(fund x);

} // namespace bpci::ledger::treasury
