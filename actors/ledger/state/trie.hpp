#pragma once

#include "messages/ids.hpp"
#include "messages/ledger/account.hpp"
#include "messages/ledger/proof.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The state of the ledger: an immutable map from keys to values with a root hash that commits to
/// all of it. Copies share their nodes, so that a proposed block is executed on top of a state and
/// thrown away for the price of what it changed.
///
/// A binary trie over the SHA-256 of the keys, their *paths*. A subtree with a single key is its
/// leaf; so the shape, and with it the root, depends on the content alone and not on the order in
/// which it came about. Hashes are SHA-256 behind a tag of their own for leaves and inner nodes:
///
///     leaf  = H("bpci-state-leaf-v1" path H(value))
///     inner = H("bpci-state-node-v1" left right)        nothing there: 32 zeros
///
/// In memory a leaf takes 128 bytes beside its key and value, an inner node 96, of which there are
/// about 1.44 a leaf: an account takes 360 bytes.
namespace bpci::ledger {

inline constexpr std::size_t state_key_bytes_max = 256;
inline constexpr std::size_t state_value_bytes_max = 65'536;

/// Bytes that belong to the map that they were found in.
using state_value = std::optional<std::span<const std::uint8_t>>;

/// Anything that values can be read from: a state, or a draft upon one.
class reader {
public:
  virtual ~reader() = default;
  [[nodiscard]] virtual state_value find(std::string_view key) const = 0;

protected:
  reader() = default;
  reader(const reader&) = default;
  reader& operator=(const reader&) = default;
};

/// The path of a key.
hash path_of(std::string_view key);

/// A new value, or none any more.
struct state_change {
  hash path{}; ///< path_of(key)
  std::string key;
  std::optional<bytes> value;
};

class state_trie final : public reader {
public:
  struct node;
  using node_ptr = std::shared_ptr<const node>;

  /// Empty: its root is 32 zeros.
  state_trie() = default;

  [[nodiscard]] hash root() const;

  /// Number of keys; counts them.
  [[nodiscard]] std::size_t size() const;

  /// Lives as long as a state that shares this leaf.
  [[nodiscard]] state_value find(std::string_view key) const override;

  /// This state with all of the changes; of two for one key the later counts. Removing what is not
  /// there, and writing what is there already, changes nothing. Each node is hashed once however
  /// many changes go through it. Throws std::length_error on keys and values beyond the limits.
  [[nodiscard]] state_trie apply(std::vector<state_change> changes) const;

  /// That `key` has the value that it has, or that it has none.
  [[nodiscard]] state_proof prove(std::string_view key) const;

  using visitor = std::function<void(std::string_view key, std::span<const std::uint8_t> value)>;

  /// All keys in the order of their paths.
  void for_each(const visitor& visit) const;

  /// What keys have another value here than in `before`, or one at all. Skips what both share.
  void for_each_changed(const state_trie& before, const visitor& visit) const;

  /// For nodes.hpp.
  [[nodiscard]] const node_ptr& top() const noexcept { return top_; }
  explicit state_trie(node_ptr top) : top_(std::move(top)) {}

private:
  node_ptr top_;
};

} // namespace bpci::ledger
