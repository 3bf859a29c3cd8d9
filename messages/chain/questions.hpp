#pragma once

#include "messages/consensus/standing.hpp"
#include "messages/ledger/proof.hpp"
#include "messages/ledger/snapshot.hpp"

/// What the gateways ask about the chain. To: KEEPER of their own node, which passes it on to the
/// actor that is meant, on whichever member holds the chain. Errors of all: unavailable (no member
/// holds it now, or it is still loading), not_permitted (no chain is configured), timeout.
namespace bpci::chain {

// -- LEDGER ------------------------------------------------------------------------------

/// Answer: chain_overview.
struct get_overview {
  bool operator==(const get_overview&) const = default;
};
BPCI_MESSAGE(get_overview)

struct chain_overview {
  std::string chain_id;
  height at;
  consensus::hash id{};
  consensus::hash state_root{};
  consensus::hash genesis{};                    ///< id of block 0: names the chain
  timestamp_ms time;                            ///< of the last block
  std::uint64_t blocks_here = 0;                ///< fewer than `at` + 1 after a snapshot
  std::uint64_t transactions = 0;               ///< in those
  std::uint64_t accounts = 0;                   ///< keys of the state
  std::vector<consensus::validator> validators; ///< of the next height

  bool operator==(const chain_overview&) const = default;
};
BPCI_MESSAGE(chain_overview, chain_id, at, id, state_root, genesis, time, blocks_here, transactions,
             accounts, validators)

/// By height, or by id. Answer: block_shown. Errors: not_found.
struct get_block {
  std::optional<height> at;
  std::optional<consensus::hash> id;

  bool operator==(const get_block&) const = default;
};
BPCI_MESSAGE(get_block, at, id)

struct block_shown {
  consensus::hash id{};
  consensus::sealed_block what;

  bool operator==(const block_shown&) const = default;
};
BPCI_MESSAGE(block_shown, id, what)

/// Newest first. Answer: block_page.
struct list_blocks {
  std::optional<height> before; ///< empty: from the head
  std::uint64_t limit = 0;      ///< 0: 20; at most 100

  bool operator==(const list_blocks&) const = default;
};
BPCI_MESSAGE(list_blocks, before, limit)

struct block_line {
  height at;
  consensus::hash id{};
  timestamp_ms time;
  consensus::address proposer{};
  std::uint64_t transactions = 0;
  std::uint64_t bytes_held = 0;
  consensus::round_no round; ///< in which it was decided

  bool operator==(const block_line&) const = default;
};
BPCI_MESSAGE(block_line, at, id, time, proposer, transactions, bytes_held, round)

struct block_page {
  std::vector<block_line> blocks;
  std::optional<height> next; ///< `before` of the next page; empty: this is the last

  bool operator==(const block_page&) const = default;
};
BPCI_MESSAGE(block_page, blocks, next)

/// Answer: transaction_shown. Errors: not_found (neither in a block nor waiting).
struct get_transaction {
  ledger::hash id{};

  bool operator==(const get_transaction&) const = default;
};
BPCI_MESSAGE(get_transaction, id)

struct transaction_shown {
  bytes encoded;
  std::optional<height> at; ///< empty: it waits for a block
  std::uint64_t index = 0;
  timestamp_ms time; ///< of its block
  std::optional<ledger::receipt> receipt;

  bool operator==(const transaction_shown&) const = default;
};
BPCI_MESSAGE(transaction_shown, encoded, at, index, time, receipt)

/// What an account has sent and what has moved its coins, newest first. Answer: history_page.
struct get_history {
  ledger::account of{};
  std::string before;      ///< `next` of the page before
  std::uint64_t limit = 0; ///< 0: 50; at most 500

  bool operator==(const get_history&) const = default;
};
BPCI_MESSAGE(get_history, of, before, limit)

struct history_page {
  std::vector<transaction_shown> transactions;
  std::string next; ///< empty: this is the last page

  bool operator==(const history_page&) const = default;
};
BPCI_MESSAGE(history_page, transactions, next)

/// A question to a module of the ledger, and its answer, as canonical bytes
/// (messages/ledger/<module>.hpp). Answer: module_answer. Errors: unsupported, malformed, and what
/// the module says.
struct ask_module {
  std::string module;
  std::string kind;
  bytes body;

  bool operator==(const ask_module&) const = default;
};
BPCI_MESSAGE(ask_module, module, kind, body)

struct module_answer {
  height at; ///< the state after this block
  bytes body;

  bool operator==(const module_answer&) const = default;
};
BPCI_MESSAGE(module_answer, at, body)

/// Proves what the state after the last block has under this key, or that it has nothing. Answer:
/// state_proven.
struct prove_state {
  std::string key;

  bool operator==(const prove_state&) const = default;
};
BPCI_MESSAGE(prove_state, key)

struct state_proven {
  consensus::header head; ///< whose state_root it is proven against
  consensus::certificate seals;
  std::string key;
  std::optional<bytes> value;
  ledger::state_proof proof;

  bool operator==(const state_proven&) const = default;
};
BPCI_MESSAGE(state_proven, head, seals, key, value, proof)

/// Proves that a transaction is in a block and what became of it. Answer: receipt_proven. Errors:
/// not_found (also: it still waits).
struct prove_receipt {
  ledger::hash transaction{};

  bool operator==(const prove_receipt&) const = default;
};
BPCI_MESSAGE(prove_receipt, transaction)

struct receipt_proven {
  consensus::header head;
  consensus::certificate seals;
  ledger::receipt receipt;
  ledger::receipt_proof proof;

  bool operator==(const receipt_proven&) const = default;
};
BPCI_MESSAGE(receipt_proven, head, seals, receipt, proof)

// -- ENGINE ------------------------------------------------------------------------------

/// "Who is in which round, holding what, missing whom?" Answer: engine_status.
struct get_engine {
  bool operator==(const get_engine&) const = default;
};
BPCI_MESSAGE(get_engine)

struct engine_status {
  consensus::standing where;
  consensus::address self{};
  bool is_validator = false; ///< of the height that is decided next
  bool signs = false;        ///< false for a validator: it only watches, and why:
  std::string why_not;       ///< "its record was lost: it signs again from height 1,234"
  std::string halted;        ///< not empty: two final blocks of one height, and who lied
  bool syncing = false;      ///< others are further on, and it fetches what is missing
  height seen;               ///< the highest that a peer has told of
  std::vector<consensus::address> unlinked; ///< validators to whom there is no link now
  timestamp_ms last_decided; ///< when the last block became final here; 0: not since the start
  std::uint64_t decided = 0; ///< blocks since the start
  std::uint64_t rounds_changed = 0;

  bool operator==(const engine_status&) const = default;
};
BPCI_MESSAGE(engine_status, where, self, is_validator, signs, why_not, halted, syncing, seen,
             unlinked, last_decided, decided, rounds_changed)

/// "Make a block now, if there is anything to decide." Answer: engine_status.
struct propose_now {
  bool operator==(const propose_now&) const = default;
};
BPCI_MESSAGE(propose_now)

/// "A person has looked at why the validator halted: decide again." Answer: engine_status. Errors:
/// conflict (it is not halted), and those of the database.
struct lift_halt {
  bool operator==(const lift_halt&) const = default;
};
BPCI_MESSAGE(lift_halt)

// -- EVIDENCE ----------------------------------------------------------------------------

/// Answer: evidence_page.
struct list_evidence {
  std::uint64_t limit = 0; ///< 0: 100; at most 1,000

  bool operator==(const list_evidence&) const = default;
};
BPCI_MESSAGE(list_evidence, limit)

struct evidence_line {
  consensus::evidence what;
  consensus::address by{};
  height at;
  timestamp_ms found;
  std::optional<height> in_block; ///< empty: it waits for one

  bool operator==(const evidence_line&) const = default;
};
BPCI_MESSAGE(evidence_line, what, by, at, found, in_block)

struct evidence_page {
  std::vector<evidence_line> evidence;

  bool operator==(const evidence_page&) const = default;
};
BPCI_MESSAGE(evidence_page, evidence)

} // namespace bpci::chain
