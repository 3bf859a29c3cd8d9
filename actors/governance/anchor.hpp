#pragma once

#include "messages/governance/rounds.hpp"
#include "messages/ledger/transaction.hpp"
#include "runtime/crypto/keys.hpp"

/// How the result of a round is anchored on the ledger, so that the cluster's operator cannot
/// change it unnoticed. Pure.
namespace bpci::governance {

/// The leaves of the Merkle tree (runtime/crypto/merkle.hpp), as canonical bytes
/// (messages/codec/canonical.hpp): the digest of the proposal, its outcome and tally; then each
/// ballot that has a vote, in the order of the voters' names: key, weight and the signed vote.
std::vector<bytes> anchor_leaves(const round_record& ended, const std::vector<ballot>& ballots);

/// What is about to be anchored, with root and leaves filled in and the attempts so far.
anchoring anchor_of(const round_record& ended, const std::vector<ballot>& ballots);

/// Where the chain and the sender stand.
struct chain_outlook {
  std::string chain_id;
  height at;
  std::uint64_t nonce = 0;
};

/// The fees of a chain whose parameters have not been changed, in the smallest units of FLX; and
/// how often they may be doubled where they are too low.
inline constexpr std::uint64_t fee_base = 100'000;
inline constexpr std::uint64_t fee_per_byte = 1'000;
inline constexpr std::uint32_t fee_doublings_max = 12;

/// Signed, paid by the account of these keys; worth nothing after 100 blocks.
ledger::transaction make_anchor(const std::string& proposal_id, const anchoring& what,
                                const chain_outlook& at, const crypto::key_pair& keys,
                                std::uint32_t fee_doublings);

/// By which the ledger knows it.
crypto::digest id_of(const bytes& encoded_transaction);

} // namespace bpci::governance
