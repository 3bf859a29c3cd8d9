#pragma once

#include "runtime/cluster/lease.hpp"
#include "runtime/entity/activation.hpp"
#include "runtime/entity/database_clock.hpp"
#include "runtime/entity/kinds.hpp"
#include "runtime/slots/slot_table.hpp"
#include "runtime/supervision/node_context.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace bpci::entity {

struct entity_settings {
  activation_limits limits;
  /// An entity that was not used for so long leaves the memory.
  std::chrono::milliseconds idle_after{60'000};
  /// Above this much memory of the process the longest idle leave it at once. 0: 80 % of what the
  /// process may have (its cgroup's limit, or all there is).
  std::uint64_t memory_max_bytes = 0;
  /// Of entities that nobody has asked for, but a timer or the outbox.
  std::uint32_t background_activations_per_sec = 200;
  /// How long the answers to commands are remembered.
  std::chrono::hours inbox_kept{7 * 24};
  /// Refusals that an effect may get before it is set aside, so that those behind it go on.
  std::uint32_t outbox_attempts_max = 20;
};

namespace path {
inline constexpr std::string_view pool = "/storage/pool";
inline constexpr std::string_view slots = "/cluster/slots";
inline constexpr std::string_view router = "/entities/router";
inline constexpr std::string_view host = "/entities/host";
inline constexpr std::string_view actors = "/entities/actors";
inline constexpr std::string_view outbox = "/entities/outbox";
inline constexpr std::string_view timers = "/entities/timers";
} // namespace path

/// What the actors of this folder share; made once for a node.
struct entity_context {
  supervision::node_context_ptr node;
  std::string root; ///< "/node-1"
  entity::kinds_ptr kinds;
  slots::slot_table_ptr slots;
  cluster::lease_ptr lease;
  entity_settings settings{};
  std::shared_ptr<database_clock> clock = std::make_shared<database_clock>();

  /// Null: it is not running.
  [[nodiscard]] caf::actor find(std::string_view service) const {
    return node->directory.find(root + std::string{service});
  }
};

using entity_context_ptr = std::shared_ptr<const entity_context>;

} // namespace bpci::entity
