#pragma once

#include "messages/describe.hpp"
#include "runtime/actor/actor_base.hpp"
#include "runtime/storage/embedded_postgres.hpp"

#include <memory>
#include <string>

namespace bpci::storage {

/// "Where is the database?" To: EMBEDDED POSTGRES. Answer: database_address, once it is up.
struct get_database {
  bool operator==(const get_database&) const = default;
};
BPCI_MESSAGE(get_database)

/// A libpq conninfo string without a password.
struct database_address {
  std::string conninfo;
  bool operator==(const database_address&) const = default;
};
BPCI_MESSAGE(database_address, conninfo)

/// EMBEDDED POSTGRES: keeps the private PostgreSQL of this node running. It ends when the server
/// does, with the reason, and a supervisor starts another one in its place; the address stays the
/// same. Ending it stops the server.
///
/// Spawn detached: to start and to stop a server blocks. Requests that come while it starts are
/// answered when it is up (`embedded_options::ready_max`), or fail with it.
class embedded_postgres_actor : public actor_base {
public:
  embedded_postgres_actor(caf::actor_config& cfg, embedded_options how);
  ~embedded_postgres_actor() override;

  const char* name() const override { return "embedded-postgres"; }

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;
  std::string describe() const override;

private:
  embedded_options how_;
  std::unique_ptr<embedded_postgres> server_;
};

} // namespace bpci::storage
