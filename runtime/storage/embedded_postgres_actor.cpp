#include "runtime/storage/embedded_postgres_actor.hpp"

#include "messages/codec/json.hpp"
#include "messages/inspect_fields.hpp"
#include "runtime/log/log.hpp"

#include <caf/actor_cast.hpp>
#include <caf/atom.hpp>

namespace bpci::storage {

namespace {

constexpr auto housekeeping_period = std::chrono::seconds{60};

using server_ended = caf::atom_constant<caf::atom("pgended")>;
using housekeeping = caf::atom_constant<caf::atom("pghouse")>;

} // namespace

embedded_postgres_actor::embedded_postgres_actor(caf::actor_config& cfg, embedded_options how)
    : actor_base(cfg), how_(std::move(how)) {}

embedded_postgres_actor::~embedded_postgres_actor() = default;

caf::behavior embedded_postgres_actor::make_behavior() {
  auto started = embedded_postgres::start(how_);
  if (!started) {
    log::error("postgres-not-started", {{"why", started.error().detail}});
    quit(to_caf(started.error()));
    return {};
  }
  server_ = std::move(*started);
  // Weak, so that a server does not keep the actor that owns it alive.
  server_->on_exit([self = caf::actor_cast<caf::actor_addr>(this)](const std::string& why) {
    if (auto here = caf::actor_cast<caf::actor>(self))
      caf::anon_send<caf::message_priority::high>(here, server_ended::value, why);
  });
  delayed_send(this, housekeeping_period, housekeeping::value);
  return {
      [this](const get_database&) { return database_address{server_->dsn()}; },
      [this](server_ended, const std::string& why) {
        log::error("postgres-ended", {{"why", why}});
        quit(to_caf(ec::storage_failed, why));
      },
      [this](housekeeping) {
        server_->housekeep();
        delayed_send(this, housekeeping_period, housekeeping::value);
      },
  };
}

void embedded_postgres_actor::on_exit() {
  server_.reset();
}

std::string embedded_postgres_actor::describe() const {
  boost::json::object state{{"data_dir", how_.data_dir.string()}};
  if (server_) state["pid"] = server_->pid();
  return codec::to_text(state);
}

} // namespace bpci::storage

BPCI_CAF_CODEC(bpci::storage::get_database)
BPCI_CAF_CODEC(bpci::storage::database_address)
