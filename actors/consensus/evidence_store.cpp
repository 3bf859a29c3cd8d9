#include "actors/consensus/evidence_store.hpp"

#include "messages/codec/canonical.hpp"
#include "runtime/crypto/hash.hpp"
#include "runtime/slots/fence.hpp"
#include "runtime/storage/sql.hpp"

#include <algorithm>

namespace bpci::consensus::store {

namespace {

constexpr auto columns = "offence, evidence, by_whom, height, upon, in_block, found_ms";

result<void> lock(pqxx::work& tx, const chain::hold& by) {
  return slots::lock_slot(tx, by.slot, by.epoch, by.owner);
}

template <std::size_t N>
std::array<std::uint8_t, N> to_array(const pqxx::field& x) {
  std::array<std::uint8_t, N> out{};
  auto all = storage::to_bytes(x);
  std::copy_n(all.begin(), std::min(all.size(), N), out.begin());
  return out;
}

kept_evidence to_evidence(const pqxx::row& row) {
  kept_evidence out;
  out.key = to_array<32>(row["offence"]);
  out.line.what = codec::from_canonical<evidence>(storage::to_bytes(row["evidence"])).value();
  out.line.by = to_array<32>(row["by_whom"]);
  out.line.at = height{row["height"].as<std::uint64_t>()};
  out.line.found = timestamp_ms{row["found_ms"].as<std::int64_t>()};
  if (!row["in_block"].is_null()) out.line.in_block = height{row["in_block"].as<std::uint64_t>()};
  out.upon = height{row["upon"].as<std::uint64_t>()};
  return out;
}

} // namespace

hash key_of(const offence& x) {
  return crypto::sha256(codec::canonical_writer{}(std::string{"bpci/consensus/offence/1"})(x.what)(
                            x.by)(x.at)(x.round)
                            .take());
}

result<bool> keep_evidence(pqxx::work& tx, const chain::hold& by, const std::string& chain_id,
                           const kept_evidence& x) {
  if (auto ok = lock(tx, by); !ok) return ok.error();
  auto kept = tx.exec_params(
      "INSERT INTO chain_evidence (chain_id, offence, evidence, by_whom, height, upon, found_ms) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
      chain_id, storage::to_bytea(x.key), storage::to_bytea(codec::to_canonical(x.line.what)),
      storage::to_bytea(x.line.by), x.line.at.get(), x.upon.get(), x.line.found.get());
  return kept.affected_rows() == 1;
}

result<void> mark_evidence(pqxx::work& tx, const chain::hold& by, const std::string& chain_id,
                           const std::vector<hash>& keys, height in_block) {
  if (auto ok = lock(tx, by); !ok) return ok;
  for (const auto& key : keys)
    tx.exec_params0("UPDATE chain_evidence SET in_block = $3 WHERE chain_id = $1 AND offence = $2 "
                    "AND in_block IS NULL",
                    chain_id, storage::to_bytea(key), in_block.get());
  return {};
}

std::vector<kept_evidence> waiting_evidence(pqxx::work& tx, const std::string& chain_id,
                                            std::size_t limit) {
  std::vector<kept_evidence> out;
  for (const auto& row :
       tx.exec_params(std::string{"SELECT "} + columns
                          + " FROM chain_evidence WHERE chain_id = $1 AND in_block IS NULL "
                            "ORDER BY no LIMIT $2",
                      chain_id, limit))
    out.push_back(to_evidence(row));
  return out;
}

std::vector<chain::evidence_line> list_evidence(pqxx::work& tx, const std::string& chain_id,
                                                std::size_t limit) {
  std::vector<chain::evidence_line> out;
  for (const auto& row :
       tx.exec_params(std::string{"SELECT "} + columns
                          + " FROM chain_evidence WHERE chain_id = $1 ORDER BY no DESC LIMIT $2",
                      chain_id, limit))
    out.push_back(to_evidence(row).line);
  return out;
}

} // namespace bpci::consensus::store
