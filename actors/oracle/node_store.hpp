#pragma once

#include "messages/oracle/nodes.hpp"
#include "runtime/crypto/keys.hpp"
#include "runtime/entity/state_table.hpp"

#include <pqxx/transaction>

#include <optional>

/// The table `bpi_node` (runtime/storage/migrations/0002-bpi-nodes).
namespace bpci::oracle::store {

/// Where the kind `bpi-node` keeps its state: rows that were there before it are entities, too.
entity::state_table_ptr node_table();

/// The key of a node, when it is registered.
std::optional<crypto::public_key> find_key(pqxx::work& tx, const node_id& id);

/// Nodes after `after`, in the order of their ids, `limit` at most; `type` empty: of any type.
std::vector<node_record> list_nodes(pqxx::work& tx, const node_id& after, const std::string& type,
                                    std::size_t limit);

/// Those of `ids` that are registered.
std::vector<node_id> known_nodes(pqxx::work& tx, const std::vector<node_id>& ids);

std::uint64_t count_nodes(pqxx::work& tx);

} // namespace bpci::oracle::store
