#pragma once

#include "actors/consensus/evidence.hpp"
#include "messages/chain/position.hpp"
#include "messages/chain/questions.hpp"

#include <pqxx/transaction>

#include <string>
#include <vector>

/// The table `chain_evidence` (runtime/storage/migrations/0008-validator-record).
namespace bpci::consensus::store {

/// Under which an offence is known, whatever pair of statements proves it.
[[nodiscard]] hash key_of(const offence& x);

struct kept_evidence {
  hash key{};
  chain::evidence_line line;
  height upon; ///< where the chain stood when it was found
};

/// Whether it is new. Errors: fenced.
result<bool> keep_evidence(pqxx::work& tx, const chain::hold& by, const std::string& chain_id,
                           const kept_evidence& x);

/// These are in the block of this height. Errors: fenced.
result<void> mark_evidence(pqxx::work& tx, const chain::hold& by, const std::string& chain_id,
                           const std::vector<hash>& keys, height in_block);

/// What is in no block, oldest first.
std::vector<kept_evidence> waiting_evidence(pqxx::work& tx, const std::string& chain_id,
                                            std::size_t limit);

/// Newest first.
std::vector<chain::evidence_line> list_evidence(pqxx::work& tx, const std::string& chain_id,
                                                std::size_t limit);

} // namespace bpci::consensus::store
