#pragma once

#include "actors/ledger/state/trie.hpp"
#include "messages/ledger/snapshot.hpp"

#include <functional>

/// Snapshots of a state: the same state gives the same chunks on every machine.
namespace bpci::ledger {

using chunk_sink = std::function<void(std::uint64_t index, bytes chunk)>;

/// Hands each chunk to `keep`, in order, and returns what they are; holds one chunk at a time.
/// Throws std::length_error for a state beyond `snapshot_chunks_max`.
snapshot_manifest make_snapshot(const state_trie& state, std::string_view chain_id, height at,
                                const chunk_sink& keep);

/// Under which a checkpoint names a snapshot.
hash snapshot_hash(const snapshot_manifest& x);

/// Of the canonical bytes.
inline constexpr std::size_t manifest_bytes_max = 256 + snapshot_chunks_max * 32;

/// Errors: too_large, malformed, unsupported (another version).
result<snapshot_manifest> decode_manifest(std::span<const std::uint8_t> data);

/// Errors: too_large, malformed (also keys or values beyond the limits, and keys out of order).
result<snapshot_chunk> decode_chunk(std::span<const std::uint8_t> data);

/// Builds a state from chunks that anybody may have sent, in whatever order they come.
class restoration {
public:
  /// `what` comes from decode_manifest, `root` from a verified header.
  restoration(snapshot_manifest what, const hash& root);

  /// Errors: not_found (no such chunk), conflict (it is there already), too_large, malformed (also:
  /// its hash is another than the manifest's).
  result<void> add(std::uint64_t index, std::span<const std::uint8_t> chunk);

  /// The first chunk that is wanting; empty: none.
  [[nodiscard]] std::optional<std::uint64_t> missing() const;

  /// Errors: unavailable (chunks are wanting), malformed (together they are not the state: the
  /// manifest lies).
  [[nodiscard]] result<state_trie> finish() const;

private:
  snapshot_manifest what_;
  hash root_{};
  std::vector<std::optional<snapshot_chunk>> chunks_;
};

} // namespace bpci::ledger
