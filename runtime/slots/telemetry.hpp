#pragma once

#include "runtime/slots/slot_keeper.hpp"

#include <cstddef>
#include <cstdint>

/// What is counted of the slots of this node.
namespace bpci::slots::telemetry {

void owned(std::size_t slots, std::size_t draining);

/// Slots have changed hands.
void moved(move_kind why, std::uint64_t slots);

/// The database did not give slots to a claim.
void refused(std::uint64_t slots);

} // namespace bpci::slots::telemetry
