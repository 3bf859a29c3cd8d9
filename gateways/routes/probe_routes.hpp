#pragma once

#include "gateways/api/call.hpp"

#include <vector>

namespace bpci::gateway {

/// Durable counters that show whether the cluster commits (docs/chaos.md).
std::vector<route> probe_routes();

} // namespace bpci::gateway
