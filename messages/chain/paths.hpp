#pragma once

/// Where the actors of a chain stand in the supervision tree, below the node's root; the same on
/// every member. Those below `live` run on the one member that holds the chain.
namespace bpci::chain::path {

inline constexpr auto keeper = "/chain/keeper";
inline constexpr auto live = "/chain/live";
inline constexpr auto ledger = "/chain/live/ledger";
inline constexpr auto mempool = "/chain/live/mempool";
inline constexpr auto evidence = "/chain/live/evidence";
inline constexpr auto engine = "/chain/live/engine";
inline constexpr auto instances = "/chain/live/instances"; ///< supervisor of one INSTANCE a height
inline constexpr auto peers = "/chain/live/peers";
inline constexpr auto links = "/chain/live/links"; ///< supervisor of one PEER an operator
inline constexpr auto sync = "/chain/live/sync";

/// Not of the chain, but told by its PEERS what other operators' nodes have announced.
inline constexpr auto discovery = "/oracle/discovery";

} // namespace bpci::chain::path
