#include "runtime/entity/entity_store.hpp"

#include "runtime/entity/sql_array.hpp"
#include "runtime/entity/state_table.hpp"
#include "runtime/storage/sql.hpp"

#include <boost/describe/enum_from_string.hpp>
#include <boost/describe/enum_to_string.hpp>

#include <algorithm>

namespace bpci::entity::store {

namespace {

constexpr std::uint64_t items_max = 1'000;

struct command_columns {
  sql_array keys, names, hashes, responses, versions;

  explicit command_columns(const batch& from) {
    for (const auto& x : from.commands) {
      keys.add(std::string_view{x.key});
      names.add(std::string_view{x.name});
      hashes.add(std::span<const std::uint8_t>{x.hash});
      responses.add(x.response);
      versions.add(x.version);
    }
  }
};

struct firing_columns {
  sql_array at, names, numbers, dues, missed;

  explicit firing_columns(const batch& from) {
    for (const auto& x : from.firings) {
      at.add(x.at);
      names.add(std::string_view{x.what.timer});
      numbers.add(x.what.fire);
      dues.add(x.what.due.get());
      missed.add(x.what.missed);
    }
  }
};

struct send_columns {
  sql_array kinds, ids, keys, names, bodies;

  explicit send_columns(const batch& from) {
    for (const auto& x : from.sends) {
      kinds.add(std::string_view{x.what.to.kind});
      ids.add(std::string_view{x.what.to.id});
      keys.add(std::string_view{x.key});
      names.add(std::string_view{x.what.name});
      bodies.add(x.what.body);
    }
  }
};

struct timer_columns {
  sql_array names, dues, everies, catch_ups;

  explicit timer_columns(const batch& from) {
    for (const auto& x : from.timers) {
      names.add(std::string_view{x.name});
      dues.add(x.due ? std::optional{x.due->get()} : std::nullopt);
      everies.add(x.every_ms);
      catch_ups.add(std::string_view{boost::describe::enum_to_string(x.catch_up, "")});
    }
  }
};

struct item_columns {
  sql_array keys, values;

  explicit item_columns(const batch& from) {
    for (const auto& x : from.items) {
      keys.add(std::string_view{x.key});
      values.add(x.value);
    }
  }
};

constexpr auto commit_name = "entity_commit";
constexpr auto commit_sql =
    "SELECT outcome, at, response, version FROM entity_commit($1, $2, $3, $4, $5, $6, $7, $8, $9, "
    "$10::text[], $11::text[], $12::bytea[], $13::bytea[], $14::bigint[], "
    "$15::integer[], $16::text[], $17::bigint[], $18::bigint[], $19::bigint[], "
    "$20::text[], $21::text[], $22::text[], $23::text[], $24::bytea[], "
    "$25::text[], $26::bigint[], $27::bigint[], $28::text[], $29::text[], $30::bytea[])";

pqxx::result execute(pqxx::work& tx, const tenure& as, const entity_ref& who, std::uint32_t schema,
                     const batch& what, const std::optional<bytes>& state) {
  auto commands = command_columns{what};
  auto firings = firing_columns{what};
  auto sends = send_columns{what};
  auto timers = timer_columns{what};
  auto items = item_columns{what};
  auto stored = storage::to_bytea(state ? *state : bytes{});
  tx.conn().prepare(commit_name, commit_sql); // once for a connection
  auto run = [&](const auto& bytes_or_null) {
    return tx.exec_prepared(
        commit_name, int{as.slot.get()}, as.epoch.get(), as.owner.get(), who.kind, who.id,
        what.known, what.added, schema, bytes_or_null, commands.keys.text(), commands.names.text(),
        commands.hashes.text(), commands.responses.text(), commands.versions.text(),
        firings.at.text(), firings.names.text(), firings.numbers.text(), firings.dues.text(),
        firings.missed.text(), sends.kinds.text(), sends.ids.text(), sends.keys.text(),
        sends.names.text(), sends.bodies.text(), timers.names.text(), timers.dues.text(),
        timers.everies.text(), timers.catch_ups.text(), items.keys.text(), items.values.text());
  };
  return state ? run(stored) : run(static_cast<const char*>(nullptr));
}

commit_outcome to_outcome(const pqxx::result& rows) {
  commit_outcome out;
  if (boost::describe::enum_from_string(rows.at(0)["outcome"].c_str(), out.how)) return out;
  out.how = commit_end::refused;
  for (const auto& row : rows) {
    auto& x = out.refused.emplace_back();
    if (!boost::describe::enum_from_string(row["outcome"].c_str(), x.why))
      throw std::logic_error("entity_commit gave an unknown outcome");
    x.at = row["at"].as<std::uint32_t>();
    x.response.version = row["version"].as<std::uint64_t>();
    x.response.repeated = x.why == verdict::repeated;
    if (!row["response"].is_null()) x.response.body = storage::to_bytes(row["response"]);
  }
  return out;
}

} // namespace

result<stored_entity> load(pqxx::work& tx, const tenure& as, const entity_ref& who,
                           const state_table* table) {
  auto rows = tx.exec_params("SELECT e.version, e.schema, e.state FROM slot s "
                             "LEFT JOIN entity e ON e.kind = $4 AND e.id = $5 "
                             "WHERE s.slot = $1 AND s.epoch = $2 AND s.owner = $3",
                             int{as.slot.get()}, as.epoch.get(), as.owner.get(), who.kind, who.id);
  if (rows.empty()) return fail(ec::fenced);
  stored_entity out;
  auto row = rows[0];
  if (!row[0].is_null()) {
    out.version = row[0].as<std::uint64_t>();
    out.schema = row[1].as<std::uint32_t>();
    if (!table) out.state = storage::to_bytes(row[2]);
  }
  if (table) out.state = table->load(tx, who.id);
  return out;
}

stored_items load_items(pqxx::work& tx, const entity_ref& who, const item_range& range) {
  // One statement, so that items and version are of the same moment.
  const auto with_version = [](std::string_view which) {
    return "SELECT COALESCE((SELECT version FROM entity WHERE kind = $1 AND id = $2), 0), "
           "i.key, i.value FROM (SELECT) one LEFT JOIN (SELECT key, value FROM entity_item "
           "WHERE kind = $1 AND id = $2 AND "
           + std::string{which} + ") i ON true ORDER BY i.key";
  };
  const auto rows = range.keys.empty()
                        ? tx.exec_params(with_version("key > $3 ORDER BY key LIMIT $4"), who.kind,
                                         who.id, range.after, std::min(range.limit, items_max))
                        : tx.exec_params(with_version("key = ANY ($3::text[])"), who.kind, who.id,
                                         storage::to_text_array(range.keys));
  stored_items out;
  for (const auto& row : rows) {
    out.version = row[0].as<std::uint64_t>();
    if (!row[1].is_null()) out.all.push_back({row[1].as<std::string>(), storage::to_bytes(row[2])});
  }
  return out;
}

commit_outcome commit(pqxx::work& tx, const tenure& as, const entity_ref& who, std::uint32_t schema,
                      const batch& what, const state_table* table) {
  auto state = what.state;
  if (table && state) state.emplace(); // the row in `entity` holds the version alone
  auto out = to_outcome(execute(tx, as, who, schema, what, state));
  if (table && what.state && out.how == commit_end::done) table->save(tx, who.id, *what.state);
  return out;
}

} // namespace bpci::entity::store
