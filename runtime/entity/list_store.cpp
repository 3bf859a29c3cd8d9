#include "runtime/entity/list_store.hpp"

#include "runtime/entity/sql_array.hpp"
#include "runtime/storage/sql.hpp"
#include "runtime/supervision/page_limit.hpp"

#include <boost/describe/enum_from_string.hpp>

#include <array>
#include <string_view>

namespace bpci::entity::store {

namespace {

using supervision::page_limit;

/// "counter/7/key": neither a kind nor an id has a '/'.
using cursor = std::array<std::string, 3>;

cursor parse_cursor(std::string_view text) {
  cursor out;
  for (std::size_t i = 0; i < 2; ++i) {
    auto slash = text.find('/');
    out[i] = text.substr(0, slash);
    text.remove_prefix(slash == std::string_view::npos ? text.size() : slash + 1);
  }
  out[2] = text;
  return out;
}

entity_ref ref_at(const pqxx::row& row, const char* kind, const char* id) {
  return {row[kind].as<std::string>(), row[id].as<std::string>()};
}

/// The page has one row more than it may when there is another page.
template <class Page, class Cursor>
void close_page(Page& page, std::size_t limit, Cursor cursor) {
  if (page.rows.size() <= limit) return;
  page.rows.pop_back();
  page.next = cursor(page.rows.back());
}

outbox_row to_outbox_row(const pqxx::row& row) {
  outbox_row out;
  out.no = row["no"].as<std::uint64_t>();
  out.from = ref_at(row, "from_kind", "from_id");
  out.to = ref_at(row, "to_kind", "to_id");
  out.key = row["key"].as<std::string>();
  out.name = row["name"].as<std::string>();
  out.attempts = row["attempts"].as<std::uint64_t>();
  out.next_at = timestamp_ms{row["next_ms"].as<std::int64_t>()};
  out.since = timestamp_ms{row["since_ms"].as<std::int64_t>()};
  out.last_error = row["last_error"].as<std::string>();
  if (row["set_aside"].as<bool>()) out.last_error = "set aside: " + out.last_error;
  return out;
}

} // namespace

outbox_page list_outbox(pqxx::work& tx, const outbox_query& what) {
  auto limit = page_limit(what.limit);
  outbox_page page;
  auto rows = tx.exec_params(
      "SELECT no, from_kind, from_id, to_kind, to_id, key, name, attempts, set_aside, last_error, "
      "(extract(epoch FROM next_at) * 1000)::bigint AS next_ms, "
      "(extract(epoch FROM since) * 1000)::bigint AS since_ms FROM outbox "
      "WHERE no > $1 AND (NOT $2 OR attempts > 0) AND ($3 = '' "
      "OR strpos(from_kind || '/' || from_id, $3) > 0 OR strpos(to_kind || '/' || to_id, $3) > 0) "
      "ORDER BY no LIMIT $4",
      what.after, what.failing, what.filter, limit + 1);
  for (const auto& row : rows)
    page.rows.push_back(to_outbox_row(row));
  close_page(page, limit, [](const outbox_row& x) { return x.no; });
  return page;
}

inbox_page list_inbox(pqxx::work& tx, const inbox_query& what) {
  auto limit = page_limit(what.limit);
  auto after = parse_cursor(what.after);
  inbox_page page;
  auto rows = tx.exec_params(
      "SELECT kind, id, key, name, version, (extract(epoch FROM at) * 1000)::bigint AS at_ms "
      "FROM inbox WHERE (kind, id, key) > ($1, $2, $3) AND ($4 = '' "
      "OR strpos(kind || '/' || id, $4) > 0 OR strpos(key, $4) > 0) "
      "ORDER BY kind, id, key LIMIT $5",
      after[0], after[1], after[2], what.filter, limit + 1);
  for (const auto& row : rows)
    page.rows.push_back(
        {ref_at(row, "kind", "id"), row["key"].as<std::string>(), row["name"].as<std::string>(),
         timestamp_ms{row["at_ms"].as<std::int64_t>()}, row["version"].as<std::uint64_t>()});
  close_page(page, limit, [](const inbox_row& x) { return to_string(x.to) + "/" + x.key; });
  return page;
}

timer_page list_timers(pqxx::work& tx, const timer_query& what) {
  auto limit = page_limit(what.limit);
  auto after = parse_cursor(what.after);
  timer_page page;
  auto rows = tx.exec_params(
      "SELECT kind, id, name, due_ms, every_ms, catch_up, fire_no - first_no AS fired FROM timer "
      "WHERE (kind, id, name) > ($1, $2, $3) AND ($4 = '' "
      "OR strpos(kind || '/' || id, $4) > 0 OR strpos(name, $4) > 0) "
      "ORDER BY kind, id, name LIMIT $5",
      after[0], after[1], after[2], what.filter, limit + 1);
  for (const auto& row : rows) {
    auto& x = page.rows.emplace_back();
    x.of = ref_at(row, "kind", "id");
    x.name = row["name"].as<std::string>();
    x.due = timestamp_ms{row["due_ms"].as<std::int64_t>()};
    x.every_ms = row["every_ms"].as<std::uint64_t>();
    boost::describe::enum_from_string(row["catch_up"].c_str(), x.catch_up);
    x.fired = row["fired"].as<std::uint64_t>();
  }
  close_page(page, limit, [](const timer_row& x) { return to_string(x.of) + "/" + x.name; });
  return page;
}

entity_page list_entities(pqxx::work& tx, const entity_query& what) {
  auto limit = page_limit(what.limit);
  auto after = parse_cursor(what.after);
  entity_page page;
  auto rows = tx.exec_params(
      "SELECT kind, id, slot, version, (extract(epoch FROM changed_at) * 1000)::bigint AS at_ms "
      "FROM entity WHERE (kind, id) > ($1, $2) AND ($3 = '' OR kind = $3) "
      "AND ($4 = '' OR strpos(id, $4) > 0) ORDER BY kind, id LIMIT $5",
      after[0], after[1], what.kind, what.filter, limit + 1);
  for (const auto& row : rows)
    page.rows.push_back({ref_at(row, "kind", "id"), slots::slot_no{row["slot"].as<std::uint16_t>()},
                         row["version"].as<std::uint64_t>(),
                         timestamp_ms{row["at_ms"].as<std::int64_t>()}});
  close_page(page, limit, [](const entity_row& x) { return to_string(x.what); });
  return page;
}

outbox_retried retry(pqxx::work& tx, const retry_outbox& what) {
  constexpr auto again = "UPDATE outbox SET attempts = 0, set_aside = false, next_at = now() ";
  if (what.rows.empty())
    return {tx.exec(std::string{again} + "WHERE attempts > 0").affected_rows()};
  sql_array rows;
  for (auto no : what.rows)
    rows.add(no);
  return {tx.exec_params(std::string{again} + "WHERE no = ANY ($1::bigint[])", rows.text())
              .affected_rows()};
}

} // namespace bpci::entity::store
