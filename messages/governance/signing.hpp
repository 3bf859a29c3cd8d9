#pragma once

#include "messages/governance/rounds.hpp"

#include <span>

/// The canonical bytes under each signature (docs/governance.md), in the manner of section 6 of
/// docs/protocol/bpi-1.0.md.
namespace bpci::governance {

bytes signing_bytes(const proposal& x);

/// `digest`: SHA-256 of the proposal's signing bytes, 32 bytes, so that a vote counts for this
/// proposal and no other one of its id.
bytes signing_bytes(const vote& x, std::span<const std::uint8_t> digest);

} // namespace bpci::governance
