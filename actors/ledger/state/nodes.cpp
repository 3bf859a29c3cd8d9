#include "actors/ledger/state/nodes.hpp"

#include "actors/ledger/state/node.hpp"
#include "messages/codec/canonical.hpp"
#include "runtime/crypto/hash.hpp"

#include <algorithm>

namespace bpci::ledger {

namespace {

using state::node_ptr;

enum class stored : std::uint8_t { leaf = 1, inner = 2 };

bytes encode(const state::node& x) {
  codec::canonical_writer out;
  if (x.is_leaf) {
    const auto& leaf = state::as_leaf(x);
    out(stored::leaf)(leaf.key())(leaf.value());
  } else {
    const auto& child = state::as_inner(x).child;
    out(stored::inner)(state::hash_of(child[0]))(state::hash_of(child[1]));
  }
  return out.take();
}

/// Where a node belongs: below these bits of a path.
struct place {
  hash path{};
  std::size_t depth = 0;

  [[nodiscard]] place below(bool right) const {
    auto out = *this;
    if (right) out.path[depth / 8] |= static_cast<std::uint8_t>(0x80 >> (depth % 8));
    ++out.depth;
    return out;
  }
  [[nodiscard]] bool holds(const hash& x) const {
    for (std::size_t i = 0; i < depth; ++i)
      if (state::bit(x, i) != state::bit(path, i)) return false;
    return true;
  }
};

failure damaged(const hash& name, const char* what) {
  return fail(ec::malformed, "the state's node " + crypto::to_hex(name) + " " + what);
}

class loader {
public:
  explicit loader(const node_source& fetch) : fetch_(fetch) {}

  result<node_ptr> load(const hash& name, const place& at) {
    if (name == hash{}) return node_ptr{};
    auto content = fetch_(name);
    if (!content) return fail(ec::not_found, "the state's node " + crypto::to_hex(name));
    codec::canonical_reader in{*content};
    stored kind{};
    in(kind);
    if (kind == stored::leaf) return load_leaf(name, at, in);
    if (kind == stored::inner && at.depth < state::depth_max) return load_inner(name, at, in);
    return damaged(name, "is of no known kind");
  }

private:
  static result<node_ptr> load_leaf(const hash& name, const place& at,
                                    codec::canonical_reader& in) {
    std::string key;
    bytes value;
    in(key);
    in(value);
    if (!in.done() || key.empty() || key.size() > state_key_bytes_max
        || value.size() > state_value_bytes_max)
      return damaged(name, "is no leaf");
    auto path = path_of(key);
    auto made = state::make_leaf(path, key, value);
    if (made->hash != name) return damaged(name, "has another hash");
    if (!at.holds(path)) return damaged(name, "stands in the wrong place");
    return made;
  }

  result<node_ptr> load_inner(const hash& name, const place& at, codec::canonical_reader& in) {
    hash left{};
    hash right{};
    in(left);
    in(right);
    if (!in.done()) return damaged(name, "is no inner node");
    if (state::inner_hash(left, right) != name) return damaged(name, "has another hash");
    auto first = load(left, at.below(false));
    if (!first) return first;
    auto second = load(right, at.below(true));
    if (!second) return second;
    auto alone = !*first ? *second : !*second ? *first : nullptr;
    if ((!*first && !*second) || (alone && alone->is_leaf))
      return damaged(name, "is not of the one shape");
    return state::make_inner(std::move(*first), std::move(*second));
  }

  const node_source& fetch_;
};

} // namespace

void for_each_new_node(const state_trie& now, const state_trie& before, const node_visitor& visit) {
  auto one = [&](const state::node& x) { visit(x.hash, encode(x)); };
  state::visit_new(now.top(), before.top(), 0, one);
}

result<state_trie> load_state(const hash& root, const node_source& fetch) {
  auto top = loader{fetch}.load(root, {});
  if (!top) return top.error();
  return state_trie{std::move(*top)};
}

} // namespace bpci::ledger
