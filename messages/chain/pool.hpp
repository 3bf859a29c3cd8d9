#pragma once

#include "messages/boxes.hpp"
#include "messages/consensus/block.hpp"
#include "messages/ledger/account.hpp"

#include <memory>
#include <string>
#include <vector>

/// What waits for a block: transactions at the MEMPOOL, evidence at EVIDENCE.
namespace bpci::chain {

/// "Put this into a block." From: the gateway. To: MEMPOOL, which shares it with the peers. Answer:
/// transaction_taken; it is in memory only: whoever wants to know asks LEDGER for its receipt, and
/// sends it again. Errors: what the check of the ledger says (actors/ledger/check.hpp), with the
/// refusal's name ahead in the detail: "nonce_used: ..."; conflict (another one of this sender and
/// nonce pays no less), busy (the pool is full, and this one pays least), unavailable.
struct submit_transaction {
  bytes encoded;

  bool operator==(const submit_transaction&) const = default;
};
BPCI_MESSAGE(submit_transaction, encoded)

struct transaction_taken {
  ledger::hash id{};
  bool known = false; ///< it was there already

  bool operator==(const transaction_taken&) const = default;
};
BPCI_MESSAGE(transaction_taken, id, known)

/// Transactions that a peer shares. From: PEERS. To: MEMPOOL, which passes on those that are new
/// and good. No answer.
struct transactions_shared {
  consensus::address from{};
  std::vector<bytes> encoded;
};

/// "What is there for a block?" From: LEDGER. To: MEMPOOL. Answer: transactions_offered: in the
/// order in which they may stand, the best paid first, each sender's by nonce.
struct offer_transactions {
  std::size_t count_max = 0;
  std::size_t bytes_max = 0;
};

struct transactions_offered {
  std::vector<bytes> encoded;
};

/// "Tell me when there is work." From: ENGINE. To: MEMPOOL and EVIDENCE. They tell at once if there
/// is, when there comes to be, and every second while there is. ENGINE says it again whenever the
/// chain has moved, and is told again at once.
struct watch_work {};

/// What was waiting upon an earlier head may be in the block by now; and a validator that asks for
/// rounds in which nothing is to be decided keeps everybody busy. So ENGINE wants to know.
struct work_waiting {
  height upon; ///< the head that whoever tells has last heard of; 0 also where it has heard of none
};

/// Of one sender, for the nonce of the next transaction. From: the gateway. To: MEMPOOL. Answer:
/// nonce_free.
struct find_nonce {
  ledger::account sender{};

  bool operator==(const find_nonce&) const = default;
};
BPCI_MESSAGE(find_nonce, sender)

struct nonce_free {
  std::uint64_t next = 0;    ///< behind what is in the chain and what waits without a gap
  std::uint64_t waiting = 0; ///< how many of this sender's wait

  bool operator==(const nonce_free&) const = default;
};
BPCI_MESSAGE(nonce_free, next, waiting)

/// Answer to get_pool: what waits in all.
struct get_pool {
  bool operator==(const get_pool&) const = default;
};
BPCI_MESSAGE(get_pool)

struct pool_status {
  std::uint64_t transactions = 0;
  std::uint64_t bytes_held = 0;
  std::uint64_t senders = 0;
  std::uint64_t ready = 0; ///< of these, those without a gap before them
  std::uint64_t refused = 0, replaced = 0, expired = 0; ///< since its start

  bool operator==(const pool_status&) const = default;
};
BPCI_MESSAGE(pool_status, transactions, bytes_held, senders, ready, refused, replaced, expired)

// -- evidence ------------------------------------------------------------------------------

/// Somebody contradicted himself. From: INSTANCE (its own finding), PEERS (another's). To:
/// EVIDENCE, which checks it, keeps it on the disk and shares what is new. No answer.
struct evidence_found {
  consensus::evidence what;
};

/// "What is there for a block?" From: INSTANCE. To: EVIDENCE. Answer: evidence_offered, none of it
/// punished already as far as LEDGER knows.
struct offer_evidence {};

struct evidence_offered {
  std::vector<consensus::evidence> what;
};

} // namespace bpci::chain

BPCI_LOCAL_MESSAGE(bpci::chain::transactions_shared)
BPCI_LOCAL_MESSAGE(bpci::chain::offer_transactions)
BPCI_LOCAL_MESSAGE(bpci::chain::transactions_offered)
BPCI_LOCAL_MESSAGE(bpci::chain::watch_work)
BPCI_LOCAL_MESSAGE(bpci::chain::work_waiting)
BPCI_LOCAL_MESSAGE(bpci::chain::evidence_found)
BPCI_LOCAL_MESSAGE(bpci::chain::offer_evidence)
BPCI_LOCAL_MESSAGE(bpci::chain::evidence_offered)
