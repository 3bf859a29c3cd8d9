#pragma once

#include "gateways/api/call.hpp"

#include <vector>

namespace bpci::gateway {

/// Document 2, "Consensus Operations": BPI nodes vote on proposals (docs/governance.md).
std::vector<route> consensus_bridge_routes();

} // namespace bpci::gateway
