#include "gateways/wallet/wallet_store.hpp"

#include "runtime/storage/sql.hpp"

#include <algorithm>

namespace bpci::gateway::wallet::store {

namespace {

constexpr std::string_view wallet_columns =
    "name, address, (extract(epoch FROM made_at) * 1000)::bigint AS made, keystore";

constexpr std::string_view transfer_columns = "key, wallet, request, id, encoded";

std::string select(std::string_view columns, std::string_view rest) {
  return "SELECT " + std::string{columns} + " FROM " + std::string{rest};
}

/// 32 bytes; a row that has others was not written by this program.
ledger::hash to_hash(const pqxx::field& x) {
  const auto raw = storage::to_bytes(x);
  ledger::hash out{};
  if (raw.size() != out.size()) throw std::runtime_error{"a column that should have 32 bytes"};
  std::ranges::copy(raw, out.begin());
  return out;
}

wallet_row to_wallet(const pqxx::row& x) {
  return {{x["name"].as<std::string>(), to_hash(x["address"]),
           timestamp_ms{x["made"].as<std::int64_t>()}},
          x["keystore"].as<std::string>()};
}

std::optional<transfer_row> to_transfer(const pqxx::result& x) {
  if (x.empty()) return {};
  const auto row = x[0];
  return transfer_row{row["key"].as<std::string>(), row["wallet"].as<std::string>(),
                      to_hash(row["request"]), to_hash(row["id"]),
                      storage::to_bytes(row["encoded"])};
}

} // namespace

bool add(pqxx::work& tx, const wallet_row& what) {
  const auto done =
      tx.exec_params("INSERT INTO wallet (name, address, keystore) "
                     "VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING",
                     what.line.name, storage::to_bytea(what.line.address), what.keystore);
  return done.affected_rows() == 1;
}

std::optional<wallet_row> find(pqxx::work& tx, const std::string& name) {
  const auto found = tx.exec_params(select(wallet_columns, "wallet WHERE name = $1"), name);
  if (found.empty()) return {};
  return to_wallet(found[0]);
}

wallet_page list(pqxx::work& tx, const list_wallets& what) {
  const auto rows =
      tx.exec_params(select(wallet_columns, "wallet WHERE name > $1 ORDER BY name LIMIT $2"),
                     what.after, static_cast<std::int64_t>(what.limit + 1));
  wallet_page out;
  for (const auto& row : rows) {
    if (out.wallets.size() == what.limit) {
      out.next = out.wallets.back().name;
      break;
    }
    out.wallets.push_back(to_wallet(row).line);
  }
  return out;
}

std::optional<transfer_row> find_transfer(pqxx::work& tx, const std::string& key) {
  return to_transfer(
      tx.exec_params(select(transfer_columns, "wallet_transfer WHERE key = $1"), key));
}

std::optional<transfer_row> find_transfer_by_id(pqxx::work& tx, const ledger::hash& id) {
  return to_transfer(tx.exec_params(select(transfer_columns, "wallet_transfer WHERE id = $1"),
                                    storage::to_bytea(id)));
}

transfer_row keep(pqxx::work& tx, const transfer_row& what) {
  tx.exec_params("INSERT INTO wallet_transfer (key, wallet, request, id, encoded) "
                 "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (key) DO NOTHING",
                 what.key, what.wallet, storage::to_bytea(what.request), storage::to_bytea(what.id),
                 storage::to_bytea(what.encoded));
  return find_transfer(tx, what.key).value();
}

void forget(pqxx::work& tx, const std::string& key) {
  tx.exec_params("DELETE FROM wallet_transfer WHERE key = $1", key);
}

} // namespace bpci::gateway::wallet::store
