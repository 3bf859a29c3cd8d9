#pragma once

#include "runtime/metrics/metrics.hpp"

#include <cstdint>
#include <string_view>

/// What is counted of inter-app communication (document 2, "Metrics Collection").
namespace bpci::interapp::telemetry {

/// A message may pass.
void authorized();

/// A message was refused, with this finding_code or, when it was not decided, this ec.
void refused(std::string_view code);

/// How many agreements of the cluster are in this state.
void agreements(std::string_view state, std::uint64_t count);

} // namespace bpci::interapp::telemetry
