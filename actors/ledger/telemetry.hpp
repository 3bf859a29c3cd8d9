#pragma once

#include "messages/chain/pool.hpp"
#include "messages/ids.hpp"

#include <chrono>
#include <cstdint>
#include <string_view>

/// What is counted of the ledger.
namespace bpci::ledger::telemetry {

/// The chain stands here now.
void height_is(height at);

/// A block is on the disk; `took` from when it was handed over.
void appended(std::uint64_t transactions, std::chrono::nanoseconds took);

/// A block was filled, or executed to judge it.
void executed(std::chrono::nanoseconds took);

/// What waits in MEMPOOL.
void pool_is(const chain::pool_status& x);

/// MEMPOOL has taken a transaction, or refused it with this name.
void taken();
void refused(std::string_view why);

} // namespace bpci::ledger::telemetry
