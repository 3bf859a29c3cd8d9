#pragma once

#include <pqxx/transaction>

#include <optional>
#include <string>

/// The table `admin_token` (runtime/storage/migrations/0003-admin-token). Holds hashes only.
namespace bpci::gateway::store {

/// Enters the first token of the cluster. True also when it stands there already, because an
/// earlier try was committed and nobody heard of it; false when another one does.
bool enter_first_token(pqxx::work& tx, const std::string& hash);

/// Does nothing, on the server.
void ping(pqxx::work& tx);

/// The label of a token; none if it is not known.
std::optional<std::string> find_token(pqxx::work& tx, const std::string& hash);

} // namespace bpci::gateway::store
