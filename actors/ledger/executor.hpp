#pragma once

#include "actors/ledger/check.hpp"

/// Executes blocks: the state after a block from the state before it. Pure, and the same on every
/// machine.
namespace bpci::ledger {

struct execution {
  state_trie state;
  hash root{};
  std::vector<receipt> receipts;                ///< one a transaction
  std::vector<event> events;                    ///< of no transaction: evidence, weights, deadlines
  std::vector<consensus::validator> next;       ///< validators of height at + 1
  std::vector<consensus::validator> after_next; ///< of height at + 2, sorted by id
  bool change_due = false; ///< the next block has something to do also without a transaction
};

/// `before` is the state after the block of height `at - 1`. A transaction that fails changes
/// nothing but its sender's nonce and balance, by the fee; one that may not be in a block makes the
/// whole block invalid. A block without transactions, in which nothing is due, leaves the root as
/// it was.
///
/// Errors: unsupported (the chain's rules are newer than this program), invalid_argument (another
/// chain; validators other than the state's), too_large (of transactions, or of bytes), and for a
/// transaction that may not be there its code, with its place in the block.
result<execution> execute(const rules& by, const state_trie& before, const block_context& block,
                          std::span<const bytes> transactions);

/// A block's transactions, and what comes of them.
struct made_block {
  std::vector<bytes> transactions;
  execution done; ///< as `execute` with these transactions has it
};

/// For the proposer: takes of those offered, in their order, the ones that a block upon this state
/// may hold, and executes them on the way. What fails the check is passed over.
/// Errors: unsupported, invalid_argument, as of `execute`.
result<made_block> make_block(const rules& by, const state_trie& before, const block_context& block,
                              std::span<const bytes> offered);

/// The transactions of make_block; none, where it fails.
std::vector<bytes> select_transactions(const rules& by, const state_trie& before,
                                       const block_context& block, std::span<const bytes> offered);

/// Answers a question to a module by canonical bytes (messages/ledger/<module>.hpp).
/// Errors: unsupported (no such module or question), malformed, and what the module says.
result<bytes> query(const module_table& modules, const reader& state, std::string_view module,
                    std::string_view kind, std::span<const std::uint8_t> body);

} // namespace bpci::ledger
