#include "actors/oracle/node_store.hpp"

#include "messages/codec/msgpack.hpp"
#include "messages/oracle/nodes.hpp"
#include "runtime/crypto/hex.hpp"
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

class table final : public entity::state_table {
public:
  std::optional<bytes> load(pqxx::work& tx, const std::string& id) const override {
    auto rows =
        tx.exec_params(std::string{"SELECT "} + columns + " FROM bpi_node WHERE node_id = $1", id);
    if (rows.empty()) return std::nullopt;
    return codec::to_msgpack(to_record(rows[0]));
  }

  void save(pqxx::work& tx, const std::string& id, const bytes& state) const override {
    const auto x = codec::from_msgpack<node_record>(state).value();
    // It was examined when it was registered, which costs as much as a signature.
    crypto::public_key key;
    if (!crypto::read_hex(x.public_key, key.bytes))
      throw storage::refused({ec::storage_failed, "a registered key is no key"});
    const auto seen = x.last_seen ? x.last_seen->get() : std::int64_t{0};
    tx.exec_params0(
        "INSERT INTO bpi_node (node_id, node_type, endpoint, capabilities, public_key, session_no, "
        "registered_at, last_seen_at) VALUES ($1, $2, $3, $4::text[], $5, $6, "
        "to_timestamp($7::bigint / 1000.0), "
        "CASE WHEN $8::bigint > 0 THEN to_timestamp($8::bigint / 1000.0) END) "
        "ON CONFLICT (node_id) DO UPDATE SET node_type = excluded.node_type, "
        "endpoint = excluded.endpoint, capabilities = excluded.capabilities, "
        "session_no = excluded.session_no, last_seen_at = excluded.last_seen_at",
        id, x.node_type, x.endpoint, storage::to_text_array(x.capabilities),
        storage::to_bytea(key.bytes), x.sessions, x.registered_at.get(), seen);
  }
};

} // namespace

entity::state_table_ptr node_table() {
  return std::make_shared<const table>();
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

std::vector<node_id> known_nodes(pqxx::work& tx, const std::vector<node_id>& ids) {
  std::vector<std::string> texts;
  for (const auto& id : ids)
    texts.push_back(id.get());
  std::vector<node_id> out;
  for (const auto& row :
       tx.exec_params("SELECT node_id FROM bpi_node WHERE node_id = ANY($1::text[])",
                      storage::to_text_array(texts)))
    out.emplace_back(row[0].as<std::string>());
  return out;
}

std::uint64_t count_nodes(pqxx::work& tx) {
  return tx.exec1("SELECT count(*) FROM bpi_node")[0].as<std::uint64_t>();
}

} // namespace bpci::oracle::store
