#pragma once

#include "gateways/api/call.hpp"

#include <vector>

namespace bpci::gateway {

/// Document 2, "Inter-App Communication": apps, agreements, messages and audits.
std::vector<route> inter_app_routes();

} // namespace bpci::gateway
