#pragma once

#include "messages/governance/rounds.hpp"

#include <string_view>

/// What is counted of the consensus bridge (document 2, "Metrics Collection"; the names are this
/// program's).
namespace bpci::governance::telemetry {

/// A round of this node ended so.
void round_ended(standing how);

/// A vote was refused and put on record.
void vote_refused(std::string_view why);

/// Of the whole cluster: rounds under way, and the mean participation of those that have ended, in
/// basis points.
void rounds(std::uint64_t active, std::uint64_t participation);

/// A notice of this topic was given to RELAY, for the BPI nodes that are connected here.
void published(std::string_view topic);

} // namespace bpci::governance::telemetry
