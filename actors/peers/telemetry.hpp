#pragma once

#include <cstddef>

/// What is counted of the links to other operators.
namespace bpci::peers::telemetry {

/// Links that are open now.
void linked(std::size_t links);

/// A frame found no room in a peer's write queue.
void dropped();

/// A peer has sent more than it may; its link is read later.
void slowed();

/// A peer has sent what no honest node sends.
void misbehaved();

} // namespace bpci::peers::telemetry
