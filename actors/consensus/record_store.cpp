#include "actors/consensus/record_store.hpp"

#include "actors/consensus/journal.hpp"
#include "runtime/slots/fence.hpp"
#include "runtime/storage/sql.hpp"

namespace bpci::consensus::store {

namespace {

result<void> lock(pqxx::work& tx, const chain::hold& by) {
  return slots::lock_slot(tx, by.slot, by.epoch, by.owner);
}

/// Keeps what was found for a person, so that only one who looks can make it a new validator.
void set_aside(pqxx::work& tx, const std::string& chain_id, const address& validator) {
  tx.exec_params0("UPDATE validator_record SET damaged = record, record = NULL "
                  "WHERE chain_id = $1 AND validator = $2",
                  chain_id, storage::to_bytea(validator));
}

} // namespace

result<found_record> take_record(pqxx::work& tx, const chain::hold& by, const std::string& chain_id,
                                 const address& validator, bool is_marked) {
  if (auto ok = lock(tx, by); !ok) return ok.error();
  // A record that was lost stays so: NULL, until there is a new one.
  auto row = tx.exec_params1("INSERT INTO validator_record AS r (chain_id, validator, record) "
                             "VALUES ($1, $2, CASE WHEN $3 THEN NULL ELSE $4::bytea END) "
                             "ON CONFLICT (chain_id, validator) DO UPDATE SET life = r.life + 1 "
                             "RETURNING life, record, life > 1, halted",
                             chain_id, storage::to_bytea(validator), is_marked,
                             storage::to_bytea(journal_beginning()));
  found_record out;
  out.life = row[0].as<std::uint64_t>();
  out.was_there = row[2].as<bool>();
  if (!row[3].is_null()) out.halted = row[3].as<std::string>();
  if (row[1].is_null()) {
    out.state = journal_state::lost;
    return out;
  }
  auto all = storage::to_bytes(row[1]);
  auto read = recover_journal(all);
  // A row is written whole or not at all, so half a record is damage, too.
  auto is_whole = read.state != journal_state::lost && read.good == all.size();
  if (!is_whole) {
    set_aside(tx, chain_id, validator);
    out.state = journal_state::lost;
    return out;
  }
  out.state = read.state;
  out.record = std::move(read.record);
  return out;
}

result<void> write_record(pqxx::work& tx, const chain::hold& by, const std::string& chain_id,
                          const address& validator, std::uint64_t life, const bytes& record,
                          height at, round_no round) {
  if (auto ok = lock(tx, by); !ok) return ok;
  auto written = tx.exec_params(
      "UPDATE validator_record SET record = $4, height = $5, round = $6, written_at = now() "
      "WHERE chain_id = $1 AND validator = $2 AND life = $3",
      chain_id, storage::to_bytea(validator), life, storage::to_bytea(record), at.get(),
      round.get());
  if (written.affected_rows() == 1) return {};
  return fail(ec::conflict, "the validator's record is not this actor's any more");
}

result<void> write_halt(pqxx::work& tx, const chain::hold& by, const std::string& chain_id,
                        const address& validator, const std::string& why) {
  if (auto ok = lock(tx, by); !ok) return ok;
  auto written = tx.exec_params("UPDATE validator_record SET halted = COALESCE(halted, $3) "
                                "WHERE chain_id = $1 AND validator = $2",
                                chain_id, storage::to_bytea(validator), why);
  if (written.affected_rows() == 1) return {};
  return fail(ec::not_found, "the validator has no record");
}

result<bool> lift_halt(pqxx::work& tx, const chain::hold& by, const std::string& chain_id,
                       const address& validator) {
  if (auto ok = lock(tx, by); !ok) return ok.error();
  auto lifted = tx.exec_params("UPDATE validator_record SET halted = NULL WHERE chain_id = $1 "
                               "AND validator = $2 AND halted IS NOT NULL",
                               chain_id, storage::to_bytea(validator));
  return lifted.affected_rows() == 1;
}

bytes record_bytes(const safety_record& x) {
  auto out = journal_beginning();
  auto record = journal_record(x);
  out.insert(out.end(), record.begin(), record.end());
  return out;
}

} // namespace bpci::consensus::store
