#pragma once

#include "messages/ids.hpp"
#include "messages/ledger/account.hpp"

#include <string>
#include <vector>

/// A whole state in pieces, for a node that comes to a chain late.
namespace bpci::ledger {

struct snapshot_entry {
  bytes key;
  bytes value;

  bool operator==(const snapshot_entry&) const = default;
};
BPCI_MESSAGE(snapshot_entry, key, value)

/// Keys in the order of their paths (actors/ledger/state/trie.hpp), going on from chunk to chunk.
struct snapshot_chunk {
  std::vector<snapshot_entry> entries;

  bool operator==(const snapshot_chunk&) const = default;
};
BPCI_MESSAGE(snapshot_chunk, entries)

/// What the chunks are. Who has a block's header knows the root, and needs to trust nobody.
struct snapshot_manifest {
  std::uint32_t version = 1;
  std::string chain_id;
  height at;
  hash state_root{};
  std::uint64_t entries = 0;
  std::vector<hash> chunks; ///< of each chunk's bytes, behind a domain tag

  bool operator==(const snapshot_manifest&) const = default;
};
BPCI_MESSAGE(snapshot_manifest, version, chain_id, at, state_root, entries, chunks)

/// Two entries of the largest size fit.
inline constexpr std::size_t snapshot_chunk_bytes_max = 1'048'576;
/// So a state has at most 64 GiB.
inline constexpr std::size_t snapshot_chunks_max = 65'536;

} // namespace bpci::ledger
