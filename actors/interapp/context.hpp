#pragma once

#include "messages/interapp/commands.hpp"
#include "messages/interapp/paths.hpp"
#include "runtime/supervision/node_context.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace bpci::interapp {

/// Whom these actors need, below the node's root.
namespace path {
inline constexpr auto pool = "/storage/pool";
inline constexpr auto router = "/entities/router";
inline constexpr auto bpi_registry = "/oracle/registry";
} // namespace path

/// How long one waits for a query.
inline constexpr auto query_max = std::chrono::milliseconds{2'000};

/// How long one waits for a durable entity, and how much longer for the ROUTER, which answers in
/// time unless it dies.
inline constexpr auto entity_max = std::chrono::milliseconds{4'000};
inline constexpr auto entity_grace = std::chrono::milliseconds{500};

/// What these actors share on one node. Read-only after the start.
struct context {
  supervision::node_context_ptr node;
  std::string root;                 ///< The path of the root supervisor: "/node-1".
  bool agreement_validation = true; ///< false: GATE lets everything pass, unseen.
  gate_rules rules;
  security least; ///< What an agreement asks for at least.
  std::chrono::milliseconds relay_timeout{30'000};

  /// The present handle of an actor of this node; null while it is being restarted.
  [[nodiscard]] caf::actor find(std::string_view where) const {
    return node->directory.find(root + std::string{where});
  }
};

using context_ptr = std::shared_ptr<const context>;

} // namespace bpci::interapp
