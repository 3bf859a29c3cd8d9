#include "actors/ledger/receipts.hpp"

#include "actors/ledger/chain.hpp"
#include "actors/ledger/state/proof.hpp"
#include "messages/codec/canonical.hpp"
#include "runtime/crypto/merkle.hpp"

namespace bpci::ledger {

namespace {

/// A tree of 2^64 leaves is 64 deep.
constexpr std::size_t siblings_max = 64;

crypto::merkle_tree tree_of(std::span<const receipt> all) {
  crypto::merkle_tree out;
  for (const auto& x : all)
    out.append(committed_bytes(x));
  return out;
}

} // namespace

bytes committed_bytes(const receipt& x) {
  if (x.detail.empty()) return codec::to_canonical(x);
  auto without = x;
  without.detail.clear();
  return codec::to_canonical(without);
}

receipts_root root_of(height at, std::span<const receipt> all) {
  return {at, all.size(), tree_of(all).root()};
}

receipt_proof prove_receipts(const state_trie& state) {
  return {load_or_new<receipts_root>(state, receipts_key), state.prove(receipts_key), 0, {}};
}

receipt_proof prove_receipt(receipt_proof common, std::span<const receipt> all,
                            std::uint64_t index) {
  common.index = index;
  common.siblings = tree_of(all).inclusion_proof(index, all.size());
  return common;
}

receipt_proof prove_receipt(const state_trie& state, height at, std::span<const receipt> all,
                            std::uint64_t index) {
  auto tree = tree_of(all);
  return {receipts_root{at, all.size(), tree.root()}, state.prove(receipts_key), index,
          tree.inclusion_proof(index, all.size())};
}

result<receipt_proof> decode_receipt_proof(std::span<const std::uint8_t> data) {
  if (data.size() > receipt_proof_bytes_max)
    return fail(ec::too_large, "a receipt proof has at most "
                                   + std::to_string(receipt_proof_bytes_max) + " bytes");
  return codec::from_canonical<receipt_proof>(data);
}

bool verify_receipt(const hash& state_root, height at, const receipt& what,
                    const receipt_proof& proof) {
  return proof.of.at == at && proof.siblings.size() <= siblings_max
         && verify_inclusion(state_root, receipts_key, codec::to_canonical(proof.of),
                             proof.in_state)
         && crypto::verify_inclusion(committed_bytes(what), proof.index, proof.of.count,
                                     proof.siblings, proof.of.root);
}

} // namespace bpci::ledger
