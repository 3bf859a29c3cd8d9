#define CAF_SUITE crypto_merkle

#include "runtime/crypto/merkle.hpp"

#include <caf/test/unit_test.hpp>

#include <stdexcept>
#include <string>
#include <vector>

using namespace bpci;
using namespace bpci::crypto;

namespace {

constexpr std::uint64_t size_max = 40;

// The test tree of Certificate Transparency (RFC 6962): its leaves and its roots at 1 to 8 leaves.
const std::vector<bytes> reference_leaves = {
    {},
    {0x00},
    {0x10},
    {0x20, 0x21},
    {0x30, 0x31},
    {0x40, 0x41, 0x42, 0x43},
    {0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57},
    {0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e,
     0x6f},
};

const std::vector<std::string> reference_roots = {
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

const std::string empty_root = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

std::vector<bytes> leaves_of(std::uint64_t count) {
  std::vector<bytes> leaves;
  leaves.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i)
    leaves.push_back(bytes(i % 5, static_cast<std::uint8_t>(i)));
  return leaves;
}

merkle_tree tree_of(std::span<const bytes> leaves) {
  merkle_tree tree;
  for (const auto& leaf : leaves)
    tree.append(leaf);
  return tree;
}

/// Section 2.1.1 word for word, to compare with.
digest root_by_definition(std::span<const bytes> leaves) {
  if (leaves.empty()) return sha256({});
  bytes node;
  if (leaves.size() == 1) {
    node.push_back(0);
    node.insert(node.end(), leaves[0].begin(), leaves[0].end());
    return sha256(node);
  }
  std::size_t k = 1;
  while (k * 2 < leaves.size())
    k *= 2;
  auto left = root_by_definition(leaves.first(k));
  auto right = root_by_definition(leaves.subspan(k));
  node.push_back(1);
  node.insert(node.end(), left.begin(), left.end());
  node.insert(node.end(), right.begin(), right.end());
  return sha256(node);
}

std::vector<std::string> hex(const std::vector<digest>& proof) {
  std::vector<std::string> out;
  out.reserve(proof.size());
  for (const auto& hash : proof)
    out.push_back(to_hex(hash));
  return out;
}

/// Every way to spoil a proof by one hash: change one, drop one, add one, swap two.
std::vector<std::vector<digest>> tampered(const std::vector<digest>& proof) {
  std::vector<std::vector<digest>> all;
  for (std::size_t i = 0; i < proof.size(); ++i) {
    auto changed = proof;
    changed[i][i % 32] ^= 1;
    all.push_back(changed);
    auto shorter = proof;
    shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(i));
    all.push_back(shorter);
    auto longer = proof;
    longer.insert(longer.begin() + static_cast<std::ptrdiff_t>(i), proof[i]);
    all.push_back(longer);
    if (i == 0) continue;
    auto swapped = proof;
    std::swap(swapped[i - 1], swapped[i]);
    all.push_back(swapped);
  }
  auto longer = proof;
  longer.push_back(digest{});
  all.push_back(longer);
  return all;
}

template <class Call>
bool refuses(Call call) {
  try {
    call();
    return false;
  } catch (const std::out_of_range&) {
    return true;
  }
}

} // namespace

CAF_TEST(roots are those of the certificate transparency test tree) {
  CAF_CHECK_EQUAL(to_hex(root({})), empty_root);
  CAF_CHECK_EQUAL(to_hex(merkle_tree{}.root()), empty_root);
  for (std::size_t size = 1; size <= reference_leaves.size(); ++size)
    CAF_CHECK_EQUAL(to_hex(root(std::span{reference_leaves}.first(size))),
                    reference_roots[size - 1]);
}

CAF_TEST(inclusion proofs are those of the certificate transparency test tree) {
  CAF_CHECK(hex(inclusion_proof(reference_leaves, 0))
            == (std::vector<std::string>{
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}));
  CAF_CHECK(hex(inclusion_proof(reference_leaves, 5))
            == (std::vector<std::string>{
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}));
}

CAF_TEST(consistency proofs are those of the certificate transparency test tree) {
  CAF_CHECK(hex(consistency_proof(reference_leaves, 1))
            == (std::vector<std::string>{
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}));
  CAF_CHECK(hex(consistency_proof(reference_leaves, 6))
            == (std::vector<std::string>{
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}));
}

CAF_TEST(a growing tree has the root of the definition at every size and remembers the earlier) {
  auto leaves = leaves_of(size_max);
  merkle_tree tree;
  for (std::uint64_t size = 0; size <= size_max; ++size) {
    CAF_CHECK_EQUAL(tree.size(), size);
    CAF_CHECK(tree.root() == root_by_definition(std::span{leaves}.first(size)));
    if (size < size_max) tree.append(leaves[size]);
  }
  for (std::uint64_t size = 0; size <= size_max; ++size)
    CAF_CHECK(tree.root_at(size) == root_by_definition(std::span{leaves}.first(size)));
}

CAF_TEST(every leaf of every tree can be proved and at no other index) {
  auto leaves = leaves_of(size_max);
  auto tree = tree_of(leaves);
  for (std::uint64_t size = 1; size <= size_max; ++size) {
    auto top = tree.root_at(size);
    for (std::uint64_t index = 0; index < size; ++index) {
      auto proof = tree.inclusion_proof(index, size);
      for (std::uint64_t claimed = 0; claimed <= size; ++claimed)
        CAF_CHECK(verify_inclusion(leaves[index], claimed, size, proof, top) == (claimed == index));
    }
  }
}

CAF_TEST(a tampered inclusion proof is refused) {
  auto leaves = leaves_of(size_max);
  auto tree = tree_of(leaves);
  for (std::uint64_t size = 1; size <= size_max; ++size)
    for (std::uint64_t index = 0; index < size; ++index) {
      auto top = tree.root_at(size);
      auto proof = tree.inclusion_proof(index, size);
      for (const auto& bad : tampered(proof))
        CAF_CHECK(!verify_inclusion(leaves[index], index, size, bad, top));
      CAF_CHECK(!verify_inclusion(bytes{0xff, 0xff}, index, size, proof, top));
      CAF_CHECK(!verify_inclusion(leaves[index], index, size, proof, digest{}));
    }
}

CAF_TEST(an inner node cannot pass for a leaf) {
  // Two leaves under one node: with equal prefixes, the node's content would be a leaf of a
  // tree of one.
  auto leaves = leaves_of(2);
  auto top = root(leaves);
  bytes inner;
  for (const auto& leaf : leaves) {
    auto hash = root(std::span{&leaf, 1});
    inner.insert(inner.end(), hash.begin(), hash.end());
  }
  CAF_CHECK(!verify_inclusion(inner, 0, 1, {}, top));
}

CAF_TEST(nothing is included in an empty tree) {
  CAF_CHECK(!verify_inclusion({}, 0, 0, {}, sha256({})));
}

CAF_TEST(every tree is consistent with each of its beginnings and with no other tree) {
  auto leaves = leaves_of(size_max);
  auto tree = tree_of(leaves);
  for (std::uint64_t now = 0; now <= size_max; ++now)
    for (std::uint64_t before = 0; before <= now; ++before) {
      auto proof = tree.consistency_proof(before, now);
      auto old_root = tree.root_at(before);
      auto new_root = tree.root_at(now);
      CAF_CHECK(verify_consistency(before, now, old_root, new_root, proof));
      CAF_CHECK(!verify_consistency(before, now, digest{}, new_root, proof));
      if (before != 0) CAF_CHECK(!verify_consistency(before, now, old_root, digest{}, proof));
      if (before != now) CAF_CHECK(!verify_consistency(now, before, old_root, new_root, proof));
    }
}

CAF_TEST(a tampered consistency proof is refused) {
  auto leaves = leaves_of(size_max);
  auto tree = tree_of(leaves);
  for (std::uint64_t now = 1; now <= size_max; ++now)
    for (std::uint64_t before = 1; before <= now; ++before)
      for (const auto& bad : tampered(tree.consistency_proof(before, now)))
        CAF_CHECK(!verify_consistency(before, now, tree.root_at(before), tree.root_at(now), bad));
}

CAF_TEST(a history that was rewritten is not consistent with the old root) {
  auto leaves = leaves_of(size_max);
  for (std::uint64_t before = 1; before < size_max; ++before) {
    auto old_root = root(std::span{leaves}.first(before));
    auto forged = leaves;
    forged[before - 1].push_back(0xee);
    auto tree = tree_of(forged);
    CAF_CHECK(!verify_consistency(before, size_max, old_root, tree.root(),
                                  tree.consistency_proof(before, size_max)));
  }
}

CAF_TEST(asking a tree about leaves that it does not have is a fault of the caller) {
  auto tree = tree_of(leaves_of(3));
  CAF_CHECK(refuses([&] { (void)tree.root_at(4); }));
  CAF_CHECK(refuses([&] { (void)tree.inclusion_proof(3, 3); }));
  CAF_CHECK(refuses([&] { (void)tree.inclusion_proof(0, 4); }));
  CAF_CHECK(refuses([&] { (void)tree.consistency_proof(2, 4); }));
  CAF_CHECK(refuses([&] { (void)tree.consistency_proof(3, 2); }));
}

// -- a tree whose leaves are all known ---------------------------------------------------

namespace {

std::vector<digest> hashes_of(const std::vector<bytes>& leaves) {
  std::vector<digest> out;
  for (const auto& x : leaves)
    out.push_back(leaf_hash(x));
  return out;
}

/// Those of `size` leaves whose bit is set, and their hashes.
struct some_leaves {
  std::vector<std::uint32_t> indexes;
  std::vector<std::uint64_t> wide;
  std::vector<digest> hashes;

  some_leaves(const std::vector<digest>& all, std::uint64_t bits) {
    for (std::uint32_t i = 0; i < all.size(); ++i) {
      if ((bits >> i & 1) == 0) continue;
      indexes.push_back(i);
      wide.push_back(i);
      hashes.push_back(all[i]);
    }
  }
};

} // namespace

CAF_TEST(a sealed tree has the root of a tree that grew) {
  sealed_tree tree;
  for (std::uint64_t size = 1; size <= size_max; ++size) {
    tree.seal(hashes_of(leaves_of(size)));
    CAF_CHECK(tree.root() == root(leaves_of(size)));
  }
  CAF_CHECK(refuses([&] { tree.seal({}); }));
}

CAF_TEST(any leaves and the proof for the rest amount to the root) {
  sealed_tree tree;
  for (std::uint64_t size = 1; size <= 9; ++size) {
    auto all = hashes_of(leaves_of(size));
    tree.seal(all);
    for (std::uint64_t bits = 1; bits < std::uint64_t{1} << size; ++bits) {
      some_leaves known{all, bits};
      auto proof = tree.proof(known.indexes);
      auto got = root_of_part(size, known.wide, known.hashes, proof);
      CAF_CHECK(got && *got == tree.root());
    }
  }
}

CAF_TEST(the proof for one leaf has the hashes of its path and for all leaves none) {
  auto all = hashes_of(leaves_of(8));
  sealed_tree tree;
  tree.seal(all);
  CAF_CHECK_EQUAL(tree.proof(some_leaves{all, 1}.indexes).size(), 3 * sizeof(digest));
  CAF_CHECK_EQUAL(tree.proof(some_leaves{all, 0xff}.indexes).size(), 0u);
}

CAF_TEST(nothing that was changed amounts to the root) {
  auto all = hashes_of(leaves_of(7));
  sealed_tree tree;
  tree.seal(all);
  some_leaves known{all, 0b0100101};
  const auto proof = tree.proof(known.indexes);
  auto holds = [&](std::uint64_t size, const some_leaves& x, std::span<const std::uint8_t> with) {
    auto got = root_of_part(size, x.wide, x.hashes, with);
    return got && *got == tree.root();
  };
  CAF_CHECK(holds(7, known, proof));
  CAF_CHECK(!holds(9, known, proof));
  CAF_CHECK(!holds(6, known, proof));
  CAF_CHECK(!holds(7, known, std::span{proof}.first(proof.size() - 32)));
  auto longer = proof;
  longer.resize(proof.size() + 32);
  CAF_CHECK(!holds(7, known, longer));
  longer = proof;
  longer.front() ^= 1;
  CAF_CHECK(!holds(7, known, longer));
  auto moved = known;
  ++moved.wide[1];
  CAF_CHECK(!holds(7, moved, proof));
  auto swapped = known;
  std::swap(swapped.hashes[0], swapped.hashes[1]);
  CAF_CHECK(!holds(7, swapped, proof));
}

CAF_TEST(indexes that do not rise or are beyond the tree prove nothing) {
  auto one = hashes_of(leaves_of(2));
  auto of = [&](std::uint64_t size, std::vector<std::uint64_t> indexes) {
    return root_of_part(size, indexes, std::span{one}.first(indexes.size()), {}).has_value();
  };
  CAF_CHECK(of(2, {0, 1}));
  CAF_CHECK(!of(2, {1, 0}));
  CAF_CHECK(!of(2, {1, 1}));
  CAF_CHECK(!of(2, {0, 2}));
  CAF_CHECK(!of(0, {}));
  CAF_CHECK(!of(2, {}));
  CAF_CHECK(!of(std::uint64_t{1} << 60, {0, 1}));
  CAF_CHECK(!root_of_part(2, std::vector<std::uint64_t>{0}, one, {}));
}
