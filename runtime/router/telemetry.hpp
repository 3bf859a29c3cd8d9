#pragma once

#include "runtime/router/router.hpp"

/// What is counted of ROUTER.
namespace bpci::router::telemetry {

/// Adds what has happened since `before`.
void publish(const router_stats& now, const router_stats& before);

/// What is in flight to another member now.
void in_flight(const member_id& member, std::uint64_t commands, std::uint64_t bytes);

} // namespace bpci::router::telemetry
