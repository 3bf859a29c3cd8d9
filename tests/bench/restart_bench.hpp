#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

/// What supervision costs where an actor ends, and what CAF's own actors cost: the ceilings.
namespace bpci::bench {

/// From the kill until the next incarnation is found at the path of the old one and has answered;
/// one for each restart.
using restart_times = std::vector<std::chrono::nanoseconds>;

/// A child from start_child below a supervisor that does not pause between restarts. The node's
/// limit of restarts a second is out of the way.
restart_times measure_restarts(std::size_t count);

/// The least that does the same: an actor of CAF that monitors another, and spawns it again.
restart_times measure_bare_restarts(std::size_t count);

/// Bytes of resident memory for each of `count` actors of CAF that have answered once and hold
/// nothing. In a process that has not done anything else.
double measure_bare_actors(std::size_t count);

} // namespace bpci::bench
