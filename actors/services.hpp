#pragma once

#include "config/node_config.hpp"
#include "messages/ids.hpp"
#include "runtime/cluster/lease.hpp"
#include "runtime/crypto/keys.hpp"
#include "runtime/slots/slot_table.hpp"
#include "runtime/storage/database.hpp"
#include "runtime/supervision/child_spec.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <string>

namespace bpci {

/// What the services of a node are built from.
struct services_options {
  config::node_config config;
  member_id member;
  std::string root; ///< The path of the root supervisor: "/node-1".
  std::string dsn;  ///< A secret; empty: this node runs its own PostgreSQL.
  supervision::node_context_ptr node;
  std::shared_ptr<std::atomic<std::uint16_t>> http_port; ///< Set by the gateway.
  std::function<void()> on_fenced; ///< The cluster has declared this node dead.
  /// By this name others know this process's database sessions, to end them.
  std::string session_tag;
  cluster::lease_ptr lease;
  slots::slot_table_ptr slots = std::make_shared<slots::slot_table>();
};

/// The table of services, a child of the node's root supervisor each. They are started in the order
/// storage, (gateway,) cluster, entities, inter-app, oracle: the gateway's address must be known before the
/// node joins, and whoever commands entities comes after them.
supervision::child_spec storage_service(const services_options& x);
supervision::child_spec cluster_service(const services_options& x);
supervision::child_spec entities_service(const services_options& x);
supervision::child_spec inter_app_service(const services_options& x);
supervision::child_spec oracle_service(const services_options& x, crypto::key_pair identity);
/// The bridge of the votes of BPI nodes; behind oracle, whose RELAY tells them the results. `keys`: of
/// the validator, for results to be anchored on its chain; null: they are not.
supervision::child_spec governance_service(const services_options& x,
                                           std::shared_ptr<const crypto::key_pair> keys);

/// Every message that these services send to other nodes.
void register_messages(caf::actor_system_config& config);

/// The defaults of a supervisor, from the configuration.
supervision::restart_rules restart_rules(const config::supervision_settings& x);

} // namespace bpci
