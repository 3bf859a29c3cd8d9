#pragma once

#include "messages/consensus/block.hpp"

#include <chrono>

/// What is counted of consensus.
namespace bpci::consensus::telemetry {

/// A block became final here.
void decided(height at, round_no round);

/// From the first sight of a height's proposal to its block being on the disk.
void decision_took(std::chrono::nanoseconds time);

/// The validator's record was written.
void recorded(std::chrono::nanoseconds took);

/// What this node says about itself: it signs nothing and decides nothing any more, and a person
/// has to look.
void stopped(bool x);

void syncing(bool x, height seen);
void synced(std::size_t blocks);
void misbehaved();

void evidence_found();
void evidence_waiting(std::size_t count);

} // namespace bpci::consensus::telemetry
