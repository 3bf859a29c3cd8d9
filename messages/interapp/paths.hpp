#pragma once

/// Where the actors of inter-app communication stand in the supervision tree, below the node's
/// root; the same on every member.
namespace bpci::interapp::path {

inline constexpr auto gate = "/inter-app/gate";
inline constexpr auto registry = "/inter-app/registry";

} // namespace bpci::interapp::path
