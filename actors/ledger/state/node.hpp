#pragma once

#include "actors/ledger/state/trie.hpp"

#include <array>

/// The nodes of a state_trie: for the files of this folder.
namespace bpci::ledger {

/// An inner node or a leaf; derived classes without virtual functions, since the deleter of a
/// shared_ptr knows what it made.
struct state_trie::node {
  ledger::hash hash{};
  bool is_leaf = false;
};

namespace state {

using node = state_trie::node;
using node_ptr = state_trie::node_ptr;

struct leaf : node {
  ledger::hash path{};
  std::uint32_t key_size = 0;
  bytes content; ///< the key, then the value: one allocation

  [[nodiscard]] std::string_view key() const {
    return {reinterpret_cast<const char*>(content.data()), key_size};
  }
  [[nodiscard]] std::span<const std::uint8_t> value() const {
    return std::span{content}.subspan(key_size);
  }
};

struct inner : node {
  std::array<node_ptr, 2> child; ///< one of them may be null: then the other is no leaf
};

inline constexpr std::size_t depth_max = 256;

inline const leaf& as_leaf(const node& x) {
  return static_cast<const leaf&>(x);
}
inline const inner& as_inner(const node& x) {
  return static_cast<const inner&>(x);
}

inline hash hash_of(const node_ptr& x) {
  return x ? x->hash : hash{};
}

/// The bit of a path that decides between left and right at this depth.
inline bool bit(const hash& path, std::size_t depth) {
  return ((path[depth / 8] >> (7 - depth % 8)) & 1) != 0;
}

hash leaf_hash(const hash& path, const hash& value_hash);
hash inner_hash(const hash& left, const hash& right);

node_ptr make_leaf(const hash& path, std::string_view key, std::span<const std::uint8_t> value);
node_ptr make_inner(node_ptr left, node_ptr right);

/// The only leaf below `x`, which stands at `depth`, that can have this path, or null.
const leaf* leaf_towards(const node_ptr& x, const hash& path, std::size_t depth = 0);

/// Calls `visit(node)` for each node of `now` that is not one of `before`, children ahead of their
/// parents. Both stand at `depth`; what they share is skipped.
template <class Visit>
void visit_new(const node_ptr& now, const node_ptr& before, std::size_t depth, Visit& visit) {
  if (!now || now == before || hash_of(now) == hash_of(before)) return;
  if (now->is_leaf) {
    // A leaf that moved up or down is not new.
    const auto* old = leaf_towards(before, as_leaf(*now).path, depth);
    if (!old || old->hash != now->hash) visit(*now);
    return;
  }
  auto both = before && !before->is_leaf;
  for (std::size_t side = 0; side < 2; ++side)
    visit_new(as_inner(*now).child[side], both ? as_inner(*before).child[side] : before, depth + 1,
              visit);
  visit(*now);
}

} // namespace state
} // namespace bpci::ledger
