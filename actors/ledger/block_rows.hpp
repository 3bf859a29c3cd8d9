#pragma once

#include "actors/ledger/state/trie.hpp"
#include "messages/consensus/block.hpp"
#include "messages/ledger/receipt.hpp"

#include <span>

/// What of a block is stored (runtime/storage/migrations/0007-chain and 0015-chain-keys): which
/// bytes, where in them the parts are that are read alone, and how these are found.
namespace bpci::ledger {

/// Where a transaction and its receipt are within `block_row::block` and `block_row::receipts`.
struct transaction_place {
  std::uint32_t begins_at = 0, size = 0;
  std::uint32_t receipt_at = 0, receipt_size = 0; ///< 0: it is not known

  bool operator==(const transaction_place&) const = default;
};
BPCI_MESSAGE(transaction_place, begins_at, size, receipt_at, receipt_size)

/// By which a transaction is found: a number that its id, or an account whose history has it, may
/// share with others (runtime/storage/migrations/0015-chain-keys).
struct transaction_key {
  std::int64_t key = 0;
  std::uint32_t index = 0; ///< of the transaction

  bool operator==(const transaction_key&) const = default;
};

std::int64_t key_of_id(const hash& transaction);

/// The blocks of a window share the keys of accounts.
inline constexpr std::uint64_t window_blocks = 4'096;
std::int64_t key_of_account(const account& who, std::uint64_t window);

struct block_row {
  consensus::header head;
  hash id{};
  consensus::round_no round;
  std::uint32_t transactions = 0;
  std::uint32_t head_size = 0; ///< of the header, with which the block begins
  std::uint32_t tail_at = 0;   ///< where misbehaviour and seals begin
  bytes block;
  bytes seals;
  bytes validators; ///< of this height; canonical, like the rest
  bytes receipts;   ///< one behind the other
  bytes receipts_proof;
  bytes places; ///< a transaction_place for each
  std::vector<transaction_key> keys;
};

/// The validators of a height, as they are stored.
struct stored_validators {
  std::vector<consensus::validator> who;

  bool operator==(const stored_validators&) const = default;
};
BPCI_MESSAGE(stored_validators, who)

/// `receipts`: one a transaction, or none at all when the block was not executed here; then `proof`
/// is empty as well.
block_row to_row(const consensus::sealed_block& x, const hash& id,
                 const std::vector<consensus::validator>& validators,
                 std::span<const hash> transaction_ids, std::span<const receipt> receipts,
                 bytes proof);

/// Header and tail alone: what is needed of a block to know who sealed what.
consensus::sealed_block without_transactions(consensus::sealed_block x);

/// Header and tail as they were cut out of a stored block. Errors: malformed.
result<consensus::block> from_head_and_tail(std::span<const std::uint8_t> head,
                                            std::span<const std::uint8_t> tail);

/// Canonical receipts, one behind the other. Errors: malformed.
result<std::vector<receipt>> read_receipts(std::span<const std::uint8_t> data);

/// Whose history a transaction belongs to: its sender's, and theirs whose coins its events moved,
/// minted or burned. Sorted, each once.
std::vector<account> accounts_of(std::span<const std::uint8_t> encoded, const receipt* what);

/// What a block has changed of the state.
struct state_row {
  std::string key;
  std::optional<bytes> value; ///< none: it is there no more

  bool operator==(const state_row&) const = default;
};

struct state_rows {
  std::vector<state_row> rows;
  std::int64_t keys_more = 0; ///< by which the number of keys has grown
};

state_rows changes_between(const state_trie& before, const state_trie& now);

} // namespace bpci::ledger
