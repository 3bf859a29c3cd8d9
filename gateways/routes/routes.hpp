#pragma once

#include "gateways/api/call.hpp"

#include <vector>

/// What can be asked of a node over HTTP, a table for each concern.
namespace bpci::gateway {

/// Whether the node lives and is ready, and its metrics.
std::vector<route> health_routes();

/// All that admins look at and act on: those below. Whatever acts goes through `carry_out`
/// (gateways/api/admin_action.hpp).
std::vector<route> admin_routes();

std::vector<route> cluster_routes();    ///< Members, and draining them.
std::vector<route> slot_routes();       ///< Who owns what, and why.
std::vector<route> entity_routes();     ///< Entities, outbox, inbox, timers.
std::vector<route> actor_routes();      ///< The supervision trees.
std::vector<route> quarantine_routes(); ///< Messages that were set aside.
std::vector<route> audit_routes();      ///< What admins did.

/// Document 2, "Oracle Node Management".
std::vector<route> oracle_routes();
std::vector<route> start_routes(); ///< Starting a node that runs.

/// What can be asked, as OpenAPI 3.1.
std::vector<route> openapi_routes();
std::vector<route> node_routes();      ///< Part of them: isolation and keys of BPI nodes.
std::vector<route> discovery_routes(); ///< Part of them: announcements.

/// Document 3: the chain that this node's cluster keeps, through its KEEPER.
std::vector<route> chain_routes();       ///< Blocks, state, validators, and why it waits.
std::vector<route> transaction_routes(); ///< Transactions and accounts.
std::vector<route> wallet_routes();      ///< Keys that this cluster keeps for people.

} // namespace bpci::gateway
