#pragma once

#include "actors/consensus/engine.hpp"
#include "messages/chain/position.hpp"

#include <pqxx/transaction>

#include <cstdint>
#include <optional>
#include <string>

/// The table `validator_record` (runtime/storage/migrations/0008-validator-record): what this
/// cluster's validator has signed. PostgreSQL's commit is what journal.hpp calls synced.
///
/// Both begin by locking the slot's row, so whichever member holds the validator, its record goes
/// with it; and whoever reads it begins a life, in which alone it is written: a write of an earlier
/// life that comes late is refused, even where its answer was lost.
namespace bpci::consensus::store {

struct found_record {
  journal_state state = journal_state::fresh;
  std::optional<safety_record> record;
  std::uint64_t life = 0;
  bool was_there = false;            ///< a row, of whatever content
  std::optional<std::string> halted; ///< why it decides nothing until a person lifts it
};

/// Begins a life. `is_marked`: there once was a record (marker.hpp); without a row it is lost then.
/// Errors: fenced.
result<found_record> take_record(pqxx::work& tx, const chain::hold& by, const std::string& chain_id,
                                 const address& validator, bool is_marked);

/// `height` and `round` are for a person who looks at the table. Errors: fenced, conflict (another
/// life has begun, or the row is gone).
result<void> write_record(pqxx::work& tx, const chain::hold& by, const std::string& chain_id,
                          const address& validator, std::uint64_t life, const bytes& record,
                          height at, round_no round);

/// Halts the validator through every restart. The first reason stays. Errors: fenced, not_found (it
/// has no record yet, and so has signed nothing).
result<void> write_halt(pqxx::work& tx, const chain::hold& by, const std::string& chain_id,
                        const address& validator, const std::string& why);

/// Whether it was halted. Errors: fenced.
result<bool> lift_halt(pqxx::work& tx, const chain::hold& by, const std::string& chain_id,
                       const address& validator);

/// As `write_record` wants it.
[[nodiscard]] bytes record_bytes(const safety_record& x);

} // namespace bpci::consensus::store
