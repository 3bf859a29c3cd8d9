#include "gateways/api/audit_store.hpp"

#include "runtime/storage/sql.hpp"

#include <algorithm>
#include <limits>

namespace bpci::gateway::store {

namespace {

/// What a cursor of the database can be.
constexpr std::uint64_t bigint_max = std::numeric_limits<std::int64_t>::max();

audit::row to_row(const pqxx::row& x) {
  return {x["no"].as<std::uint64_t>(),
          timestamp_ms{x["at_ms"].as<std::int64_t>()},
          x["who"].as<std::string>(),
          x["action"].as<std::string>(),
          x["target"].as<std::string>(),
          x["why"].as<std::string>(),
          correlation_id{x["trace"].as<std::string>()},
          x["result"].as<std::string>()};
}

} // namespace

std::uint64_t begin_action(pqxx::work& tx, const audit::entry& what) {
  return tx
      .exec_params1("INSERT INTO admin_action (who, action, target, why, trace) "
                    "VALUES ($1, $2, $3, $4, $5) RETURNING no",
                    what.who, what.action, what.target, what.why, what.trace.get())[0]
      .as<std::uint64_t>();
}

void end_action(pqxx::work& tx, std::uint64_t no, const std::string& result) {
  tx.exec_params0("UPDATE admin_action SET result = $2 WHERE no = $1 AND result = ''", no, result);
}

audit::page list_actions(pqxx::work& tx, const audit::query& what) {
  auto rows =
      tx.exec_params("SELECT no, (extract(epoch FROM at) * 1000)::bigint AS at_ms, who, "
                     "action, target, why, trace, result FROM admin_action "
                     "WHERE ($1 = '' OR strpos(target, $1) > 0) "
                     "AND ($2 = '' OR action = $2) AND ($3::bigint = 0 OR no < $3) "
                     "ORDER BY no DESC LIMIT $4",
                     what.target, what.action, std::min(what.after, bigint_max), what.limit + 1);
  audit::page out;
  for (const auto& x : rows)
    out.actions.push_back(to_row(x));
  if (out.actions.size() > what.limit) {
    out.actions.resize(what.limit);
    out.next = out.actions.back().no;
  }
  return out;
}

} // namespace bpci::gateway::store
