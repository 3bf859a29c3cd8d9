#pragma once

#include "messages/consensus/block.hpp"

#include <optional>
#include <string>
#include <vector>

/// "Why is it stuck?" (engine::where)
namespace bpci::consensus {

struct peer_standing {
  address who{};
  std::uint64_t weight = 0;
  std::optional<round_no> round; ///< the highest that a message of this height named
  bool proposed = false, prepared = false, committed = false, wants_change = false;

  bool operator==(const peer_standing&) const = default;
};
BPCI_MESSAGE(peer_standing, who, weight, round, proposed, prepared, committed, wants_change)

struct standing {
  height at;
  round_no round;
  address proposer{};
  std::string doing; ///< "waiting for the proposal", "halted: ..."
  std::optional<hash> accepted, prepared;
  std::vector<peer_standing> validators;
  std::vector<address> missing; ///< whose word is wanting for the next step

  bool operator==(const standing&) const = default;
};
BPCI_MESSAGE(standing, at, round, proposer, doing, accepted, prepared, validators, missing)

} // namespace bpci::consensus
