#pragma once

#include "actors/ledger/state/trie.hpp"
#include "messages/ledger/proof.hpp"
#include "messages/ledger/receipt.hpp"

/// Receipts of a block, and proofs that it has given them.
namespace bpci::ledger {

/// The bytes that the state commits to: those of the receipt without `detail`.
bytes committed_bytes(const receipt& x);

receipts_root root_of(height at, std::span<const receipt> all);

/// What all proofs of a block's receipts have in common: with it the others can be made when the
/// state is gone. `state` is the one after the block, which had transactions.
receipt_proof prove_receipts(const state_trie& state);

/// `common` is prove_receipts of their block, `all` are its receipts; index < all.size().
receipt_proof prove_receipt(receipt_proof common, std::span<const receipt> all,
                            std::uint64_t index);

/// `state` is the one after the block; index < all.size().
receipt_proof prove_receipt(const state_trie& state, height at, std::span<const receipt> all,
                            std::uint64_t index);

/// The largest proof of a receipt.
inline constexpr std::size_t receipt_proof_bytes_max = 16'384;

/// Errors: too_large, malformed.
result<receipt_proof> decode_receipt_proof(std::span<const std::uint8_t> data);

/// Whether the block of height `at`, with this state root, has given this receipt. Everything but
/// `state_root` may come from an adversary.
bool verify_receipt(const hash& state_root, height at, const receipt& what,
                    const receipt_proof& proof);

} // namespace bpci::ledger
