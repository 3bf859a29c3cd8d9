#include "runtime/entity/outbox_store.hpp"

#include "runtime/entity/sql_array.hpp"
#include "runtime/storage/sql.hpp"

#include <algorithm>

namespace bpci::entity::store {

namespace {

/// Of one slot at a time, so that a slot with very many rows does not hide the others.
constexpr std::uint64_t rows_per_slot = 64;

constexpr auto delete_sql =
    "WITH mine AS (SELECT slot FROM slot WHERE owner = $1 AND slot IN "
    "(SELECT slot FROM outbox WHERE no = ANY ($2::bigint[])) ORDER BY slot FOR SHARE) "
    "DELETE FROM outbox o USING mine WHERE o.no = ANY ($2::bigint[]) AND o.slot = mine.slot";

constexpr auto setback_sql =
    "UPDATE outbox o SET attempts = c.attempts, next_at = now() + c.pause * interval '1 ms', "
    "set_aside = c.aside, last_error = c.error "
    "FROM unnest($2::bigint[], $3::integer[], $4::bigint[], $5::boolean[], $6::text[]) "
    "AS c (no, attempts, pause, aside, error), slot s "
    "WHERE o.no = c.no AND s.slot = o.slot AND s.owner = $1";

/// Cut off by their number, so that no effect is read without those of its source before it.
constexpr auto read_sql =
    "SELECT * FROM (SELECT o.*, "
    "sum(length(o.body)) OVER (ORDER BY o.no) - length(o.body) AS before FROM slot s "
    "CROSS JOIN LATERAL (SELECT no, slot, from_kind, from_id, to_kind, to_id, key, name, body, "
    "attempts FROM outbox r WHERE r.slot = s.slot AND NOT r.set_aside "
    "AND r.no <> ALL ($6::bigint[]) AND NOT EXISTS (SELECT FROM unnest($7::text[], $8::text[]) "
    "AS w (kind, id) WHERE w.kind = r.from_kind AND w.id = r.from_id) ORDER BY no LIMIT $3) o "
    "WHERE s.slot = ANY ($2::integer[]) AND s.owner = $1) x "
    "WHERE before < $5 ORDER BY no LIMIT $4";

void write_setbacks(pqxx::work& tx, incarnation self, const std::vector<setback>& what) {
  sql_array numbers, attempts, pauses, aside, errors;
  for (const auto& x : what) {
    numbers.add(x.no);
    attempts.add(x.attempts);
    pauses.add(x.pause.count());
    aside.add(std::string_view{x.set_aside ? "t" : "f"});
    errors.add(std::string_view{x.error});
  }
  tx.exec_params(setback_sql, self.get(), numbers.text(), attempts.text(), pauses.text(),
                 aside.text(), errors.text());
}

std::string numbers_of(const std::vector<slots::slot_no>& which) {
  sql_array out;
  for (auto slot : which)
    out.add(slot.get());
  return out.text();
}

effect_row to_row(const pqxx::row& row) {
  effect_row out;
  out.no = row["no"].as<std::uint64_t>();
  out.slot = slots::slot_no{row["slot"].as<std::uint16_t>()};
  out.from = {row["from_kind"].as<std::string>(), row["from_id"].as<std::string>()};
  out.to = {row["to_kind"].as<std::string>(), row["to_id"].as<std::string>()};
  out.key = row["key"].as<std::string>();
  out.name = row["name"].as<std::string>();
  out.body = storage::to_bytes(row["body"]);
  out.attempts = row["attempts"].as<std::uint32_t>();
  return out;
}

} // namespace

errand_result run_errand(pqxx::work& tx, incarnation self, const errand& what,
                         const errand_room& room) {
  if (!what.done.empty()) {
    sql_array done;
    for (auto no : what.done)
      done.add(no);
    tx.exec_params(delete_sql, self.get(), done.text());
  }
  if (!what.setbacks.empty()) write_setbacks(tx, self, what.setbacks);
  errand_result out;
  if (what.read.empty() || room.rows == 0) return out;
  sql_array held, kinds, ids;
  for (auto no : what.held)
    held.add(no);
  for (const auto& source : what.without) {
    kinds.add(std::string_view{source.kind});
    ids.add(std::string_view{source.id});
  }
  for (const auto& row :
       tx.exec_params(read_sql, self.get(), numbers_of(what.read), rows_per_slot, room.rows,
                      room.bytes, held.text(), kinds.text(), ids.text()))
    out.rows.push_back(to_row(row));
  out.full = out.rows.size() >= rows_per_slot || out.rows.size() == room.rows;
  return out;
}

outbox_measure measure_outbox(pqxx::work& tx, const std::vector<slots::slot_no>& owned) {
  auto row = tx.exec_params1(
      "SELECT count(*), COALESCE(extract(epoch FROM now() - min(since)) * 1000, 0)::bigint FROM "
      "(SELECT since FROM outbox WHERE slot = ANY ($1::integer[]) AND NOT set_aside LIMIT 10000) x",
      numbers_of(owned));
  return {row[0].as<std::uint64_t>(),
          static_cast<std::uint64_t>(std::max<std::int64_t>(row[1].as<std::int64_t>(), 0))};
}

std::uint64_t prune_inbox(pqxx::work& tx, const std::vector<slots::slot_no>& owned,
                          std::chrono::hours kept, std::uint64_t most) {
  return tx
      .exec_params("DELETE FROM inbox WHERE ctid IN (SELECT ctid FROM inbox "
                   "WHERE at < now() - $2 * interval '1 hour' AND slot = ANY ($1::integer[]) "
                   "ORDER BY at LIMIT $3)",
                   numbers_of(owned), kept.count(), most)
      .affected_rows();
}

} // namespace bpci::entity::store
