#include "actors/oracle/node_store.hpp"

#include "runtime/storage/sql.hpp"

#include <algorithm>

namespace bpci::oracle::store {

namespace {

constexpr auto columns = "node_id, node_type, endpoint, capabilities, public_key, session_no, "
                         "(extract(epoch from registered_at) * 1000)::bigint AS registered_ms, "
                         "(extract(epoch from last_seen_at) * 1000)::bigint AS seen_ms";

node_record to_record(const pqxx::row& row) {
  node_record out;
  out.node_id = node_id{row["node_id"].as<std::string>()};
  out.node_type = row["node_type"].as<std::string>();
  out.endpoint = row["endpoint"].as<std::string>();
  out.capabilities = storage::to_texts(row["capabilities"]);
  out.public_key = crypto::to_hex(storage::to_bytes(row["public_key"]));
  out.sessions = row["session_no"].as<std::uint64_t>();
  out.registered_at = timestamp_ms{row["registered_ms"].as<std::int64_t>()};
  if (!row["seen_ms"].is_null()) out.last_seen = timestamp_ms{row["seen_ms"].as<std::int64_t>()};
  return out;
}

} // namespace

result<node_record> register_node(pqxx::work& tx, const registration& x,
                                  const crypto::public_key& key) {
  auto rows = tx.exec_params(
      std::string{"INSERT INTO bpi_node (node_id, node_type, endpoint, capabilities, public_key) "
                  "VALUES ($1, $2, $3, $4::text[], $5) "
                  "ON CONFLICT (node_id) DO UPDATE SET node_type = excluded.node_type, "
                  "endpoint = excluded.endpoint, capabilities = excluded.capabilities "
                  "WHERE bpi_node.public_key = excluded.public_key RETURNING "}
          + columns,
      x.node_id.get(), x.node_type, x.endpoint, storage::to_text_array(x.capabilities),
      storage::to_bytea(key.bytes));
  if (rows.empty())
    return fail(ec::conflict, "the id '" + x.node_id.get() + "' is registered under another key");
  return to_record(rows[0]);
}

result<session_no> open_session(pqxx::work& tx, const node_id& id, const crypto::public_key& key) {
  auto rows = tx.exec_params("UPDATE bpi_node SET session_no = session_no + 1, "
                             "last_seen_at = now() WHERE node_id = $1 AND public_key = $2 "
                             "RETURNING session_no",
                             id.get(), storage::to_bytea(key.bytes));
  if (rows.empty()) return fail(ec::unknown_node, id.get());
  return session_no{rows[0][0].as<std::uint64_t>()};
}

std::optional<crypto::public_key> find_key(pqxx::work& tx, const node_id& id) {
  auto rows = tx.exec_params("SELECT public_key FROM bpi_node WHERE node_id = $1", id.get());
  if (rows.empty()) return std::nullopt;
  crypto::public_key key;
  std::ranges::copy(storage::to_bytes(rows[0][0]), key.bytes.begin());
  return key;
}

std::vector<node_record> list_nodes(pqxx::work& tx, const node_id& after, const std::string& type,
                                    std::size_t limit) {
  std::vector<node_record> out;
  for (const auto& row : tx.exec_params(std::string{"SELECT "} + columns
                                            + " FROM bpi_node WHERE node_id > $1 "
                                              "AND ($2 = '' OR node_type = $2) "
                                              "ORDER BY node_id LIMIT $3",
                                        after.get(), type, limit))
    out.push_back(to_record(row));
  return out;
}

std::uint64_t count_nodes(pqxx::work& tx) {
  return tx.exec1("SELECT count(*) FROM bpi_node")[0].as<std::uint64_t>();
}

} // namespace bpci::oracle::store
