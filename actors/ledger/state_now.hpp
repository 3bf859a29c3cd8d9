#pragma once

#include "actors/ledger/state/trie.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

/// What LEDGER and MEMPOOL of one node say to each other beside messages/chain/pool.hpp.
namespace bpci::ledger {

/// "Tell me the state now, and after each block." From: MEMPOOL. To: LEDGER. First comes a
/// state_now, once it has loaded.
struct watch_state {};

struct state_now {
  state_trie state; ///< shares its nodes
  height at;        ///< after this block
};

/// From: LEDGER. To: MEMPOOL. Answer: waiting_transaction. Errors: not_found.
struct find_waiting {
  hash id{};
};

struct waiting_transaction {
  bytes encoded;
};

} // namespace bpci::ledger

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::ledger::watch_state)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::ledger::state_now)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::ledger::find_waiting)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::ledger::waiting_transaction)
