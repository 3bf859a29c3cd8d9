#include "actors/services.hpp"

#include "actors/oracle/doorman_actor.hpp"
#include "actors/oracle/register_messages.hpp"
#include "actors/oracle/registry_actor.hpp"
#include "actors/oracle/relay_actor.hpp"
#include "runtime/cluster/members_actor.hpp"
#include "runtime/cluster/register_messages.hpp"
#include "runtime/storage/embedded_postgres_actor.hpp"
#include "runtime/storage/pg_pool_actor.hpp"
#include "runtime/storage/schema_actor.hpp"
#include "runtime/supervision/register_messages.hpp"

#include <caf/actor_system.hpp>

namespace bpci {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using supervision::child_spec;
using supervision::policy;
using supervision::spawn_context;

using spawned = result<caf::actor>;

// -- storage -------------------------------------------------------------------------

child_spec embedded_postgres(const services_options& x) {
  storage::embedded_options how;
  how.data_dir = std::filesystem::absolute(x.config.node.data_dir) / "postgres";
  how.user = x.config.storage.embedded.user;
  how.bin_dir = x.config.storage.embedded.bin_dir;
  return {.id = "postgres",
          .type = "POSTGRES",
          .spawn = [how](const spawn_context& in) -> spawned {
            return in.system.spawn<storage::embedded_postgres_actor, caf::detached>(how);
          },
          .stop_max = seconds{20}};
}

child_spec schema(const services_options& x, std::shared_ptr<storage::database> found) {
  auto publish_to = std::filesystem::absolute(x.config.node.data_dir) / "database.dsn";
  return {.id = "schema",
          .type = "SCHEMA",
          .spawn = [dsn = x.dsn, found, publish_to](const spawn_context& in) -> spawned {
            return in.system.spawn<storage::schema_actor, caf::detached>(
                storage::schema_options{dsn, in.find("postgres"), publish_to, found, in.ready});
          },
          .policy = policy::transient,
          .wait_ready_max = storage::database_start_max};
}

child_spec pool(const services_options& x, std::shared_ptr<storage::database> found) {
  storage::pg_pool_options how;
  how.size = x.config.storage.pool_size;
  how.queue_limit = x.config.storage.queue_limit;
  how.query_timeout = x.config.storage.query_timeout;
  how.application_name = "bpci/" + x.member.get();
  return {
      .id = "pool", .type = "PG POOL", .spawn = [how, found](const spawn_context& in) -> spawned {
        auto complete = how;
        complete.conninfo = found->conninfo();
        return in.system.spawn<storage::pg_pool_actor>(std::move(complete));
      }};
}

// -- oracle --------------------------------------------------------------------------

oracle::limits to_limits(const config::oracle_settings& x) {
  auto count = [](auto duration) { return static_cast<std::uint64_t>(duration.count()); };
  return {.max_frame_bytes = x.limits.max_frame_bytes,
          .max_in_flight = x.limits.max_in_flight,
          .max_targets = x.limits.max_targets,
          .max_message_age_secs = count(x.security.max_message_age),
          .rate_limit_per_sec = x.security.rate_limit_per_node,
          .handshake_timeout_ms = count(x.limits.handshake_timeout),
          .relay_timeout_secs = count(x.relay_timeout)};
}

oracle::context_ptr oracle_context(const services_options& x, crypto::key_pair identity) {
  const auto& settings = x.config.oracle;
  auto out = std::make_shared<oracle::context>();
  out->node = x.node;
  out->root = x.root;
  out->identity = std::make_shared<const oracle::server_identity>(
      oracle::server_identity{x.member, std::move(identity), to_limits(settings)});
  out->relay.self = x.member;
  out->relay.relay_timeout = settings.relay_timeout;
  out->relay.message_cache_size = settings.performance.message_cache_size;
  out->backlog_max = settings.limits.max_pending_per_target;
  out->max_handshakes = settings.limits.max_handshakes;
  return out;
}

template <class Actor>
child_spec oracle_child(std::string id, std::string type, const oracle::context_ptr& shared) {
  return {.id = std::move(id),
          .type = std::move(type),
          .spawn = [shared](const spawn_context& in) -> spawned {
            return in.system.spawn<Actor>(shared);
          }};
}

} // namespace

supervision::restart_rules restart_rules(const config::supervision_settings& x) {
  return {.intensity = {x.max_restarts, x.period},
          .backoff = {.min = x.backoff_min, .max = x.backoff_max}};
}

/// Whatever stands on the database starts again with it: its connections are gone anyway.
supervision::child_spec storage_service(const services_options& x) {
  auto found = std::make_shared<storage::database>();
  supervision::supervisor_options how;
  how.strategy = supervision::strategy::rest_for_one;
  how.rules = restart_rules(x.config.supervision);
  if (x.dsn.empty()) how.children.push_back(embedded_postgres(x));
  how.children.push_back(schema(x, found));
  how.children.push_back(pool(x, found));
  return supervision::supervisor_child("storage", std::move(how));
}

supervision::child_spec cluster_service(const services_options& x) {
  cluster::members_options options;
  options.me.cluster = x.config.cluster.name;
  options.me.id = x.member;
  options.me.link_host = x.config.cluster.link_host;
  options.me.link_port = x.config.cluster.link_port;
  options.me.root = x.root;
  options.node = x.node;
  options.pool = [node = x.node, where = x.root + oracle::path::pool] {
    return node->directory.find(where);
  };
  options.heartbeat = x.config.cluster.heartbeat;
  options.dead_after = x.config.cluster.dead_after;
  options.on_fenced = x.on_fenced;

  supervision::supervisor_options how;
  how.rules = restart_rules(x.config.supervision);
  how.children = {
      {.id = "members",
       .type = "MEMBERS",
       .spawn = [options, host = x.config.listen.host,
                 port = x.http_port](const spawn_context& in) -> spawned {
         auto complete = options;
         complete.me.http_address = host + ":" + std::to_string(port->load());
         complete.ready = in.ready;
         return in.system.spawn<cluster::members_actor>(std::move(complete));
       },
       .wait_ready_max = seconds{30}},
  };
  return supervision::supervisor_child("cluster", std::move(how));
}

supervision::child_spec oracle_service(const services_options& x, crypto::key_pair identity) {
  auto shared = oracle_context(x, std::move(identity));
  supervision::supervisor_options links;
  links.rules = restart_rules(x.config.supervision);

  supervision::supervisor_options how;
  how.rules = restart_rules(x.config.supervision);
  how.children = {
      oracle_child<oracle::relay_actor>("relay", "RELAY", shared),
      oracle_child<oracle::registry_actor>("registry", "REGISTRY", shared),
      supervision::supervisor_child("links", std::move(links)),
      oracle_child<oracle::doorman_actor>("doorman", "DOORMAN", shared),
  };
  return supervision::supervisor_child("oracle", std::move(how));
}

void register_messages(caf::actor_system_config& config) {
  supervision::register_messages(config);
  cluster::register_messages(config);
  oracle::register_messages(config);
}

} // namespace bpci
