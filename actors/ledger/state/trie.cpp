#include "actors/ledger/state/trie.hpp"

#include "actors/ledger/state/node.hpp"
#include "runtime/crypto/hash.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace bpci::ledger {

namespace state {

hash leaf_hash(const hash& path, const hash& value_hash) {
  static const auto tag = crypto::as_bytes("bpci-state-leaf-v1");
  return crypto::sha256_joined({tag, path, value_hash});
}

hash inner_hash(const hash& left, const hash& right) {
  static const auto tag = crypto::as_bytes("bpci-state-node-v1");
  return crypto::sha256_joined({tag, left, right});
}

node_ptr make_leaf(const hash& path, std::string_view key, std::span<const std::uint8_t> value) {
  auto out = std::make_shared<leaf>();
  out->is_leaf = true;
  out->path = path;
  out->key_size = static_cast<std::uint32_t>(key.size());
  out->content.resize(key.size() + value.size());
  std::ranges::copy(key, out->content.begin());
  std::ranges::copy(value, out->content.begin() + static_cast<std::ptrdiff_t>(key.size()));
  out->hash = leaf_hash(path, crypto::sha256(value));
  return out;
}

node_ptr make_inner(node_ptr left, node_ptr right) {
  auto out = std::make_shared<inner>();
  out->hash = inner_hash(hash_of(left), hash_of(right));
  out->child = {std::move(left), std::move(right)};
  return out;
}

const leaf* leaf_towards(const node_ptr& x, const hash& path, std::size_t depth) {
  const auto* at = x.get();
  for (; at && !at->is_leaf; ++depth)
    at = as_inner(*at).child[bit(path, depth)].get();
  return at ? &as_leaf(*at) : nullptr;
}

namespace {

/// Both are sorted by path, each path at most once.
using changes = std::span<state_change>;
using leaves = std::span<const node_ptr>;

/// A single leaf moves up to where its subtree began.
node_ptr join(node_ptr left, node_ptr right) {
  if (!left && (!right || right->is_leaf)) return right;
  if (!right && left->is_leaf) return left;
  return make_inner(std::move(left), std::move(right));
}

node_ptr build(leaves all, std::size_t depth) {
  if (all.empty()) return nullptr;
  if (all.size() == 1) return all.front();
  auto middle = std::ranges::partition_point(
      all, [&](const auto& x) { return !bit(as_leaf(*x).path, depth); });
  auto left = static_cast<std::size_t>(middle - all.begin());
  return make_inner(build(all.first(left), depth + 1), build(all.subspan(left), depth + 1));
}

node_ptr leaf_after(const state_change& x) {
  return x.value ? make_leaf(x.path, x.key, *x.value) : nullptr;
}

/// Where there was at most one leaf.
node_ptr grow(const node_ptr& old, changes all, std::size_t depth) {
  std::vector<node_ptr> out;
  out.reserve(all.size() + 1);
  auto waiting = old;
  for (const auto& x : all) {
    if (waiting && as_leaf(*waiting).path < x.path) out.push_back(std::exchange(waiting, nullptr));
    if (waiting && as_leaf(*waiting).path == x.path) {
      auto same = x.value && std::ranges::equal(as_leaf(*waiting).value(), *x.value);
      if (same) out.push_back(waiting);
      waiting = nullptr;
      if (same) continue;
    }
    if (auto made = leaf_after(x)) out.push_back(std::move(made));
  }
  if (waiting) out.push_back(std::move(waiting));
  return build(out, depth);
}

node_ptr update(const node_ptr& old, changes all, std::size_t depth) {
  if (all.empty()) return old;
  if (!old || old->is_leaf) return grow(old, all, depth);
  auto middle =
      std::ranges::partition_point(all, [&](const auto& x) { return !bit(x.path, depth); });
  auto left_size = static_cast<std::size_t>(middle - all.begin());
  const auto& child = as_inner(*old).child;
  auto left = update(child[0], all.first(left_size), depth + 1);
  auto right = update(child[1], all.subspan(left_size), depth + 1);
  if (left == child[0] && right == child[1]) return old;
  return join(std::move(left), std::move(right));
}

std::size_t count(const node_ptr& x) {
  if (!x) return 0;
  if (x->is_leaf) return 1;
  return count(as_inner(*x).child[0]) + count(as_inner(*x).child[1]);
}

void visit_all(const node_ptr& x, const state_trie::visitor& visit) {
  if (!x) return;
  if (x->is_leaf) {
    visit(as_leaf(*x).key(), as_leaf(*x).value());
    return;
  }
  for (const auto& child : as_inner(*x).child)
    visit_all(child, visit);
}

/// Sorted by path, and of several for one path the last.
void normalize(std::vector<state_change>& all) {
  std::ranges::stable_sort(all, {}, &state_change::path);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i + 1 < all.size() && all[i].path == all[i + 1].path) continue;
    if (kept != i) all[kept] = std::move(all[i]);
    ++kept;
  }
  all.resize(kept);
}

} // namespace
} // namespace state

hash path_of(std::string_view key) {
  return crypto::sha256(crypto::as_bytes(key));
}

hash state_trie::root() const {
  return state::hash_of(top_);
}

std::size_t state_trie::size() const {
  return state::count(top_);
}

state_value state_trie::find(std::string_view key) const {
  auto path = path_of(key);
  const auto* x = state::leaf_towards(top_, path);
  if (!x || x->path != path) return {};
  return x->value();
}

state_trie state_trie::apply(std::vector<state_change> changes) const {
  for (const auto& x : changes)
    if (x.key.empty() || x.key.size() > state_key_bytes_max
        || (x.value && x.value->size() > state_value_bytes_max))
      throw std::length_error("state_trie: a key or value beyond the limits: " + x.key);
  state::normalize(changes);
  return state_trie{state::update(top_, changes, 0)};
}

state_proof state_trie::prove(std::string_view key) const {
  state_proof out;
  auto path = path_of(key);
  const auto* at = top_.get();
  for (std::size_t depth = 0; at && !at->is_leaf; ++depth) {
    const auto& child = state::as_inner(*at).child;
    auto side = state::bit(path, depth);
    out.siblings.push_back(state::hash_of(child[!side]));
    at = child[side].get();
  }
  if (at && state::as_leaf(*at).path != path)
    out.other = {state::as_leaf(*at).path, crypto::sha256(state::as_leaf(*at).value())};
  return out;
}

void state_trie::for_each(const visitor& visit) const {
  state::visit_all(top_, visit);
}

void state_trie::for_each_changed(const state_trie& before, const visitor& visit) const {
  auto leaves_only = [&](const node& x) {
    if (x.is_leaf) visit(state::as_leaf(x).key(), state::as_leaf(x).value());
  };
  state::visit_new(top_, before.top_, 0, leaves_only);
}

} // namespace bpci::ledger
