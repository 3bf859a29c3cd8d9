#pragma once

#include "messages/error.hpp"
#include "messages/oracle/nodes.hpp"
#include "runtime/crypto/keys.hpp"

#include <pqxx/transaction>

#include <optional>

/// The table `bpi_node` (runtime/storage/migrations/0002-bpi-nodes).
namespace bpci::oracle::store {

/// Enters a node, or brings what may change up to date. The same id under another key is a
/// `conflict`: whoever took over an id could read its messages.
result<node_record> register_node(pqxx::work& tx, const registration& x,
                                  const crypto::public_key& key);

/// Opens a session: counts the handshake and says which. `unknown_node` when the id is not
/// registered under this key.
result<session_no> open_session(pqxx::work& tx, const node_id& id, const crypto::public_key& key);

/// The key of a node, when it is registered.
std::optional<crypto::public_key> find_key(pqxx::work& tx, const node_id& id);

/// Nodes after `after`, in the order of their ids, `limit` at most; `type` empty: of any type.
std::vector<node_record> list_nodes(pqxx::work& tx, const node_id& after, const std::string& type,
                                    std::size_t limit);

std::uint64_t count_nodes(pqxx::work& tx);

} // namespace bpci::oracle::store
