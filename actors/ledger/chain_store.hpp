#pragma once

#include "actors/ledger/block_rows.hpp"
#include "messages/chain/position.hpp"
#include "messages/chain/questions.hpp"
#include "messages/ledger/snapshot.hpp"

#include <pqxx/transaction>

#include <optional>

/// The tables of runtime/storage/migrations/0007-chain. Whatever writes them takes the hold and
/// locks its slot first. Errors of all that write: fenced.
namespace bpci::ledger::store {

/// Where the stored chain stands.
struct chain_row {
  std::string chain_id;
  hash genesis{};
  std::uint64_t edition = 0; ///< of the state
  height first;              ///< the first block that is here with its transactions
  height at;
  hash id{};
  std::uint64_t transactions = 0; ///< in the blocks that are here

  bool operator==(const chain_row&) const = default;
};

/// None: there is no chain yet.
std::optional<chain_row> find_chain(pqxx::work& tx);

// -- a state as a whole --------------------------------------------------------------------

/// Never given out before.
std::uint64_t new_edition(pqxx::work& tx);

/// Some of the state's rows, under an edition that does not count yet; again the same is fine.
result<void> stage_state(pqxx::work& tx, const chain::hold& hold, std::uint64_t edition,
                         std::span<const state_row> rows);

/// Removes at most `limit` rows of other editions than that of the chain; how many. All of them
/// when there is no chain.
result<std::uint64_t> drop_other_editions(pqxx::work& tx, const chain::hold& hold,
                                          std::uint64_t limit);

/// The chain is this from now on: `now` with the state of its edition, which has this many keys,
/// and these blocks, of which the last is its head's; those below `now.first` are without their
/// transactions. It must stand at `only_if` before; none: there must be none. Errors: conflict (it
/// stands elsewhere, or somebody has dropped the edition meanwhile).
result<void> replace_chain(pqxx::work& tx, const chain::hold& hold,
                           const std::optional<chain_row>& only_if, const chain_row& now,
                           std::uint64_t keys, std::span<const block_row> blocks);

struct state_page {
  std::vector<state_row> rows;
  std::string last; ///< key of the last row
};

/// In the order of the keys; `after` empty: from the first.
state_page read_state(pqxx::work& tx, std::uint64_t edition, const std::string& after,
                      std::size_t limit);

// -- blocks ----------------------------------------------------------------------------------

/// Puts a block upon the head. The very same one again is fine. Errors: conflict (the stored head
/// is neither its parent nor itself).
result<void> append(pqxx::work& tx, const chain::hold& hold, const block_row& x,
                    const state_rows& changes);

/// A block without its transactions, of any height up to the head.
struct block_part {
  consensus::block what;
  hash id{};
  consensus::certificate seals;
  std::vector<consensus::validator> validators; ///< empty: not known
};

/// From this height on, oldest first, `limit` at most. Errors: storage_failed (unreadable).
result<std::vector<block_part>> read_parts(pqxx::work& tx, height from, std::size_t limit);

/// The validators of a height, if they are known.
std::vector<consensus::validator> read_validators(pqxx::work& tx, height at);

/// Canonical sealed_blocks from this height on, at most `limit` and about `bytes_max` together, at
/// least one. Errors: not_found.
result<std::vector<bytes>> read_blocks(pqxx::work& tx, height from, std::size_t limit,
                                       std::size_t bytes_max);

/// Errors: not_found, storage_failed (unreadable).
result<chain::block_shown> find_block(pqxx::work& tx, const chain::get_block& x);

/// Newest first; `limit` as it is.
chain::block_page list_blocks(pqxx::work& tx, const std::optional<height>& before,
                              std::size_t limit);

// -- transactions ------------------------------------------------------------------------------

/// None: it is in no block that is here.
std::optional<chain::transaction_shown> find_transaction(pqxx::work& tx, const hash& id);

/// Errors: malformed (`before` is no cursor).
result<chain::history_page> read_history(pqxx::work& tx, const chain::get_history& x,
                                         std::size_t limit);

/// What a proof of a receipt is made of.
struct receipts_part {
  consensus::header head;
  consensus::certificate seals;
  std::uint64_t index = 0; ///< of the transaction that was asked for
  bytes receipts;
  bytes proof;
};

/// Errors: not_found (no such transaction, or its block was not executed here), storage_failed.
result<receipts_part> read_receipts_of(pqxx::work& tx, const hash& transaction);

// -- snapshots ---------------------------------------------------------------------------------

result<void> keep_chunk(pqxx::work& tx, const chain::hold& hold, height of, std::uint64_t index,
                        const bytes& data);

/// It is complete; of older ones `kept - 1` stay.
result<void> keep_snapshot(pqxx::work& tx, const chain::hold& hold, const snapshot_manifest& what,
                           std::uint64_t kept);

/// The newest. Errors: storage_failed (unreadable).
result<std::optional<snapshot_manifest>> find_snapshot(pqxx::work& tx);

std::optional<bytes> read_chunk(pqxx::work& tx, height of, std::uint64_t index);

} // namespace bpci::ledger::store
