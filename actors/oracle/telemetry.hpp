#pragma once

#include "runtime/metrics/metrics.hpp"

#include <chrono>
#include <string_view>

/// What is counted of the oracle (document 2, "Metrics Collection"; the names are this program's).
namespace bpci::oracle::telemetry {

/// A frame or a message was refused with this code.
void refused(std::string_view code);

/// A message passed all checks.
void accepted(std::size_t messages);

/// A target acknowledged a message.
void delivered(std::chrono::microseconds took);

/// Links open at this node, and BPI nodes connected to the cluster.
void connected(std::uint64_t here, std::uint64_t cluster);

} // namespace bpci::oracle::telemetry
