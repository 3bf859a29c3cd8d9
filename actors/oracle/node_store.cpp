#include "actors/oracle/node_store.hpp"

#include "messages/codec/msgpack.hpp"
#include "messages/oracle/nodes.hpp"
#include "runtime/crypto/hex.hpp"
#include "runtime/storage/sql.hpp"

#include <algorithm>

namespace bpci::oracle::store {

namespace {

/// What no query looks at, in one column.
struct node_rest {
  std::string isolated_for;
  std::uint64_t isolations = 0;
  std::uint64_t settled_sessions = 0;
  std::vector<former_key> former_keys;
  std::vector<node_event> events;
  std::optional<announcement> announced;
};
BPCI_MESSAGE(node_rest, isolated_for, isolations, settled_sessions, former_keys, events, announced)

constexpr auto columns = "node_id, node_type, endpoint, capabilities, public_key, session_no, "
                         "(extract(epoch from registered_at) * 1000)::bigint AS registered_ms, "
                         "(extract(epoch from last_seen_at) * 1000)::bigint AS seen_ms, "
                         "(extract(epoch from isolated_until) * 1000)::bigint AS isolated_ms, "
                         "(extract(epoch from announced_until) * 1000)::bigint AS announced_ms, "
                         "rest";

std::optional<timestamp_ms> to_time(const pqxx::field& x) {
  if (x.is_null()) return std::nullopt;
  return timestamp_ms{x.as<std::int64_t>()};
}

void add_rest(node_record& to, const pqxx::field& x) {
  if (x.is_null()) return; // from before there was one
  auto rest = codec::from_msgpack<node_rest>(storage::to_bytes(x)).value();
  to.isolated_for = std::move(rest.isolated_for);
  to.isolations = rest.isolations;
  to.settled_sessions = rest.settled_sessions;
  to.former_keys = std::move(rest.former_keys);
  to.events = std::move(rest.events);
  to.announced = std::move(rest.announced);
}

bytes rest_of(const node_record& x) {
  return codec::to_msgpack(node_rest{x.isolated_for, x.isolations, x.settled_sessions,
                                     x.former_keys, x.events, x.announced});
}

node_record to_record(const pqxx::row& row) {
  node_record out;
  out.node_id = node_id{row["node_id"].as<std::string>()};
  out.node_type = row["node_type"].as<std::string>();
  out.endpoint = row["endpoint"].as<std::string>();
  out.capabilities = storage::to_texts(row["capabilities"]);
  out.public_key = crypto::to_hex(storage::to_bytes(row["public_key"]));
  out.sessions = row["session_no"].as<std::uint64_t>();
  out.registered_at = timestamp_ms{row["registered_ms"].as<std::int64_t>()};
  out.last_seen = to_time(row["seen_ms"]);
  out.isolated_until = to_time(row["isolated_ms"]);
  out.announced_until = to_time(row["announced_ms"]);
  add_rest(out, row["rest"]);
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
    auto ms = [](const std::optional<timestamp_ms>& at) {
      return at ? at->get() : std::int64_t{0};
    };
    const auto last_event = x.events.empty() ? std::int64_t{0} : x.events.back().at.get();
    tx.exec_params0(
        "INSERT INTO bpi_node (node_id, node_type, endpoint, capabilities, public_key, session_no, "
        "registered_at, last_seen_at, isolated_until, announced_until, last_event_at, rest) "
        "VALUES ($1, $2, $3, $4::text[], $5, $6, to_timestamp($7::bigint / 1000.0), "
        "CASE WHEN $8::bigint > 0 THEN to_timestamp($8::bigint / 1000.0) END, "
        "CASE WHEN $9::bigint > 0 THEN to_timestamp($9::bigint / 1000.0) END, "
        "CASE WHEN $10::bigint > 0 THEN to_timestamp($10::bigint / 1000.0) END, "
        "CASE WHEN $11::bigint > 0 THEN to_timestamp($11::bigint / 1000.0) END, $12) "
        "ON CONFLICT (node_id) DO UPDATE SET node_type = excluded.node_type, "
        "endpoint = excluded.endpoint, capabilities = excluded.capabilities, "
        "public_key = excluded.public_key, "
        "session_no = excluded.session_no, last_seen_at = excluded.last_seen_at, "
        "isolated_until = excluded.isolated_until, announced_until = excluded.announced_until, "
        "last_event_at = excluded.last_event_at, rest = excluded.rest",
        id, x.node_type, x.endpoint, storage::to_text_array(x.capabilities),
        storage::to_bytea(key.bytes), x.sessions, x.registered_at.get(), ms(x.last_seen),
        ms(x.isolated_until), ms(x.announced_until), last_event, storage::to_bytea(rest_of(x)));
  }
};

} // namespace

entity::state_table_ptr node_table() {
  return std::make_shared<const table>();
}

result<crypto::public_key> find_key(pqxx::work& tx, const node_id& id) {
  auto rows = tx.exec_params("SELECT public_key, isolated_until > now() AS isolated "
                             "FROM bpi_node WHERE node_id = $1",
                             id.get());
  if (rows.empty()) return fail(ec::unknown_node, id.get());
  if (rows[0]["isolated"].as<bool>(false)) return fail(ec::isolated, id.get());
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

std::vector<node_record> isolated_nodes(pqxx::work& tx, std::size_t limit) {
  std::vector<node_record> out;
  for (const auto& row : tx.exec_params(std::string{"SELECT "} + columns
                                            + " FROM bpi_node WHERE isolated_until > now() "
                                              "ORDER BY node_id LIMIT $1",
                                        limit))
    out.push_back(to_record(row));
  return out;
}

std::uint64_t count_isolated(pqxx::work& tx) {
  return tx.exec1("SELECT count(*) FROM bpi_node WHERE isolated_until > now()")[0]
      .as<std::uint64_t>();
}

/// The newest `limit` events belong to the `limit` nodes with the newest last ones.
std::vector<node_alert> last_events(pqxx::work& tx, std::size_t limit) {
  std::vector<node_alert> out;
  for (const auto& row : tx.exec_params(std::string{"SELECT "} + columns
                                            + " FROM bpi_node WHERE last_event_at IS NOT NULL "
                                              "ORDER BY last_event_at DESC LIMIT $1",
                                        limit)) {
    auto node = to_record(row);
    for (auto& event : node.events)
      out.push_back({node.node_id, std::move(event)});
  }
  std::ranges::stable_sort(
      out, [](const node_alert& x, const node_alert& y) { return x.event.at > y.event.at; });
  if (out.size() > limit) out.resize(limit);
  return out;
}

std::vector<announced_node> announced_nodes(pqxx::work& tx, const discover& what,
                                            const std::string& after, std::size_t limit) {
  std::vector<announced_node> out;
  for (const auto& row :
       tx.exec_params(std::string{"SELECT "} + columns
                          + " FROM bpi_node WHERE announced_until > now() "
                            "AND (isolated_until IS NULL OR isolated_until <= now()) "
                            "AND ($1 = '' OR node_type = $1) AND capabilities @> $2::text[] AND "
                            "node_id COLLATE \"C\" > $3 "
                            "ORDER BY node_id COLLATE \"C\" LIMIT $4",
                      what.type, storage::to_text_array(what.capabilities), after, limit)) {
    auto node = to_record(row);
    if (node.announced) out.push_back({std::move(*node.announced), *node.announced_until, {}});
  }
  return out;
}

std::uint64_t count_announced(pqxx::work& tx) {
  return tx.exec1("SELECT count(*) FROM bpi_node WHERE announced_until > now()")[0]
      .as<std::uint64_t>();
}

std::uint64_t count_nodes(pqxx::work& tx) {
  return tx.exec1("SELECT count(*) FROM bpi_node")[0].as<std::uint64_t>();
}

} // namespace bpci::oracle::store
