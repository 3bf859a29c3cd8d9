#pragma once

#include "messages/oracle/conduct.hpp"
#include "messages/oracle/discovery.hpp"
#include "runtime/crypto/keys.hpp"
#include "runtime/entity/state_table.hpp"

#include <pqxx/transaction>

#include <cstdint>

/// The table `bpi_node` (runtime/storage/migrations/0002-bpi-nodes, 0013-bpi-node-standing).
namespace bpci::oracle::store {

/// Where the kind `bpi-node` keeps its state: rows that were there before it are entities, too.
entity::state_table_ptr node_table();

/// The key under which a node may send. Errors: unknown_node (it is not registered), isolated.
result<crypto::public_key> find_key(pqxx::work& tx, const node_id& id);

/// Nodes after `after`, in the order of their ids, `limit` at most; `type` empty: of any type.
std::vector<node_record> list_nodes(pqxx::work& tx, const node_id& after, const std::string& type,
                                    std::size_t limit);

/// Those of `ids` that are registered.
std::vector<node_id> known_nodes(pqxx::work& tx, const std::vector<node_id>& ids);

std::uint64_t count_nodes(pqxx::work& tx);

/// Those that are isolated now, in the order of their ids.
std::vector<node_record> isolated_nodes(pqxx::work& tx, std::size_t limit);
std::uint64_t count_isolated(pqxx::work& tx);

/// Whose announcements hold now, and who is not isolated: after the node `after`, in the order of
/// their ids, `limit` at most.
std::vector<announced_node> announced_nodes(pqxx::work& tx, const discover& what,
                                            const std::string& after, std::size_t limit);
std::uint64_t count_announced(pqxx::work& tx);

/// The last events of all nodes, newest first.
std::vector<node_alert> last_events(pqxx::work& tx, std::size_t limit);

} // namespace bpci::oracle::store
