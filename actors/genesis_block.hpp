#pragma once

#include "actors/ledger/genesis.hpp"
#include "messages/consensus/head.hpp"

/// Block 0: what it says is the ledger's, how it is hashed is consensus'. Pure.
namespace bpci {

[[nodiscard]] ledger::header_hashes
hashes_of_genesis(const std::vector<consensus::validator>& validators);

/// The head of a chain that has only its genesis block.
[[nodiscard]] consensus::chain_head genesis_head(const ledger::genesis& x);

} // namespace bpci
