#include "runtime/slots/slot_store.hpp"

#include "runtime/slots/slot_report.hpp"
#include "runtime/storage/sql.hpp"

#include <algorithm>
#include <limits>

namespace bpci::slots::store {

namespace {

constexpr std::uint64_t page_default = 100;
constexpr std::uint64_t page_max = 1'000;

/// `int[]` and `bigint[]` as parameters.
template <class Range, class Project>
std::string to_array(const Range& values, Project project) {
  auto text = std::string{"{"};
  for (const auto& value : values) {
    if (text.size() > 1) text += ',';
    text += std::to_string(project(value));
  }
  return text + "}";
}

std::string slots_of(std::span<const seen_slot> x) {
  return to_array(x, [](const auto& one) { return one.slot.get(); });
}

std::string epochs_of(std::span<const seen_slot> x) {
  return to_array(x, [](const auto& one) { return one.epoch.get(); });
}

/// UPDATE takes rows in any order; two that meet on several rows would wait for each other. It also
/// waits here, so that the statement behind it sees what the writers have left.
void lock_in_order(pqxx::work& tx, const std::string& slots) {
  tx.exec_params("SELECT 1 FROM slot WHERE slot = ANY ($1::int[]) ORDER BY slot "
                 "FOR NO KEY UPDATE",
                 slots);
}

slot_record to_record(const pqxx::row& row) {
  slot_record out;
  out.row.slot = slot_no{row["slot"].as<std::uint16_t>()};
  out.row.epoch = epoch_no{row["epoch"].as<std::uint64_t>()};
  out.row.owner = incarnation{row["owner"].as<std::uint64_t>(0)};
  out.row.draining = row["draining"].as<bool>();
  out.row.pinned = member_id{row["pinned"].as<std::string>()};
  out.owner_id = member_id{row["owner_id"].as<std::string>("")};
  out.reason = row["reason"].as<std::string>();
  out.moved_at = timestamp_ms{row["moved_ms"].as<std::int64_t>()};
  return out;
}

/// The columns of to_record, of a slot `s` with its owner as member `m`.
constexpr auto columns = "s.slot, s.epoch, s.owner, s.draining, s.pinned, s.reason, "
                         "m.member_id AS owner_id, "
                         "(extract(epoch FROM s.moved_at) * 1000)::bigint AS moved_ms";

table_part to_part(const pqxx::result& rows) {
  table_part out;
  for (const auto& row : rows)
    out.rows.push_back(to_record(row));
  std::ranges::sort(out.rows, {}, [](const auto& x) { return x.row.slot; });
  return out;
}

/// The last lock of a transaction: the row gives all changes one order.
struct numbers {
  change_no change;
  std::uint64_t view = 0;
};

numbers next_change(pqxx::work& tx) {
  auto row = tx.exec1("UPDATE cluster_view SET change_no = change_no + 1 "
                      "RETURNING change_no, view_no");
  return {change_no{row[0].as<std::uint64_t>()}, row[1].as<std::uint64_t>()};
}

bool is_up(pqxx::work& tx, incarnation self) {
  return !tx.exec_params("SELECT 1 FROM member WHERE incarnation = $1 AND state = 'up'", self.get())
              .empty();
}

/// A move of each of these slots, in their order; `from` has as many members.
void record_moves(pqxx::work& tx, const std::string& slots, std::span<const std::string> from,
                  const std::string& to, std::uint64_t view) {
  tx.exec_params("INSERT INTO slot_move (slot, epoch, from_member, to_member, view_no, reason) "
                 "SELECT s.slot, s.epoch, f.member, $3, $4, s.reason "
                 "FROM unnest($1::int[], $2::text[]) AS f (slot, member) JOIN slot s USING (slot) "
                 "ORDER BY s.slot",
                 slots, storage::to_text_array(from), to, view);
}

std::string numbers_of(const pqxx::result& rows) {
  return to_array(rows, [](const auto& row) { return row["slot"].template as<int>(); });
}

pqxx::result take(pqxx::work& tx, incarnation self, std::span<const seen_slot> slots) {
  return tx.exec_params(
      "WITH free AS ("
      "  SELECT s.slot, coalesce(o.member_id, '') AS had,"
      "    CASE o.state WHEN 'dead' THEN o.member_id || ' is dead'"
      "      WHEN 'left' THEN o.member_id || ' has left' ELSE 'nobody had it' END AS why"
      "  FROM unnest($2::int[], $3::bigint[]) AS seen (slot, epoch)"
      "  JOIN slot s USING (slot, epoch) LEFT JOIN member o ON o.incarnation = s.owner"
      "  WHERE s.owner IS NULL OR o.state = 'left' "
      "    OR o.state = 'dead' AND o.claimable_at <= clock_timestamp()) "
      "UPDATE slot s SET owner = $1, epoch = next_epoch(s.epoch), draining = false, "
      "  reason = 'claimed: ' || free.why, moved_at = now() "
      "FROM free, member m WHERE s.slot = free.slot AND m.incarnation = $1 "
      "RETURNING free.had, "
          + std::string{columns},
      self.get(), slots_of(slots), epochs_of(slots));
}

pqxx::result give_away(pqxx::work& tx, incarnation self, std::span<const seen_slot> slots,
                       const std::string& reason) {
  return tx.exec_params(
      "UPDATE slot s SET owner = NULL, epoch = next_epoch(s.epoch), draining = false, "
      "  reason = $4, moved_at = now() "
      "FROM unnest($2::int[], $3::bigint[]) AS seen (slot, epoch), member m "
      "WHERE s.slot = seen.slot AND s.epoch = seen.epoch AND s.owner = $1 AND m.incarnation = $1 "
      "RETURNING "
          + std::string{columns},
      self.get(), slots_of(slots), epochs_of(slots), reason);
}

} // namespace

table_part read_all(pqxx::work& tx) {
  auto rows = tx.exec("SELECT v.change_no, " + std::string{columns}
                      + " FROM cluster_view v CROSS JOIN slot s "
                        "LEFT JOIN member m ON m.incarnation = s.owner");
  auto out = to_part(rows);
  out.change = change_no{rows[0]["change_no"].as<std::uint64_t>()};
  return out;
}

result<table_part> claim(pqxx::work& tx, incarnation self, std::span<const seen_slot> slots) {
  lock_in_order(tx, slots_of(slots));
  auto rows = take(tx, self, slots);
  auto out = to_part(rows);
  numbers now;
  if (!rows.empty()) now = next_change(tx);
  if (!is_up(tx, self)) return fail(ec::not_permitted, "this member is not up");
  if (rows.empty()) return out;
  out.change = now.change;
  std::vector<std::string> from;
  for (const auto& row : rows)
    from.push_back(row["had"].as<std::string>());
  record_moves(tx, numbers_of(rows), from, out.rows.front().owner_id.get(), now.view);
  return out;
}

table_part mark_draining(pqxx::work& tx, incarnation self, std::span<const seen_slot> slots) {
  lock_in_order(tx, slots_of(slots));
  auto out = to_part(tx.exec_params(
      "UPDATE slot s SET draining = true "
      "FROM unnest($2::int[], $3::bigint[]) AS seen (slot, epoch), member m "
      "WHERE s.slot = seen.slot AND s.epoch = seen.epoch AND s.owner = $1 AND m.incarnation = $1 "
      "RETURNING "
          + std::string{columns},
      self.get(), slots_of(slots), epochs_of(slots)));
  if (!out.rows.empty()) out.change = next_change(tx).change;
  return out;
}

table_part release(pqxx::work& tx, incarnation self, std::span<const seen_slot> slots,
                   const std::string& reason) {
  lock_in_order(tx, slots_of(slots));
  auto rows = give_away(tx, self, slots, reason);
  auto out = to_part(rows);
  if (rows.empty()) return out;
  auto now = next_change(tx);
  auto from = std::vector<std::string>(out.rows.size(), out.rows.front().owner_id.get());
  record_moves(tx, numbers_of(rows), from, {}, now.view);
  for (auto& x : out.rows)
    x.owner_id = {};
  out.change = now.change;
  return out;
}

std::uint64_t pin(pqxx::work& tx, std::span<const slot_no> slots, const member_id& member) {
  auto numbers = to_array(slots, [](const auto& x) { return x.get(); });
  lock_in_order(tx, numbers);
  auto changed = tx.exec_params("UPDATE slot SET pinned = $2 WHERE slot = ANY ($1::int[])", numbers,
                                member.get())
                     .affected_rows();
  if (changed > 0) next_change(tx);
  return changed;
}

move_page list_moves(pqxx::work& tx, const move_query& what) {
  auto limit = what.limit == 0 ? page_default : std::min(what.limit, page_max);
  auto after = what.after == 0 ? std::numeric_limits<std::int64_t>::max()
                               : static_cast<std::int64_t>(what.after);
  move_page page;
  for (const auto& row :
       tx.exec_params("SELECT no, slot, epoch, from_member, to_member, view_no, reason, "
                      "  (extract(epoch FROM at) * 1000)::bigint AS at_ms FROM slot_move "
                      "WHERE no < $1 AND ($2 < 0 OR slot = $2) "
                      "  AND ($3 = '' OR from_member = $3 OR to_member = $3) "
                      "ORDER BY no DESC LIMIT $4",
                      after, what.slot, what.member, limit + 1))
    page.moves.push_back({row["no"].as<std::uint64_t>(), slot_no{row["slot"].as<std::uint16_t>()},
                          to_text(epoch_no{row["epoch"].as<std::uint64_t>()}),
                          member_id{row["from_member"].as<std::string>()},
                          member_id{row["to_member"].as<std::string>()},
                          row["view_no"].as<std::uint64_t>(), row["reason"].as<std::string>(),
                          timestamp_ms{row["at_ms"].as<std::int64_t>()}});
  if (page.moves.size() <= limit) return page;
  page.moves.pop_back();
  page.next = page.moves.back().no;
  return page;
}

std::array<std::uint64_t, slot_count> count_entities(pqxx::work& tx) {
  std::array<std::uint64_t, slot_count> out{};
  for (const auto& row : tx.exec("SELECT slot, count(*) FROM entity GROUP BY slot"))
    out[row[0].as<std::size_t>()] = row[1].as<std::uint64_t>();
  return out;
}

std::uint64_t prune_moves(pqxx::work& tx, std::uint64_t keep, std::uint64_t batch) {
  return tx
      .exec_params("DELETE FROM slot_move WHERE no IN (SELECT no FROM slot_move "
                   "WHERE no <= (SELECT max(no) FROM slot_move) - $1 ORDER BY no LIMIT $2)",
                   keep, batch)
      .affected_rows();
}

} // namespace bpci::slots::store
