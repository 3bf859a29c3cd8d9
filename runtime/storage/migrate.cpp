#include "runtime/storage/migrate.hpp"

#include "runtime/log/log.hpp"
#include "runtime/storage/session.hpp"
#include "runtime/storage/sql.hpp"

#include <pqxx/nontransaction>

namespace bpci::storage {

namespace {

/// For waiting until another node has migrated, and for each statement of a step.
constexpr auto step_max = std::chrono::minutes{5};
/// For the whole of it, waiting included.
constexpr auto migrate_max = std::chrono::minutes{30};

/// Any number will do as long as nothing else in this database locks the same: "bpci" in ASCII.
constexpr auto lock_key = 0x62706369;

constexpr auto bookkeeping = R"(
  CREATE TABLE IF NOT EXISTS schema_migration (
    no         integer     PRIMARY KEY,
    name       text        NOT NULL,
    sha256     text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
  ))";

std::string title(int number, std::string_view name) {
  auto digits = std::to_string(number);
  return std::string(digits.size() < 4 ? 4 - digits.size() : 0, '0') + digits + "-"
         + std::string{name};
}

/// The number of steps that are applied already.
result<std::size_t> compare(const pqxx::result& applied, std::span<const migration> known) {
  for (std::size_t i = 0; i < applied.size(); ++i) {
    auto row = applied[static_cast<pqxx::result::size_type>(i)];
    auto number = row["no"].as<int>();
    auto name = title(number, row["name"].as<std::string>());
    if (i >= known.size())
      return fail(ec::storage_failed,
                  "the database has migration " + name
                      + ", which this program does not know: it was used by a newer version. Start "
                        "that version, or restore the backup made before the upgrade");
    if (number != known[i].number || row["sha256"].as<std::string>() != known[i].sha256)
      return fail(ec::storage_failed,
                  "migration " + name + " of the database is not "
                      + title(known[i].number, known[i].name)
                      + " as this program has it: one of the two was changed after its release. "
                        "Start the version that the database was made with");
  }
  return applied.size();
}

void apply(pqxx::connection& connection, const migration& step) {
  pqxx::work tx{connection};
  tx.exec(std::string{step.sql});
  tx.exec_params("INSERT INTO schema_migration (no, name, sha256) VALUES ($1, $2, $3)", step.number,
                 std::string{step.name}, std::string{step.sha256});
  tx.commit();
  log::info("migration-applied", {{"migration", title(step.number, step.name)}});
}

result<void> try_apply(pqxx::connection& connection, const migration& step) {
  try {
    apply(connection, step);
    return {};
  } catch (const pqxx::broken_connection&) {
    throw;
  } catch (const std::exception& e) {
    return fail(ec::storage_failed, "migration " + title(step.number, step.name) + ": " + e.what());
  }
}

result<int> bring_up(pqxx::connection& connection, std::span<const migration> steps) {
  pqxx::result applied;
  {
    pqxx::nontransaction session{connection};
    // Held by the session: it ends with the connection, whatever happens.
    session.exec("SELECT pg_advisory_lock(" + std::to_string(lock_key) + ")");
    session.exec("SET client_min_messages = warning");
    session.exec(bookkeeping);
    applied = session.exec("SELECT no, name, sha256 FROM schema_migration ORDER BY no");
  }
  auto done = compare(applied, steps);
  if (!done) return done.error();
  auto missing = steps.subspan(*done);
  for (const auto& step : missing)
    if (auto outcome = try_apply(connection, step); !outcome) return outcome.error();
  return static_cast<int>(missing.size());
}

} // namespace

result<int> migrate(const std::string& conninfo) {
  return migrate(conninfo, all_migrations());
}

result<int> migrate(const std::string& conninfo, std::span<const migration> steps) {
  wire it;
  std::unique_ptr<pqxx::connection> connection;
  try {
    connection = open_session({conninfo, "bpci-migrate", step_max, step_max}, it);
  } catch (const std::exception& e) {
    return fail(ec::unavailable, e.what());
  }
  try {
    deadline_scope limit{it, migrate_max};
    return bring_up(*connection, steps);
  } catch (...) {
    return to_failure(std::current_exception());
  }
}

} // namespace bpci::storage
