#pragma once

#include <pqxx/transaction>

#include <optional>
#include <string>
#include <vector>

/// The table `admin_token` (runtime/storage/migrations/0003-admin-token). Holds hashes only.
namespace bpci::gateway::store {

/// Enters the first token of the cluster; false when there is one already, of whichever node.
bool enter_first_token(pqxx::work& tx, const std::string& hash);

/// Does nothing, on the server.
void ping(pqxx::work& tx);

bool knows_token(pqxx::work& tx, const std::string& hash);

} // namespace bpci::gateway::store
