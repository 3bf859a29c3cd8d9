#pragma once

#include "actors/ledger/state/trie.hpp"

/// Proofs against a state root. Everything but the root may come from an adversary.
namespace bpci::ledger {

/// What 256 siblings and another leaf take.
inline constexpr std::size_t state_proof_bytes_max = 4 + 256 * 32 + 1 + 64;

/// Errors: too_large, malformed.
result<state_proof> decode_state_proof(std::span<const std::uint8_t> data);

/// Whether the state of this root holds this value under this key.
bool verify_inclusion(const hash& root, std::string_view key, std::span<const std::uint8_t> value,
                      const state_proof& proof);

/// Whether the state of this root holds nothing under this key.
bool verify_exclusion(const hash& root, std::string_view key, const state_proof& proof);

} // namespace bpci::ledger
