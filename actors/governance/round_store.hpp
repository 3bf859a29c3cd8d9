#pragma once

#include "messages/error.hpp"
#include "messages/governance/bridge.hpp"
#include "runtime/entity/state_table.hpp"

#include <pqxx/transaction>

#include <map>
#include <optional>
#include <string>
#include <vector>

/// The tables `governance_round` (runtime/storage/migrations/0012-governance-rounds) and
/// `governance_refused_proposal` (0014-refused-proposals), and what the bridge reads of the
/// register of BPI nodes.
namespace bpci::governance::store {

/// Where the kind `round` keeps its state.
entity::state_table_ptr round_table();

/// Newest first, `what.limit` at most and not 0; `what.after` is a `next` of this function. Errors:
/// invalid_argument (it is not).
result<round_page> list_rounds(pqxx::work& tx, const governance::list_rounds& what);

bridge_stats read_stats(pqxx::work& tx);

/// How many rounds are active: of all, and of this proposer (empty: of admins).
struct active_rounds {
  std::uint64_t all = 0;
  std::uint64_t of_proposer = 0;
};
active_rounds count_active(pqxx::work& tx, const std::string& proposer);

/// The keys, of 32 bytes, of those of these BPI nodes that are registered.
std::map<std::string, bytes> find_keys(pqxx::work& tx, const std::vector<std::string>& nodes);

/// Puts a proposal on record that was refused for this reason, unless there are enough within the
/// last hour already: `of_signer_max` that are proved to be of the same node, `of_strangers_max` of
/// all that are not. So nobody can fill the database with them.
inline constexpr std::uint64_t of_signer_max = 32;
inline constexpr std::uint64_t of_strangers_max = 128;
void keep_refused(pqxx::work& tx, const proposal& what, std::string_view refusal);

/// Newest first, `what.limit` at most and not 0. Errors: invalid_argument (`what.after`).
result<refused_proposal_page> list_refused(pqxx::work& tx, const list_refused_proposals& what);

/// Rounds that have ended at or after `since`, and those that were opened then and go on: the first
/// ones, `limit` at most of each; and the database's clock. `since` 0: within the last minute.
struct news {
  std::vector<round_record> ended;
  std::vector<round_record> opened;
  timestamp_ms now;
};
news read_news(pqxx::work& tx, timestamp_ms since, std::size_t limit);

/// The round that ended first of those that no block of the ledger holds, `but` for these.
std::optional<round_record> next_to_anchor(pqxx::work& tx, const std::vector<std::string>& but);

} // namespace bpci::governance::store
