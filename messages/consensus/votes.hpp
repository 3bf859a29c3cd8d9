#pragma once

#include "messages/consensus/block.hpp"

#include <optional>

/// What validators say to each other while they agree on a block (QBFT, arXiv 2002.03613; the names
/// are the paper's). The last field of what is signed is the signature, over the canonical bytes
/// of a domain tag, the chain id and the fields before it (actors/consensus/signing.hpp).
namespace bpci::consensus {

/// "I have checked this block and would commit it in this round."
struct prepare {
  height at;
  round_no round;
  hash block_id{};
  address by{};
  signature sig{};

  bool operator==(const prepare&) const = default;
};
BPCI_MESSAGE(prepare, at, round, block_id, by, sig)

/// "A quorum has prepared it, and I have that on record." Its signature is a seal.
struct commit {
  height at;
  round_no round;
  hash block_id{};
  address by{};
  signature sig{};

  bool operator==(const commit&) const = default;
};
BPCI_MESSAGE(commit, at, round, block_id, by, sig)

/// The last round in which the sender saw a quorum prepare a block, and which.
struct prepared_claim {
  round_no round;
  hash block_id{};

  bool operator==(const prepared_claim&) const = default;
};
BPCI_MESSAGE(prepared_claim, round, block_id)

/// "Let us go on to this round."
struct round_change {
  height at;
  round_no round;
  std::optional<prepared_claim> prepared;
  address by{};
  signature sig{};

  bool operator==(const round_change&) const = default;
};
BPCI_MESSAGE(round_change, at, round, prepared, by, sig)

/// A round change on its way: with what its claim rests on, which is signed by others.
struct round_change_message {
  round_change what;
  std::optional<block> prepared_block;
  std::vector<prepare> prepares;

  bool operator==(const round_change_message&) const = default;
};
BPCI_MESSAGE(round_change_message, what, prepared_block, prepares)

/// What the proposer of a round signs.
struct proposal {
  height at;
  round_no round;
  hash block_id{};
  hash justification{}; ///< of the canonical bytes of what stands beside it: changes, prepares
  address by{};
  signature sig{};

  bool operator==(const proposal&) const = default;
};
BPCI_MESSAGE(proposal, at, round, block_id, justification, by, sig)

/// A proposal on its way: with the block, and in rounds above 0 with the round changes and prepares
/// that justify it.
struct proposal_message {
  proposal what;
  block body;
  std::vector<round_change> changes;
  std::vector<prepare> prepares;

  bool operator==(const proposal_message&) const = default;
};
BPCI_MESSAGE(proposal_message, what, body, changes, prepares)

/// Any of them, as it goes from validator to validator. `sealed_block` is the answer to whoever is
/// still at a height that is decided.
using consensus_message =
    std::variant<proposal_message, prepare, commit, round_change_message, sealed_block>;

} // namespace bpci::consensus
