#pragma once

#include "messages/describe.hpp"
#include "messages/ids.hpp"

#include <boost/describe/enum.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

/// What validators agree on. All of it is hashed, signed and sent as its canonical bytes
/// (messages/codec/canonical.hpp).
namespace bpci::consensus {

/// SHA-256.
using hash = std::array<std::uint8_t, 32>;

/// Who a validator is: its Ed25519 public key.
using address = std::array<std::uint8_t, 32>;

using signature = std::array<std::uint8_t, 64>;

/// One attempt of the validators to agree on the block of a height.
using round_no = strong<std::uint32_t, struct round_no_tag>;

struct validator {
  address id{};
  std::uint64_t weight = 0;

  bool operator==(const validator&) const = default;
};
BPCI_MESSAGE(validator, id, weight)

/// Without seals, round and whoever proposes it again: so its hash, the *block id*, is the same
/// in every round, and a prepared block can be proposed again as it is.
struct header {
  std::uint32_t version = 1;
  std::string chain_id;
  height at;
  hash parent{}; ///< block id of the block before; zeros in the genesis block
  timestamp_ms time;
  address proposer{}; ///< who made the block; stays through later rounds
  hash transactions_root{};
  hash state_root{}; ///< after the block; an empty one leaves it as it was
  hash evidence_root{};
  hash validators_hash{};      ///< of the validators of this height
  hash next_validators_hash{}; ///< of those of the next: fixed when the block before was executed
  hash parent_seals_root{};

  bool operator==(const header&) const = default;
};
BPCI_MESSAGE(header, version, chain_id, at, parent, time, proposer, transactions_root, state_root,
             evidence_root, validators_hash, next_validators_hash, parent_seals_root)

/// A validator's signature of a commit: "I stand by this block in this round."
struct seal {
  address by{};
  signature sig{};

  bool operator==(const seal&) const = default;
};
BPCI_MESSAGE(seal, by, sig)

/// The seals of a quorum, all of one round: the block is final.
struct certificate {
  height at;
  round_no round;
  hash block_id{};
  std::vector<seal> seals;

  bool operator==(const certificate&) const = default;
};
BPCI_MESSAGE(certificate, at, round, block_id, seals)

/// Two signed statements of one validator that an honest one never makes both; each is the
/// canonical bytes of a vote (messages/consensus/votes.hpp) without what is not signed.
struct evidence {
  enum class kind : std::uint8_t {
    double_proposal = 1,
    double_prepare = 2,
    double_commit = 3,
    double_round_change = 4,
    amnesia = 5 ///< a commit or round change, and a later round change that does not know of it
  };
  BOOST_DESCRIBE_NESTED_ENUM(kind, double_proposal, double_prepare, double_commit,
                             double_round_change, amnesia)
  kind what{};
  bytes first;
  bytes second;

  bool operator==(const evidence&) const = default;
};
BPCI_MESSAGE(evidence, what, first, second)

struct block {
  header head;
  std::vector<bytes> transactions;
  std::vector<evidence> misbehaviour;
  certificate parent_seals;            ///< of the block before; empty in blocks 0 and 1
  std::vector<certificate> late_seals; ///< of the two before that, seals that came late

  bool operator==(const block&) const = default;
};
BPCI_MESSAGE(block, head, transactions, misbehaviour, parent_seals, late_seals)

/// A block that is final, and why.
struct sealed_block {
  block what;
  certificate seals;

  bool operator==(const sealed_block&) const = default;
};
BPCI_MESSAGE(sealed_block, what, seals)

} // namespace bpci::consensus
