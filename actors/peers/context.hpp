#pragma once

#include "actors/peers/allowance.hpp"
#include "actors/peers/link_opening.hpp"
#include "actors/peers/peer_book.hpp"
#include "messages/chain/paths.hpp"
#include "runtime/supervision/node_context.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace bpci::peers {

namespace path {
inline constexpr auto dialler = "/gateway/dialler";
} // namespace path

/// What PEERS and its PEERs share on one node. Read-only after the start.
struct context {
  supervision::node_context_ptr node;
  std::string root; ///< The path of the root supervisor: "/node-1".
  identity me;      ///< The validator's key, or the node's own where it has none.
  std::vector<known_peer> known;
  book_rules rules{};
  allowance::rates rates{};                    ///< Of what one peer may send.
  std::chrono::milliseconds dial_max{5'000};   ///< Until the WebSocket is open.
  std::chrono::milliseconds open_max{5'000};   ///< From there to an open link.
  std::chrono::milliseconds answer_max{8'000}; ///< For SYNC to answer what a peer asks.
  std::chrono::milliseconds head_every{500};   ///< At least, between two of our peer_head.

  /// The present handle of an actor of this node; null while it is being restarted.
  [[nodiscard]] caf::actor find(std::string_view where) const {
    return node->directory.find(root + std::string{where});
  }
};

using context_ptr = std::shared_ptr<const context>;

} // namespace bpci::peers
