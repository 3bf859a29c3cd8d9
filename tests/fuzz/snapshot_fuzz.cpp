/// Snapshots: the first byte says what the rest is.

#include "actors/ledger/snapshot.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/small_chain.hpp"

using namespace bpci;
using namespace bpci::ledger;

namespace {

/// A manifest with the root of a state that we know: what it leads to is that state, or nothing.
void restore_by(const snapshot_manifest& what) {
  const auto root = fuzz::small_chain().state.root();
  restoration from{what, root};
  make_snapshot(fuzz::small_chain().state, "fuzz", height{1},
                [&](std::uint64_t index, const bytes& chunk) { (void)from.add(index, chunk); });
  if (from.missing()) return;
  if (auto state = from.finish()) fuzz::require(state->root() == root, "it is the state, or none");
}

/// A chunk in the place of the true one.
void restore_with(fuzz::input chunk) {
  snapshot_manifest what;
  std::vector<bytes> chunks;
  what = make_snapshot(fuzz::small_chain().state, "fuzz", height{1},
                       [&](std::uint64_t, bytes x) { chunks.push_back(std::move(x)); });
  restoration from{what, fuzz::small_chain().state.root()};
  if (from.add(0, chunk))
    fuzz::require(std::ranges::equal(chunk, chunks.at(0)), "no other chunk takes its place");
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto rest = fuzz::input{data + 1, size - 1};
  if (data[0] % 2 == 0) {
    if (auto x = decode_manifest(rest)) restore_by(*x);
  } else {
    if (auto x = decode_chunk(rest))
      fuzz::require(std::ranges::equal(codec::to_canonical(*x), rest), "a chunk has one encoding");
    restore_with(rest);
  }
  return 0;
}
