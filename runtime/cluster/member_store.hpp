#pragma once

#include "messages/error.hpp"
#include "messages/runtime/cluster.hpp"

#include <pqxx/transaction>

/// The table `member` (runtime/storage/migrations/0001-members).
namespace bpci::cluster::store {

/// Enters a new life of `who.id`; a former one that is still on record is dead. Sets the
/// incarnation of the answer.
member join(pqxx::work& tx, member who);

/// Counts one heartbeat and reads all live members. Fails with `superseded` when this life has
/// been declared dead: the node must stop at once.
result<std::vector<member>> beat(pqxx::work& tx, incarnation self);

/// False when the member has moved, or was buried, in the meantime.
bool bury(pqxx::work& tx, const member& who, const std::string& reason);

void leave(pqxx::work& tx, incarnation self);

} // namespace bpci::cluster::store
