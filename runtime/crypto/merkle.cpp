#include "runtime/crypto/merkle.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <stdexcept>

namespace bpci::crypto {

namespace {

constexpr std::uint8_t leaf_prefix[] = {0x00};
constexpr std::uint8_t node_prefix[] = {0x01};

digest node_hash(const digest& left, const digest& right) {
  return sha256_joined({node_prefix, left, right});
}

/// The RFC's k: the largest power of two below `size`, where a tree of more than one leaf splits.
std::uint64_t split(std::uint64_t size) {
  return std::bit_floor(size - 1);
}

bool odd(std::uint64_t x) {
  return (x & 1) != 0;
}

void require(bool holds, const char* what) {
  if (!holds) throw std::out_of_range(what);
}

merkle_tree tree_of(std::span<const bytes> leaves) {
  merkle_tree tree;
  for (const auto& leaf : leaves)
    tree.append(leaf);
  return tree;
}

/// Of a subtree of `size` leaves.
std::size_t nodes_of(std::uint64_t size) {
  return 2 * size - 1;
}

/// Fills the subtree's part of the nodes and returns its root.
const digest& seal_subtree(std::span<const digest> leaves, std::span<digest> nodes) {
  auto& root = nodes.back();
  if (leaves.size() == 1) return root = leaves.front();
  auto half = split(leaves.size());
  const auto& left = seal_subtree(leaves.first(half), nodes.first(nodes_of(half)));
  const auto& right = seal_subtree(leaves.subspan(half),
                                   nodes.subspan(nodes_of(half), nodes_of(leaves.size() - half)));
  return root = node_hash(left, right);
}

/// `indexes`: those in this subtree, counted from `begin`.
void prove_subtree(std::span<const digest> nodes, std::uint64_t begin, std::uint64_t size,
                   std::span<const std::uint32_t> indexes, bytes& out) {
  if (indexes.size() == size) return;
  if (indexes.empty()) {
    out.insert(out.end(), nodes.back().begin(), nodes.back().end());
    return;
  }
  auto half = split(size);
  auto middle = std::ranges::lower_bound(indexes, begin + half) - indexes.begin();
  auto left = indexes.first(static_cast<std::size_t>(middle));
  prove_subtree(nodes.first(nodes_of(half)), begin, half, left, out);
  prove_subtree(nodes.subspan(nodes_of(half), nodes_of(size - half)), begin + half, size - half,
                indexes.subspan(left.size()), out);
}

/// What is left of a proof while it is used up.
struct part {
  std::span<const std::uint64_t> indexes;
  std::span<const digest> leaves;
  std::span<const std::uint8_t> proof;
  bool short_of = false;

  digest subtree(std::uint64_t begin, std::uint64_t size) {
    digest out{};
    if (indexes.empty() || indexes.front() >= begin + size) {
      if (proof.size() < out.size()) {
        short_of = true;
        return out;
      }
      std::ranges::copy(proof.first(out.size()), out.begin());
      proof = proof.subspan(out.size());
      return out;
    }
    if (size == 1) {
      out = leaves.front();
      leaves = leaves.subspan(1);
      indexes = indexes.subspan(1);
      return out;
    }
    auto half = split(size);
    auto left = subtree(begin, half);
    if (short_of) return out;
    return node_hash(left, subtree(begin + half, size - half));
  }
};

} // namespace

digest leaf_hash(std::span<const std::uint8_t> leaf) {
  return sha256_joined({leaf_prefix, leaf});
}

void sealed_tree::seal(std::span<const digest> leaves) {
  require(!leaves.empty(), "sealed_tree::seal: no leaves");
  size_ = leaves.size();
  nodes_.resize(nodes_of(size_));
  seal_subtree(leaves, nodes_);
}

bytes sealed_tree::proof(std::span<const std::uint32_t> indexes) const {
  require(std::ranges::is_sorted(indexes) && (indexes.empty() || indexes.back() < size_),
          "sealed_tree::proof: indexes");
  bytes out;
  prove_subtree(nodes_, 0, size_, indexes, out);
  return out;
}

std::optional<digest> root_of_part(std::uint64_t size, std::span<const std::uint64_t> indexes,
                                   std::span<const digest> leaves,
                                   std::span<const std::uint8_t> proof) {
  if (indexes.empty() || indexes.size() != leaves.size() || indexes.back() >= size) return {};
  if (std::ranges::adjacent_find(indexes, std::greater_equal{}) != indexes.end()) return {};
  part left{indexes, leaves, proof};
  auto root = left.subtree(0, size);
  if (left.short_of || !left.proof.empty() || !left.leaves.empty()) return {};
  return root;
}

void merkle_tree::append(std::span<const std::uint8_t> leaf) {
  auto hash = leaf_hash(leaf);
  for (std::size_t level = 0;; ++level) {
    if (level == levels_.size()) levels_.emplace_back();
    auto& row = levels_[level];
    row.push_back(hash);
    if (odd(row.size())) return;
    hash = node_hash(row[row.size() - 2], row.back());
  }
}

std::uint64_t merkle_tree::size() const noexcept {
  return levels_.empty() ? 0 : levels_.front().size();
}

digest merkle_tree::root_at(std::uint64_t size) const {
  require(size <= this->size(), "merkle_tree::root_at: size");
  return size == 0 ? sha256({}) : subtree(0, size);
}

digest merkle_tree::subtree(std::uint64_t begin, std::uint64_t end) const {
  auto size = end - begin;
  if (std::has_single_bit(size)) return levels_[std::countr_zero(size)][begin / size];
  auto middle = begin + split(size);
  return node_hash(subtree(begin, middle), subtree(middle, end));
}

std::vector<digest> merkle_tree::inclusion_proof(std::uint64_t index, std::uint64_t size) const {
  require(index < size && size <= this->size(), "merkle_tree::inclusion_proof: index or size");
  std::vector<digest> proof;
  auto begin = std::uint64_t{0};
  auto end = size;
  while (end - begin > 1) {
    auto middle = begin + split(end - begin);
    if (index < middle) {
      proof.push_back(subtree(middle, end));
      end = middle;
    } else {
      proof.push_back(subtree(begin, middle));
      begin = middle;
    }
  }
  std::ranges::reverse(proof);
  return proof;
}

std::vector<digest> merkle_tree::consistency_proof(std::uint64_t old_size,
                                                   std::uint64_t new_size) const {
  require(old_size <= new_size && new_size <= size(), "merkle_tree::consistency_proof: sizes");
  std::vector<digest> proof;
  if (old_size == 0) return proof;
  auto begin = std::uint64_t{0};
  auto end = new_size;
  while (end != old_size) {
    auto middle = begin + split(end - begin);
    if (old_size <= middle) {
      proof.push_back(subtree(middle, end));
      end = middle;
    } else {
      proof.push_back(subtree(begin, middle));
      begin = middle;
    }
  }
  // The verifier knows the old root already: it is needed only where it is not this subtree.
  if (begin != 0) proof.push_back(subtree(begin, end));
  std::ranges::reverse(proof);
  return proof;
}

digest root(std::span<const bytes> leaves) {
  return tree_of(leaves).root();
}

std::vector<digest> inclusion_proof(std::span<const bytes> leaves, std::uint64_t index) {
  return tree_of(leaves).inclusion_proof(index, leaves.size());
}

std::vector<digest> consistency_proof(std::span<const bytes> leaves, std::uint64_t old_size) {
  return tree_of(leaves).consistency_proof(old_size, leaves.size());
}

// fn, sn, fr and sr are the RFC's names.
bool verify_inclusion(std::span<const std::uint8_t> leaf, std::uint64_t index, std::uint64_t size,
                      std::span<const digest> proof, const digest& root) {
  if (index >= size) return false;
  auto fn = index;
  auto sn = size - 1;
  auto r = leaf_hash(leaf);
  for (const auto& p : proof) {
    if (sn == 0) return false;
    if (odd(fn) || fn == sn) {
      r = node_hash(p, r);
      for (; !odd(fn) && fn != 0; fn >>= 1)
        sn >>= 1;
    } else {
      r = node_hash(r, p);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return sn == 0 && r == root;
}

bool verify_consistency(std::uint64_t old_size, std::uint64_t new_size, const digest& old_root,
                        const digest& new_root, std::span<const digest> proof) {
  if (old_size > new_size) return false;
  if (old_size == new_size)
    return proof.empty() && old_root == new_root && (old_size != 0 || old_root == sha256({}));
  if (old_size == 0) return proof.empty() && old_root == sha256({});
  if (proof.empty()) return false;
  auto fn = old_size - 1;
  auto sn = new_size - 1;
  for (; odd(fn); fn >>= 1)
    sn >>= 1;
  // A complete old tree is itself the first node of the path, and the proof leaves it out.
  auto known = std::has_single_bit(old_size);
  auto fr = known ? old_root : proof.front();
  auto sr = fr;
  for (const auto& c : proof.subspan(known ? 0 : 1)) {
    if (sn == 0) return false;
    if (odd(fn) || fn == sn) {
      fr = node_hash(c, fr);
      sr = node_hash(c, sr);
      for (; !odd(fn) && fn != 0; fn >>= 1)
        sn >>= 1;
    } else {
      sr = node_hash(sr, c);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return sn == 0 && fr == old_root && sr == new_root;
}

} // namespace bpci::crypto
