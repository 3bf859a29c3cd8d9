#pragma once

#include "actors/consensus/engine.hpp"
#include "messages/chain/paths.hpp"
#include "messages/chain/position.hpp"
#include "runtime/supervision/node_context.hpp"

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

namespace bpci::consensus {

namespace path {
inline constexpr auto pool = "/storage/pool";
} // namespace path

/// How a node fetches what others have and it has not (sync.hpp).
struct sync_settings {
  std::uint64_t snapshot_gap = 2'000; ///< blocks; further behind than this it asks for a snapshot
  milliseconds trusting_period{std::chrono::hours{24 * 7}};
  milliseconds clock_drift{10'000};
};

/// What the actors of consensus share on one node, while it holds the chain. Read-only after the
/// start.
struct context {
  supervision::node_context_ptr node;
  std::string root; ///< the path of the root supervisor: "/node-1"
  engine_settings how;
  std::shared_ptr<const signer> keys; ///< never null: ed25519_follower where there is no key
  chain::hold hold;
  std::filesystem::path data_dir; ///< of the marker (marker.hpp)
  sync_settings sync;

  /// The present handle of an actor of this node; null while it is being restarted.
  [[nodiscard]] caf::actor find(std::string_view where) const {
    return node->directory.find(root + std::string{where});
  }
};

using context_ptr = std::shared_ptr<const context>;

} // namespace bpci::consensus
