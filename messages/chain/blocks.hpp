#pragma once

#include "messages/boxes.hpp"
#include "messages/chain/position.hpp"
#include "messages/ledger/evidence.hpp"
#include "messages/ledger/snapshot.hpp"

#include <optional>
#include <string>

/// What the actors of consensus ask of LEDGER, on the same node. Whatever they hand over they have
/// verified as far as it can be without executing it: how it stands upon its parent, its seals, its
/// evidence. LEDGER executes, compares roots, and stores.
namespace bpci::chain {

using block_ptr = std::shared_ptr<const consensus::block>;
using sealed_block_ptr = std::shared_ptr<const consensus::sealed_block>;
using evidence_list = std::vector<ledger::verified_evidence>; ///< of block::misbehaviour, in order

/// "Put in what is waiting." `skeleton` stands upon the head, with its evidence and late seals.
/// Answer: block_filled. Errors: conflict (upon another head), unavailable.
struct fill_block {
  block_ptr skeleton;
  evidence_list evidence;
};

/// The skeleton with transactions and state root; the roots of the body are still to be fixed.
struct block_filled {
  block_ptr what;
  std::uint64_t ticket = 0; ///< LEDGER remembers that it has executed this one
};

/// "Is it valid upon the head?" `ticket` of block_filled for one's own; 0: somebody else's.
/// Answer: block_valid. Errors: unavailable, unsupported (the chain's rules are newer than this
/// program: nothing can be said).
struct validate_block {
  block_ptr what;
  consensus::hash id{};
  evidence_list evidence;
  std::uint64_t ticket = 0;
};

struct block_valid {
  consensus::hash id{};
  bool valid = false;
  std::string why; ///< not valid: why, for the log
};

/// "It is final: execute it if you have not, and put it on the disk." Answer: position, with this
/// block or a later one as its head: one that is stored already is left alone. Whoever watches is
/// told as well. Errors: conflict (not upon the head), invalid_argument (its state root is another
/// than ours: this node must stop), unsupported, fenced, and those of a query; what is not refused
/// for good may be asked again.
struct append_block {
  sealed_block_ptr what;
  consensus::hash id{};
  evidence_list evidence;
};

/// Answer: past_height. Errors: not_found, unavailable.
struct get_past {
  height at;
};

// -- for others that are behind ------------------------------------------------------------

/// Blocks from a height on, as canonical sealed_block each; at most `limit` and about `bytes_max`
/// together, at least one if there is any. Answer: block_range. Errors: not_found (the height is
/// above the head, or below what a snapshot has left), unavailable.
struct read_blocks {
  height from;
  std::uint32_t limit = 0;
  std::size_t bytes_max = 0;
};

struct block_range {
  height from;
  std::vector<bytes> blocks;
};

/// What makes a header believed by who knows an earlier one (consensus/certificates.hpp,
/// light_block). Answer: final_header. Errors: not_found, unavailable.
struct read_header {
  height at;
};

struct final_header {
  consensus::header head;
  consensus::certificate seals;
  std::vector<consensus::validator> validators;      ///< of that height
  std::vector<consensus::validator> next_validators; ///< of the height behind it

  bool operator==(const final_header&) const = default;
};
BPCI_MESSAGE(final_header, head, seals, validators, next_validators)

/// The newest snapshot that this node has. Answer: snapshot_here. Errors: not_found, unavailable.
struct find_snapshot {};

struct snapshot_here {
  ledger::snapshot_manifest what;
};

/// Answer: bytes of a chunk. Errors: not_found, unavailable.
struct read_chunk {
  height of;
  std::uint64_t index = 0;
};

struct chunk_here {
  std::shared_ptr<const bytes> data;
};

// -- for oneself, behind -------------------------------------------------------------------

/// "Forget what there is and begin at this header", which is believed (light client rules). The
/// manifest is the one of a peer, not believed. Answer: restore_progress. Errors: conflict (the
/// chain is at that height already), malformed, fenced, and those of a query. A restore that was
/// begun before is dropped; nothing of the present state is, before finish_restore.
struct begin_restore {
  final_header at;
  ledger::snapshot_manifest manifest;
};

/// Answer: restore_progress. Errors: those of ledger/snapshot.hpp; not_found (nothing was begun).
struct add_chunk {
  std::uint64_t index = 0;
  std::shared_ptr<const bytes> data;
};

struct restore_progress {
  std::optional<std::uint64_t> missing; ///< the first chunk that is wanting; empty: complete
};

/// `before`: the last 103 final blocks up to the header's own, oldest first, verified by their
/// hashes; as far as there are such. They tell who was there (ledger/attendance.hpp). Answer:
/// position. Errors: malformed (the manifest lied: ask somebody else), invalid_argument (blocks
/// that are not what was asked for), fenced, and those of a query.
struct finish_restore {
  std::vector<sealed_block_ptr> before;
};

} // namespace bpci::chain

BPCI_LOCAL_MESSAGE(bpci::chain::fill_block)
BPCI_LOCAL_MESSAGE(bpci::chain::block_filled)
BPCI_LOCAL_MESSAGE(bpci::chain::validate_block)
BPCI_LOCAL_MESSAGE(bpci::chain::block_valid)
BPCI_LOCAL_MESSAGE(bpci::chain::append_block)
BPCI_LOCAL_MESSAGE(bpci::chain::get_past)
BPCI_LOCAL_MESSAGE(bpci::chain::past_height)
BPCI_LOCAL_MESSAGE(bpci::chain::read_blocks)
BPCI_LOCAL_MESSAGE(bpci::chain::block_range)
BPCI_LOCAL_MESSAGE(bpci::chain::read_header)
BPCI_LOCAL_MESSAGE(bpci::chain::final_header)
BPCI_LOCAL_MESSAGE(bpci::chain::find_snapshot)
BPCI_LOCAL_MESSAGE(bpci::chain::snapshot_here)
BPCI_LOCAL_MESSAGE(bpci::chain::read_chunk)
BPCI_LOCAL_MESSAGE(bpci::chain::chunk_here)
BPCI_LOCAL_MESSAGE(bpci::chain::begin_restore)
BPCI_LOCAL_MESSAGE(bpci::chain::add_chunk)
BPCI_LOCAL_MESSAGE(bpci::chain::restore_progress)
BPCI_LOCAL_MESSAGE(bpci::chain::finish_restore)
