#include "actors/services.hpp"

#include "actors/consensus/register_messages.hpp"
#include "actors/governance/anchor_actor.hpp"
#include "actors/governance/bridge_actor.hpp"
#include "actors/governance/kinds.hpp"
#include "actors/governance/register_messages.hpp"
#include "actors/interapp/app_registry_actor.hpp"
#include "actors/interapp/gate_actor.hpp"
#include "actors/interapp/kinds.hpp"
#include "actors/ledger/register_messages.hpp"
#include "actors/oracle/discovery_actor.hpp"
#include "actors/oracle/doorman_actor.hpp"
#include "actors/oracle/kinds.hpp"
#include "actors/oracle/register_messages.hpp"
#include "actors/oracle/registry_actor.hpp"
#include "actors/oracle/relay_actor.hpp"
#include "actors/oracle/warden_actor.hpp"
#include "actors/peers/register_messages.hpp"
#include "actors/probe/probe.hpp"
#include "config/addresses.hpp"
#include "runtime/actor/failpoint.hpp"
#include "runtime/cluster/members_actor.hpp"
#include "runtime/cluster/register_messages.hpp"
#include "runtime/entity/entities_actor.hpp"
#include "runtime/entity/outbox_actor.hpp"
#include "runtime/entity/timers_actor.hpp"
#include "runtime/router/register_messages.hpp"
#include "runtime/router/router_actor.hpp"
#include "runtime/slots/register_messages.hpp"
#include "runtime/slots/slots_actor.hpp"
#include "runtime/storage/embedded_postgres_actor.hpp"
#include "runtime/storage/pg_pool_actor.hpp"
#include "runtime/storage/schema_actor.hpp"
#include "runtime/supervision/register_messages.hpp"
#include "runtime/tunnel/tunnel_actor.hpp"

#include <caf/actor_system.hpp>

namespace bpci {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using supervision::child_spec;
using supervision::policy;
using supervision::spawn_context;

using spawned = result<caf::actor>;

/// Heartbeats must not wait behind the work of the node, so they have connections of their own.
constexpr std::size_t heartbeat_connections = 2;
constexpr std::size_t heartbeat_queue = 64;
constexpr std::string_view heartbeat_pool = "/storage/heartbeats";

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

child_spec pool(std::string id, storage::pg_pool_options how,
                std::shared_ptr<storage::database> found) {
  return {.id = std::move(id),
          .type = "PG POOL",
          .spawn = [how, found](const spawn_context& in) -> spawned {
            auto complete = how;
            complete.conninfo = found->conninfo();
            return in.system.spawn<storage::pg_pool_actor>(std::move(complete));
          }};
}

std::vector<child_spec> pools(const services_options& x,
                              const std::shared_ptr<storage::database>& found) {
  storage::pg_pool_options how;
  how.query_timeout = x.config.storage.query_timeout;
  how.application_name = x.session_tag;
  auto heartbeats = how;
  heartbeats.size = heartbeat_connections;
  heartbeats.queue_limit = heartbeat_queue;
  how.size = x.config.storage.pool_size;
  how.queue_limit = x.config.storage.queue_limit;
  return {pool("heartbeats", heartbeats, found), pool("pool", how, found)};
}

// -- cluster -------------------------------------------------------------------------

child_spec tunnel_child(const services_options& x) {
  const auto& settings = x.config.cluster;
  tunnel::tunnel_options how;
  how.self = x.member;
  how.root = x.root;
  how.node = x.node;
  how.listen_host = settings.link_host;
  how.listen_port = settings.link_port;
  how.advertise = settings.link_advertise;
  how.certificates =
      settings.certificates_dir.empty()
          ? tunnel::certificates_dir(std::filesystem::absolute(x.config.node.data_dir))
          : std::filesystem::path{settings.certificates_dir};
  return {.id = "tunnel",
          .type = "TUNNEL",
          .spawn = [how](const spawn_context& in) -> spawned {
            return in.system.spawn<tunnel::tunnel_actor>(how);
          },
          .stop_max = seconds{5}};
}

/// "1-2": a build that speaks other versions than this one, for the test of a rolling upgrade.
void set_protocol_range(cluster::members_options& how) {
  auto range = failpoint_setting("protocol");
  if (!range) return;
  auto dash = range->find('-');
  how.proto_min = static_cast<std::uint32_t>(std::stoul(range->substr(0, dash)));
  how.proto_max = static_cast<std::uint32_t>(std::stoul(range->substr(dash + 1)));
}

child_spec members_child(const services_options& x) {
  const auto& settings = x.config.cluster;
  cluster::members_options how;
  how.me.cluster = settings.name;
  how.me.id = x.member;
  how.me.link_host = settings.link_host;
  how.me.root = x.root;
  how.node = x.node;
  how.pool = [node = x.node, where = x.root + std::string{heartbeat_pool}] {
    return node->directory.find(where);
  };
  how.lease = x.lease;
  how.session_tag = x.session_tag;
  how.heartbeat = settings.heartbeat;
  how.suspect_after = settings.suspect_after;
  how.dead_after = settings.dead_after;
  how.on_fenced = x.on_fenced;
  set_protocol_range(how);
  return {.id = "members",
          .type = "MEMBERS",
          .spawn = [how, host = config::gateway_host(x.config),
                    port = x.http_port](const spawn_context& in) -> spawned {
            auto complete = how;
            complete.me.http_address = config::host_and_port(host, port->load());
            complete.ready = in.ready;
            return in.system.spawn<cluster::members_actor>(std::move(complete));
          },
          .wait_ready_max = seconds{30}};
}

child_spec slots_child(const services_options& x) {
  slots::slots_options how;
  how.me = x.member;
  how.root = x.root;
  how.node = x.node;
  how.lease = x.lease;
  how.table = x.slots;
  return {.id = "slots",
          .type = "SLOTS",
          .spawn = [how](const spawn_context& in) -> spawned {
            return in.system.spawn<slots::slots_actor>(how);
          },
          .stop_max = seconds{8}};
}

// -- entities ------------------------------------------------------------------------

entity::entity_context_ptr entity_context(const services_options& x) {
  const auto& settings = x.config.entities;
  auto all = std::make_shared<entity::kinds>();
  oracle::add_kinds(*all);
  interapp::add_kinds(*all);
  governance::add_kinds(*all);
  all->add(probe::counter_kind_of_entity());
  all->add(probe::sink_kind_of_entity());
  auto out = std::make_shared<entity::entity_context>();
  out->node = x.node;
  out->root = x.root;
  out->kinds = std::move(all);
  out->slots = x.slots;
  out->lease = x.lease;
  out->settings.idle_after = settings.idle;
  out->settings.memory_max_bytes = std::uint64_t{settings.memory_limit_mb} << 20;
  out->settings.inbox_kept = std::chrono::hours{24} * settings.inbox_retention_days;
  return out;
}

router::router_options router_settings(const services_options& x) {
  const auto& settings = x.config.entities;
  router::router_options how;
  how.limits.self = x.member;
  how.limits.window = {settings.window_messages, settings.window_bytes};
  how.limits.buffer_per_slot = settings.buffer_per_slot_bytes;
  how.limits.buffer = settings.buffer_bytes;
  how.limits.buffer_wait = settings.buffer_wait;
  how.root = x.root;
  how.node = x.node;
  how.lease = x.lease;
  return how;
}

template <class Actor, class Options>
child_spec child_of(std::string id, std::string type, Options how) {
  return {.id = std::move(id),
          .type = std::move(type),
          .spawn = [how = std::move(how)](const spawn_context& in) -> spawned {
            return in.system.spawn<Actor>(how);
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
          .relay_timeout_secs = count(x.relay_timeout),
          .max_batch = oracle::batch_items_max,
          .batch_size = x.performance.high_throughput_mode ? x.performance.batch_size : 1};
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
  out->relay.to_member = {x.config.entities.window_messages, x.config.entities.window_bytes};
  out->mailman.self = x.member;
  out->mailman.ack_max = settings.relay_timeout;
  out->mailbox = {
      settings.limits.max_pending_per_target, settings.limits.stored_max_bytes,
      static_cast<std::uint64_t>(
          milliseconds{std::chrono::hours{24 * settings.limits.stored_max_age_days}}.count())};
  out->max_handshakes = settings.limits.max_handshakes;
  out->encryption = settings.security.enable_encryption;
  out->announcement_ttl = settings.announcement_ttl;
  const auto& isolation = settings.security.isolation;
  out->conduct = {isolation.threshold, isolation.period, isolation.base, isolation.max};
  return out;
}

// -- inter-app -----------------------------------------------------------------------

interapp::audit_level to_level(config::audit_level x) {
  switch (x) {
  case config::audit_level::basic:
    return interapp::audit_level::Basic;
  case config::audit_level::standard:
    return interapp::audit_level::Standard;
  case config::audit_level::detailed:
    return interapp::audit_level::Detailed;
  case config::audit_level::comprehensive:
    break;
  }
  return interapp::audit_level::Comprehensive;
}

interapp::encryption_level to_level(config::encryption_level x) {
  switch (x) {
  case config::encryption_level::none:
    return interapp::encryption_level::None;
  case config::encryption_level::standard:
    return interapp::encryption_level::Standard;
  case config::encryption_level::high:
    return interapp::encryption_level::High;
  case config::encryption_level::quantum:
    break;
  }
  return interapp::encryption_level::Quantum;
}

interapp::context_ptr interapp_context(const services_options& x) {
  const auto& settings = x.config.interapp;
  const auto& least = settings.security_requirements;
  auto out = std::make_shared<interapp::context>();
  out->node = x.node;
  out->root = x.root;
  out->agreement_validation = settings.agreement_validation;
  out->rules = {
      to_level(settings.audit),
      static_cast<std::uint64_t>(milliseconds{x.config.oracle.security.max_message_age}.count())};
  out->least = {to_level(least.encryption), least.authentication_required,
                least.authorization_required};
  out->relay_timeout = x.config.oracle.relay_timeout;
  return out;
}

// -- governance ----------------------------------------------------------------------

governance::bridge_options bridge_settings(const services_options& x) {
  const auto& settings = x.config.oracle.consensus;
  return {.node = x.node,
          .root = x.root,
          .rules = {.enabled = settings.enable_consensus_bridge,
                    .min_voters = settings.min_consensus_nodes,
                    .threshold = settings.vote_threshold.get(),
                    .emergency_ms = milliseconds{settings.consensus_timeout}.count()}};
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
  for (auto& one : pools(x, found))
    how.children.push_back(std::move(one));
  return supervision::supervisor_child("storage", std::move(how));
}

supervision::child_spec cluster_service(const services_options& x) {
  supervision::supervisor_options how;
  how.rules = restart_rules(x.config.supervision);
  how.children = {tunnel_child(x), members_child(x), slots_child(x)};
  return supervision::supervisor_child("cluster", std::move(how));
}

/// ENTITIES knows its actors by their handles and takes them along when it ends. ROUTER stands
/// above it: what was in flight to an ENTITIES that died it sends again to the next.
supervision::child_spec entities_service(const services_options& x) {
  auto shared = entity_context(x);
  supervision::supervisor_options actors;
  actors.rules = restart_rules(x.config.supervision);

  supervision::supervisor_options how;
  how.strategy = supervision::strategy::rest_for_one;
  how.rules = restart_rules(x.config.supervision);
  how.children = {
      child_of<router::router_actor>("router", "ROUTER", router_settings(x)),
      child_of<entity::entities_actor>("host", "ENTITIES", shared),
      supervision::supervisor_child("actors", std::move(actors)),
      child_of<entity::outbox_actor>("outbox", "OUTBOX", shared),
      child_of<entity::timers_actor>("timers", "TIMERS", shared),
  };
  return supervision::supervisor_child("entities", std::move(how));
}

supervision::child_spec oracle_service(const services_options& x, crypto::key_pair identity) {
  oracle::context_ptr shared = oracle_context(x, std::move(identity));
  supervision::supervisor_options links;
  links.rules = restart_rules(x.config.supervision);

  supervision::supervisor_options how;
  how.rules = restart_rules(x.config.supervision);
  how.children = {
      child_of<oracle::relay_actor>("relay", "RELAY", shared),
      child_of<oracle::registry_actor>("registry", "REGISTRY", shared),
      child_of<oracle::warden_actor>("warden", "WARDEN", shared),
      child_of<oracle::discovery_actor>("discovery", "DISCOVERY", shared),
      supervision::supervisor_child("links", std::move(links)),
      child_of<oracle::doorman_actor>("doorman", "DOORMAN", shared),
  };
  return supervision::supervisor_child("oracle", std::move(how));
}

supervision::child_spec inter_app_service(const services_options& x) {
  auto shared = interapp_context(x);
  supervision::supervisor_options how;
  how.rules = restart_rules(x.config.supervision);
  how.children = {
      child_of<interapp::gate_actor>("gate", "GATE", shared),
      child_of<interapp::app_registry_actor>("registry", "APP REGISTRY", shared),
  };
  return supervision::supervisor_child("inter-app", std::move(how));
}

supervision::child_spec governance_service(const services_options& x,
                                           std::shared_ptr<const crypto::key_pair> keys) {
  supervision::supervisor_options how;
  how.rules = restart_rules(x.config.supervision);
  how.children = {child_of<governance::bridge_actor>("bridge", "BRIDGE", bridge_settings(x))};
  if (keys) {
    governance::anchor_options anchoring{.node = x.node, .root = x.root, .keys = std::move(keys)};
    how.children.push_back(child_of<governance::anchor_actor>("anchorer", "ANCHORER", anchoring));
  }
  return supervision::supervisor_child("governance", std::move(how));
}

void register_messages(caf::actor_system_config& config) {
  supervision::register_messages(config);
  cluster::register_messages(config);
  slots::register_messages(config);
  router::register_messages(config);
  oracle::register_messages(config);
  governance::register_messages(config);
  consensus::register_messages(config);
  ledger::register_messages(config);
  peers::register_messages(config);
}

} // namespace bpci
