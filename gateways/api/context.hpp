#pragma once

#include "config/node_config.hpp"
#include "gateways/api/records.hpp"
#include "messages/ids.hpp"
#include "messages/ledger/chain.hpp"
#include "runtime/supervision/node_context.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

namespace bpci::gateway {

/// Where the gateways stand, and whom they talk to, below the root of the supervision tree.
namespace path {
inline constexpr auto api = "/gateway/api";
inline constexpr auto listener = "/gateway/listener";
inline constexpr auto doorman = "/oracle/doorman";
inline constexpr auto registry = "/oracle/registry";
inline constexpr auto relay = "/oracle/relay";
inline constexpr auto members = "/cluster/members";
inline constexpr auto slots = "/cluster/slots";
inline constexpr auto entities = "/entities/host";
inline constexpr auto router = "/entities/router";
inline constexpr auto pool = "/storage/pool";
inline constexpr auto wallet = "/gateway/wallet";
inline constexpr auto key_worker = "/gateway/keys";
} // namespace path

/// The token of the first admin, from before it is entered until it is known whether it is the
/// cluster's. Outlives the API actor, so that a retry enters the same one. Used by API only.
struct first_token {
  std::string text;
  bool settled = false;
};

/// What the gateways share on one node.
struct context {
  config::node_config config;
  member_id member;
  std::string root; ///< The path of the root supervisor: "/node-1".
  supervision::node_context_ptr node;
  std::shared_ptr<std::atomic<std::uint16_t>> http_port; ///< Set when the listener is open.
  std::vector<std::uint16_t> further_ports; ///< Also listened on, on loopback, where they are free.
  /// Shows the first admin token to whoever starts the node, once.
  std::function<void(const std::string& token)> show_token;
  std::shared_ptr<first_token> first = std::make_shared<first_token>();
  records_ptr records = records_in_database();
  /// What governance can set, with the values that hold unless it has: `least` to `most`.
  std::vector<ledger::parameter_setting> parameters = {};

  /// What `GET /api/v1/openapi.json` answers; FRONT DOOR writes it before the first request.
  std::shared_ptr<std::string> api_description = std::make_shared<std::string>();

  [[nodiscard]] caf::actor find(std::string_view where) const {
    return node->directory.find(root + std::string{where});
  }
};

using context_ptr = std::shared_ptr<const context>;

} // namespace bpci::gateway
