#pragma once

#include "messages/chain/blocks.hpp"
#include "messages/consensus/votes.hpp"

/// What the nodes of a chain say to each other, operator to operator (docs/protocol/chain.md). It
/// travels as the `body` of BPI-1.0's `peer` frames: canonical bytes of a peer_envelope. Nothing of
/// it is trusted: votes, blocks and transactions are signed by whom they are of, and all else is a
/// hint that is checked by what it leads to.
namespace bpci::chain {

/// "I stand here." Both sides send it when a link opens, and whenever it has changed, at most twice
/// a second.
struct peer_head {
  height at;
  consensus::hash id{};

  bool operator==(const peer_head&) const = default;
};
BPCI_MESSAGE(peer_head, at, id)

struct share_transactions {
  std::vector<bytes> encoded;

  bool operator==(const share_transactions&) const = default;
};
BPCI_MESSAGE(share_transactions, encoded)

struct share_evidence {
  consensus::evidence what;

  bool operator==(const share_evidence&) const = default;
};
BPCI_MESSAGE(share_evidence, what)

/// "These BPI nodes are registered with me, and have announced themselves": when they are new, and
/// every ten minutes. At most 100. Each is checked by its own signature, and nothing is routed by
/// it.
struct share_announcements {
  std::vector<bytes> encoded; ///< canonical oracle::announcement

  bool operator==(const share_announcements&) const = default;
};
BPCI_MESSAGE(share_announcements, encoded)

// -- questions; the answer carries the number of the question ---------------------------------

struct ask_blocks {
  height from;
  std::uint32_t limit = 0;

  bool operator==(const ask_blocks&) const = default;
};
BPCI_MESSAGE(ask_blocks, from, limit)

/// Fewer than were asked for when they would be too large together; none: not here.
struct some_blocks {
  height from;
  std::vector<bytes> blocks; ///< canonical sealed_block

  bool operator==(const some_blocks&) const = default;
};
BPCI_MESSAGE(some_blocks, from, blocks)

struct ask_header {
  height at;

  bool operator==(const ask_header&) const = default;
};
BPCI_MESSAGE(ask_header, at)

struct some_header {
  std::optional<final_header> what; ///< empty: not here

  bool operator==(const some_header&) const = default;
};
BPCI_MESSAGE(some_header, what)

struct ask_snapshot {
  bool operator==(const ask_snapshot&) const = default;
};
BPCI_MESSAGE(ask_snapshot)

struct some_snapshot {
  std::optional<ledger::snapshot_manifest> what;

  bool operator==(const some_snapshot&) const = default;
};
BPCI_MESSAGE(some_snapshot, what)

struct ask_chunk {
  height of;
  std::uint64_t index = 0;

  bool operator==(const ask_chunk&) const = default;
};
BPCI_MESSAGE(ask_chunk, of, index)

struct some_chunk {
  std::optional<bytes> data;

  bool operator==(const some_chunk&) const = default;
};
BPCI_MESSAGE(some_chunk, data)

/// "I hold this key": the first message of each side, the server's first. Nothing else is heard
/// before it. The signature is over both addresses, both nonces of the handshake, and who of the
/// two was the server (docs/protocol/chain.md), so it is good for one link and one direction.
struct prove_address {
  consensus::address who{};
  consensus::signature sig{};

  bool operator==(const prove_address&) const = default;
};
BPCI_MESSAGE(prove_address, who, sig)

/// The order is part of the protocol.
using peer_message =
    std::variant<consensus::proposal_message, consensus::prepare, consensus::commit,
                 consensus::round_change_message, consensus::sealed_block, peer_head,
                 share_transactions, share_evidence, ask_blocks, some_blocks, ask_header,
                 some_header, ask_snapshot, some_snapshot, ask_chunk, some_chunk, prove_address,
                 share_announcements>;

struct peer_envelope {
  std::string chain_id;
  std::uint64_t question = 0; ///< of a question, and of its answer; 0: neither
  peer_message what;

  bool operator==(const peer_envelope&) const = default;
};
BPCI_MESSAGE(peer_envelope, chain_id, question, what)

/// Of the canonical bytes: the largest block there may be, its justification, and some room.
inline constexpr std::size_t peer_envelope_bytes_max = 20 * 1'024 * 1'024;
/// What an answer with several blocks stays below, unless the first alone is larger.
inline constexpr std::size_t some_blocks_bytes = 4 * 1'024 * 1'024;

} // namespace bpci::chain
