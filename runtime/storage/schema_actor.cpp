#include "runtime/storage/schema_actor.hpp"

#include "messages/inspect.hpp"
#include "runtime/log/log.hpp"
#include "runtime/storage/embedded_postgres_actor.hpp"
#include "runtime/storage/migrate.hpp"

#include <fstream>

namespace bpci::storage {

namespace {

using start_atom = caf::atom_constant<caf::atom("start")>;

bool publish(const std::filesystem::path& where, const std::string& conninfo) {
  auto out = std::ofstream{where, std::ios::trunc};
  out << conninfo << '\n';
  return out.flush().good();
}

} // namespace

schema_actor::schema_actor(caf::actor_config& cfg, schema_options how)
    : actor_base(cfg), how_(std::move(how)) {}

caf::behavior schema_actor::make_behavior() {
  send(this, start_atom::value);
  return {
      [this](start_atom) {
        if (!how_.embedded) return bring_up(how_.dsn);
        ask<database_address>(
            how_.embedded, database_start_max, get_database{},
            [this](const database_address& x) { bring_up(x.conninfo); },
            [this](const failure& why) { quit(to_caf(why)); });
      },
  };
}

void schema_actor::bring_up(const std::string& conninfo) {
  auto steps = migrate(conninfo);
  if (!steps) {
    log::error("schema-failed",
               {{"code", bpci::name(steps.error().code)}, {"detail", steps.error().detail}});
    return quit(to_caf(steps.error()));
  }
  log::info("schema-ready", {{"steps_applied", *steps}});
  if (how_.embedded && !publish(how_.publish_to, conninfo))
    log::warn("dsn-file-failed", {{"path", how_.publish_to.string()}});
  how_.found->set(conninfo);
  how_.ready();
  quit();
}

} // namespace bpci::storage
