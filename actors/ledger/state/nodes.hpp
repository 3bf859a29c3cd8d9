#pragma once

#include "actors/ledger/state/trie.hpp"

/// For a store that keeps states as their nodes, each under its hash: with a block only those are
/// written that the state before did not have. What a store returns is not trusted.
namespace bpci::ledger {

/// A leaf: 1, the canonical key, the value. An inner node: 2, the hash of its left and of its
/// right.
inline constexpr std::size_t stored_node_bytes_max =
    1 + 4 + state_key_bytes_max + state_value_bytes_max;

using node_visitor = std::function<void(const hash& name, bytes content)>;

/// The nodes of `now` that `before` does not have, children ahead of their parents: a store that
/// is cut off in the midst holds no node without what is below it. With the arguments the other way
/// round: those that fell away, which other states may still share and later ones may have again.
void for_each_new_node(const state_trie& now, const state_trie& before, const node_visitor& visit);

/// Nothing, when there is no such node.
using node_source = std::function<std::optional<bytes>(const hash& name)>;

/// The state of this root, each node checked against its hash and against its place.
/// Errors: not_found (a node is missing), malformed (a node is not what its name says).
result<state_trie> load_state(const hash& root, const node_source& fetch);

} // namespace bpci::ledger
