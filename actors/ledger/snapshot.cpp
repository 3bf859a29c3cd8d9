#include "actors/ledger/snapshot.hpp"

#include "messages/codec/canonical.hpp"
#include "messages/ledger/transaction.hpp"
#include "runtime/crypto/hash.hpp"

#include <algorithm>
#include <stdexcept>

namespace bpci::ledger {

namespace {

constexpr std::uint32_t version_known = 1;

/// What the lengths of an entry take, and the number of entries of a chunk.
constexpr std::size_t length_bytes = 4;

std::string_view text_of(const bytes& x) {
  return {reinterpret_cast<const char*>(x.data()), x.size()};
}

hash chunk_hash(std::span<const std::uint8_t> data) {
  return crypto::sha256_joined({crypto::as_bytes("bpci-snapshot-chunk-v1"), data});
}

/// Fills chunks up to the limit.
class cutter {
public:
  cutter(snapshot_manifest& what, const chunk_sink& keep) : what_(what), keep_(keep) {}

  void add(std::string_view key, std::span<const std::uint8_t> value) {
    auto size = 2 * length_bytes + key.size() + value.size();
    if (size_ + size > snapshot_chunk_bytes_max) cut();
    now_.entries.push_back({{key.begin(), key.end()}, {value.begin(), value.end()}});
    size_ += size;
    ++what_.entries;
  }

  void cut() {
    if (now_.entries.empty()) return;
    if (what_.chunks.size() == snapshot_chunks_max)
      throw std::length_error("snapshot: the state is too large");
    auto data = codec::to_canonical(now_);
    what_.chunks.push_back(chunk_hash(data));
    keep_(what_.chunks.size() - 1, std::move(data));
    now_ = {};
    size_ = length_bytes;
  }

private:
  snapshot_manifest& what_;
  const chunk_sink& keep_;
  snapshot_chunk now_;
  std::size_t size_ = length_bytes;
};

bool fits(const snapshot_entry& x) {
  return !x.key.empty() && x.key.size() <= state_key_bytes_max
         && x.value.size() <= state_value_bytes_max;
}

} // namespace

snapshot_manifest make_snapshot(const state_trie& state, std::string_view chain_id, height at,
                                const chunk_sink& keep) {
  snapshot_manifest out;
  out.chain_id = chain_id;
  out.at = at;
  out.state_root = state.root();
  cutter chunks{out, keep};
  state.for_each([&](auto key, auto value) { chunks.add(key, value); });
  chunks.cut();
  return out;
}

hash snapshot_hash(const snapshot_manifest& x) {
  return crypto::sha256_joined(
      {crypto::as_bytes("bpci-snapshot-manifest-v1"), codec::to_canonical(x)});
}

result<snapshot_manifest> decode_manifest(std::span<const std::uint8_t> data) {
  if (data.size() > manifest_bytes_max)
    return fail(ec::too_large, "a manifest of " + std::to_string(data.size()) + " bytes");
  auto out = codec::from_canonical<snapshot_manifest>(data);
  if (!out) return out;
  if (out->version != version_known)
    return fail(ec::unsupported, "a snapshot of version " + std::to_string(out->version));
  if (out->chain_id.size() > chain_id_bytes_max || out->chunks.size() > snapshot_chunks_max)
    return fail(ec::malformed, "a manifest beyond the limits");
  return out;
}

result<snapshot_chunk> decode_chunk(std::span<const std::uint8_t> data) {
  if (data.size() > snapshot_chunk_bytes_max)
    return fail(ec::too_large, "a chunk of " + std::to_string(data.size()) + " bytes");
  auto out = codec::from_canonical<snapshot_chunk>(data);
  if (!out) return out;
  hash last{};
  for (std::size_t i = 0; i < out->entries.size(); ++i) {
    const auto& x = out->entries[i];
    if (!fits(x)) return fail(ec::malformed, "a key or value beyond the limits");
    auto path = path_of(text_of(x.key));
    if (i > 0 && path <= last) return fail(ec::malformed, "the keys are not in order");
    last = path;
  }
  return out;
}

restoration::restoration(snapshot_manifest what, const hash& root)
    : what_(std::move(what)), root_(root), chunks_(what_.chunks.size()) {}

result<void> restoration::add(std::uint64_t index, std::span<const std::uint8_t> chunk) {
  if (index >= chunks_.size())
    return fail(ec::not_found, "the snapshot has no chunk " + std::to_string(index));
  if (chunks_[index]) return fail(ec::conflict, "chunk " + std::to_string(index) + " is there");
  if (chunk.size() > snapshot_chunk_bytes_max)
    return fail(ec::too_large, "a chunk of " + std::to_string(chunk.size()) + " bytes");
  if (chunk_hash(chunk) != what_.chunks[index])
    return fail(ec::malformed, "chunk " + std::to_string(index) + " has another hash");
  auto decoded = decode_chunk(chunk);
  if (!decoded) return decoded.error();
  chunks_[index] = std::move(*decoded);
  return {};
}

std::optional<std::uint64_t> restoration::missing() const {
  auto found = std::ranges::find_if(chunks_, [](const auto& x) { return !x; });
  if (found == chunks_.end()) return {};
  return static_cast<std::uint64_t>(found - chunks_.begin());
}

result<state_trie> restoration::finish() const {
  if (auto wanting = missing())
    return fail(ec::unavailable, "chunk " + std::to_string(*wanting) + " is wanting");
  state_trie out;
  std::uint64_t count = 0;
  for (const auto& chunk : chunks_) {
    std::vector<state_change> some;
    for (const auto& x : chunk->entries)
      some.push_back({path_of(text_of(x.key)), std::string{text_of(x.key)}, x.value});
    count += some.size();
    out = out.apply(std::move(some));
  }
  if (out.root() != root_ || what_.state_root != root_ || count != what_.entries)
    return fail(ec::malformed, "the chunks are not the state of this root");
  return out;
}

} // namespace bpci::ledger
