#pragma once

#include "messages/ids.hpp"
#include "runtime/crypto/hash.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

/// Merkle trees of RFC 9162, section 2.1, with SHA-256. A leaf is hashed behind a byte 0, an
/// inner node behind a byte 1, so none can pass for the other. Indices count leaves from 0, sizes
/// are numbers of leaves, and proofs list hashes from the leaf upwards, as in the RFC.
namespace bpci::crypto {

/// A tree that grows. Keeps the hashes of all complete subtrees, 64 bytes a leaf, so that an
/// append and the root cost O(log n), and so does each proof, also for the tree as it was at an
/// earlier size. Not for use by two threads at once.
class merkle_tree {
 public:
  void append(std::span<const std::uint8_t> leaf);

  [[nodiscard]] std::uint64_t size() const noexcept;

  /// Section 2.1.1; of an empty tree, the hash of nothing.
  [[nodiscard]] digest root() const { return root_at(size()); }

  /// The root when the tree had `size` leaves; `size` is at most size().
  [[nodiscard]] digest root_at(std::uint64_t size) const;

  /// Section 2.1.3.1, in the tree of the first `size` leaves: index < size <= size().
  [[nodiscard]] std::vector<digest> inclusion_proof(std::uint64_t index, std::uint64_t size) const;

  /// Section 2.1.4.1, from the first `old_size` to the first `new_size` leaves:
  /// old_size <= new_size <= size(). Empty where old_size is 0 or new_size.
  [[nodiscard]] std::vector<digest> consistency_proof(std::uint64_t old_size,
                                                      std::uint64_t new_size) const;

 private:
  /// The root over the leaves of [begin, end), a subtree of the RFC's recursion.
  [[nodiscard]] digest subtree(std::uint64_t begin, std::uint64_t end) const;

  /// levels_[k][i] covers the 2^k leaves from i * 2^k on.
  std::vector<std::vector<digest>> levels_;
};

/// The hash of a leaf with this content.
digest leaf_hash(std::span<const std::uint8_t> leaf);

/// A tree whose leaves are all known: every hash is computed once, and proofs compute none. Keeps
/// its memory from one `seal` to the next.
class sealed_tree {
 public:
  /// At least one hash of a leaf.
  void seal(std::span<const digest> leaves);

  [[nodiscard]] const digest& root() const { return nodes_.back(); }

  /// What `root_of_part` needs for these leaves, which rise and are below the number of leaves: the
  /// hash of each largest subtree that has none of them, from left to right, behind one another.
  /// Empty when they are all leaves.
  [[nodiscard]] bytes proof(std::span<const std::uint32_t> indexes) const;

 private:
  std::uint64_t size_ = 0;
  std::vector<digest> nodes_; ///< A subtree stands behind its two halves: the root is the last.
};

/// The root of a tree of `size` leaves of which these are known; compare it with the true one.
/// Trees of different sizes may agree in it: what is signed has the size beside the root. Nothing
/// when indexes do not rise, or are not below `size`, or there are more or fewer hashes of leaves
/// or in the proof than it takes. All arguments may come from an adversary.
std::optional<digest> root_of_part(std::uint64_t size, std::span<const std::uint64_t> indexes,
                                   std::span<const digest> leaves,
                                   std::span<const std::uint8_t> proof);

digest root(std::span<const bytes> leaves);

/// index < leaves.size(). Builds the whole tree; for many proofs, keep a merkle_tree.
std::vector<digest> inclusion_proof(std::span<const bytes> leaves, std::uint64_t index);

/// From the first `old_size` leaves to all; old_size <= leaves.size().
std::vector<digest> consistency_proof(std::span<const bytes> leaves, std::uint64_t old_size);

/// Section 2.1.3.2: whether `leaf` is the one at `index` of the tree with this size and root.
/// Takes the content of the leaf, not its hash, so that no inner node can be passed off as one.
/// All arguments may come from an adversary, but for `root`.
bool verify_inclusion(std::span<const std::uint8_t> leaf, std::uint64_t index, std::uint64_t size,
                      std::span<const digest> proof, const digest& root);

/// Section 2.1.4.2: whether the tree of `new_size` leaves begins with the one of `old_size`.
/// Beyond the RFC, which has 0 < old < new: a tree is consistent with itself and with the empty
/// one, by the empty proof.
bool verify_consistency(std::uint64_t old_size, std::uint64_t new_size, const digest& old_root,
                        const digest& new_root, std::span<const digest> proof);

} // namespace bpci::crypto
