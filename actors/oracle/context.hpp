#pragma once

#include "actors/oracle/conduct.hpp"
#include "actors/oracle/handshake.hpp"
#include "actors/oracle/mailman.hpp"
#include "actors/oracle/relay.hpp"
#include "runtime/supervision/node_context.hpp"

#include <chrono>
#include <memory>

namespace bpci::oracle {

/// Where the oracle's actors, and those that they need, stand in the supervision tree below the
/// node's root; the same on every member.
namespace path {
inline constexpr auto links = "/oracle/links";
inline constexpr auto relay = "/oracle/relay";
inline constexpr auto members = "/cluster/members";
inline constexpr auto pool = "/storage/pool";
inline constexpr auto registry = "/oracle/registry";
inline constexpr auto router = "/entities/router";
inline constexpr auto warden = "/oracle/warden";
} // namespace path

/// How long the oracle waits for a query; a handshake that takes longer is refused.
inline constexpr auto query_max = std::chrono::milliseconds{2'000};

/// How long it waits for a durable entity, and how much longer for the ROUTER, which answers in
/// time unless it dies. Less than a client waits for its welcome, or for an HTTP answer.
inline constexpr auto entity_max = std::chrono::milliseconds{4'000};
inline constexpr auto entity_grace = std::chrono::milliseconds{500};

/// What the oracle's actors share on one node. Read-only after the start.
struct context {
  supervision::node_context_ptr node;
  std::string root; ///< The path of the root supervisor: "/node-1".
  std::shared_ptr<const server_identity> identity;
  relay_config relay;
  mailman_config mailman;
  mailbox::bounds mailbox;          ///< Of each BPI node.
  std::size_t backlog_max = 10'000; ///< Deliveries that wait at one LINK.
  std::size_t max_handshakes = 256; ///< Connections that have not said who they are.
  conduct_rules conduct;            ///< Of the nodes that are connected.
  bool encryption = false;          ///< Asked of the nodes; told, not enforced.
  std::chrono::milliseconds announcement_ttl{3'600'000}; ///< The longest that one holds.
  std::chrono::milliseconds link_idle{120'000}; ///< A LINK without a connection ends after this.

  /// The present handle of an actor of this node; null while it is being restarted.
  [[nodiscard]] caf::actor find(std::string_view where) const {
    return node->directory.find(root + std::string{where});
  }
};

using context_ptr = std::shared_ptr<const context>;

} // namespace bpci::oracle
