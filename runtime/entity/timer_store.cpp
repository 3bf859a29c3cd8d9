#include "runtime/entity/timer_store.hpp"

#include "runtime/entity/sql_array.hpp"
#include "runtime/storage/sql.hpp"

#include <boost/describe/enum_from_string.hpp>

namespace bpci::entity::store {

namespace {

due_timer to_timer(const pqxx::row& row) {
  due_timer out;
  out.of = {row["kind"].as<std::string>(), row["id"].as<std::string>()};
  out.slot = slots::slot_no{row["slot"].as<std::uint16_t>()};
  out.name = row["name"].as<std::string>();
  out.due = timestamp_ms{row["due_ms"].as<std::int64_t>()};
  out.every_ms = row["every_ms"].as<std::uint64_t>();
  boost::describe::enum_from_string(row["catch_up"].c_str(), out.catch_up);
  out.fire_no = row["fire_no"].as<std::uint64_t>();
  return out;
}

} // namespace

due_timers read_due(pqxx::work& tx, incarnation self, const std::vector<std::string>& held_back,
                    std::size_t most) {
  due_timers out;
  auto now = tx.exec1("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint");
  out.now = timestamp_ms{now[0].as<std::int64_t>()};
  // One more than may be taken: it says when the next is due.
  auto rows =
      tx.exec_params("SELECT t.* FROM timer t JOIN slot s ON s.slot = t.slot AND s.owner = $1 "
                     "WHERE t.kind || '/' || t.id || '/' || t.name <> ALL ($2::text[]) "
                     "ORDER BY t.due_ms LIMIT $3",
                     self.get(), storage::to_text_array(held_back), most + 1);
  for (const auto& row : rows) {
    auto x = to_timer(row);
    if (x.due > out.now || out.timers.size() == most) {
      out.next = x.due;
      break;
    }
    out.timers.push_back(std::move(x));
  }
  return out;
}

void skip(pqxx::work& tx, incarnation self, const std::vector<skipped_timer>& what) {
  sql_array kinds, ids, names, fires, dues, nexts;
  for (const auto& x : what) {
    kinds.add(std::string_view{x.what.of.kind});
    ids.add(std::string_view{x.what.of.id});
    names.add(std::string_view{x.what.name});
    fires.add(x.what.fire_no);
    dues.add(x.what.due.get());
    nexts.add(x.next.get());
  }
  tx.exec_params("UPDATE timer t SET due_ms = c.next FROM slot s, "
                 "unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], "
                 "$7::bigint[]) AS c (kind, id, name, fire, due, next) "
                 "WHERE t.kind = c.kind AND t.id = c.id AND t.name = c.name "
                 "AND t.fire_no = c.fire AND t.due_ms = c.due "
                 "AND s.slot = t.slot AND s.owner = $1",
                 self.get(), kinds.text(), ids.text(), names.text(), fires.text(), dues.text(),
                 nexts.text());
}

} // namespace bpci::entity::store
