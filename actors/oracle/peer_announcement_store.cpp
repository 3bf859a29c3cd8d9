#include "actors/oracle/peer_announcement_store.hpp"

#include "messages/codec/msgpack.hpp"
#include "runtime/storage/sql.hpp"

namespace bpci::oracle::store {

void keep_peer_announcements(pqxx::work& tx, const consensus::address& of_operator,
                             const std::vector<announced_node>& nodes) {
  for (const auto& one : nodes) {
    const auto& x = one.announcement;
    tx.exec_params0(
        "INSERT INTO peer_announcement (operator, node_id, node_type, capabilities, issued_at, "
        "until, announcement) SELECT $1, $2, $3, $4::text[], $5, "
        "to_timestamp($6::bigint / 1000.0), $7 "
        "WHERE (SELECT count(*) FROM peer_announcement WHERE operator = $1) < $8 "
        "OR EXISTS (SELECT FROM peer_announcement WHERE operator = $1 AND node_id = $2) "
        "ON CONFLICT (operator, node_id) DO UPDATE SET node_type = excluded.node_type, "
        "capabilities = excluded.capabilities, issued_at = excluded.issued_at, "
        "until = excluded.until, announcement = excluded.announcement "
        "WHERE peer_announcement.issued_at < excluded.issued_at",
        storage::to_bytea(of_operator), x.node_id.get(), x.node_type,
        storage::to_text_array(x.capabilities), x.issued_at.get(), one.until.get(),
        storage::to_bytea(codec::to_msgpack(x)), peer_announcements_max);
  }
}

std::vector<announced_node> peer_announcements(pqxx::work& tx, const discover& what,
                                               const std::string& id,
                                               const std::string& of_operator, std::size_t limit) {
  std::vector<announced_node> out;
  for (const auto& row : tx.exec_params(
           "SELECT encode(operator, 'hex') AS operator, announcement, "
           "(extract(epoch from until) * 1000)::bigint AS until_ms FROM peer_announcement "
           "WHERE until > now() AND ($1 = '' OR node_type = $1) AND capabilities @> $2::text[] "
           "AND (node_id COLLATE \"C\", encode(operator, 'hex')) > ($3, $4) "
           "ORDER BY node_id COLLATE \"C\", operator LIMIT $5",
           what.type, storage::to_text_array(what.capabilities), id, of_operator, limit))
    out.push_back(
        {codec::from_msgpack<announcement>(storage::to_bytes(row["announcement"])).value(),
         timestamp_ms{row["until_ms"].as<std::int64_t>()}, row["operator"].as<std::string>()});
  return out;
}

void drop_stale_peer_announcements(pqxx::work& tx) {
  tx.exec0("DELETE FROM peer_announcement WHERE until <= now()");
}

} // namespace bpci::oracle::store
