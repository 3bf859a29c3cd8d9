#pragma once

#include "runtime/actor/actor_base.hpp"
#include "runtime/storage/database.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace bpci::storage {

struct schema_options {
  std::string dsn;     ///< Of a database that runs elsewhere; empty: `embedded` is asked.
  caf::actor embedded; ///< EMBEDDED POSTGRES.
  /// Where the address of the private database is written, for the `storage.dsn_file` of the
  /// cluster's other nodes on this machine. It holds no secret.
  std::filesystem::path publish_to;
  std::shared_ptr<database> found; ///< Set when the schema is right.
  std::function<void()> ready;
};

/// Until the private PostgreSQL is up; a first start makes its files.
inline constexpr auto database_start_max = std::chrono::milliseconds{120'000};

/// SCHEMA: finds the database and brings it to the schema of this program, once at each start; then
/// it ends. Spawn detached: it blocks.
class schema_actor : public actor_base {
public:
  schema_actor(caf::actor_config& cfg, schema_options how);

  const char* name() const override { return "schema"; }

protected:
  caf::behavior make_behavior() override;

private:
  void bring_up(const std::string& conninfo);

  schema_options how_;
};

} // namespace bpci::storage
