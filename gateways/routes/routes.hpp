#pragma once

#include "gateways/api/call.hpp"

#include <vector>

/// What can be asked of a node over HTTP, a table for each concern.
namespace bpci::gateway {

/// Whether the node lives and is ready, and its metrics.
std::vector<route> health_routes();

/// Cluster, supervision tree, quarantine.
std::vector<route> admin_routes();

/// Document 2, "Oracle Node Management".
std::vector<route> oracle_routes();

} // namespace bpci::gateway
