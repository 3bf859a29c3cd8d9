#pragma once

#include "actors/ledger/check.hpp"
#include "actors/ledger/genesis.hpp"
#include "messages/chain/position.hpp"
#include "runtime/supervision/node_context.hpp"

#include <caf/actor.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace bpci::ledger {

/// How long a query may take; longer than the pool's `query_timeout` has no effect.
inline constexpr auto query_max = std::chrono::milliseconds{5'000};

/// How long LEDGER waits for MEMPOOL: a proposer can't wait for long.
inline constexpr auto mempool_max = std::chrono::milliseconds{200};

/// What LEDGER and MEMPOOL of one node share. Read-only after the start.
struct ledger_options {
  supervision::node_context_ptr node;
  std::string root; ///< The path of the root supervisor: "/node-1".
  std::string pool = "/storage/pool";
  std::string genesis; ///< The document's text (genesis.hpp).
  chain::hold hold;    ///< Under which this node writes the chain.

  /// What consensus defines of blocks (actors/consensus/signing.hpp).
  std::function<hash(const consensus::header&)> block_id;
  std::function<header_hashes(const std::vector<consensus::validator>&)> genesis_hashes;

  /// For both of them, so that a signature is checked once (signature_cache.hpp).
  verifier verify;
  const module_table& modules = standard_modules();

  std::uint64_t snapshot_every = 1'000; ///< Blocks; 0: no snapshots.
  std::uint64_t snapshots_kept = 2;

  /// The present handle of an actor of this node; null while it is being restarted.
  [[nodiscard]] caf::actor find(std::string_view where) const {
    return node->directory.find(root + std::string{where});
  }
};

using ledger_options_ptr = std::shared_ptr<const ledger_options>;

} // namespace bpci::ledger
