#pragma once

#include "gateways/wallet/book.hpp"

#include <pqxx/transaction>

/// The tables `wallet` and `wallet_transfer` (runtime/storage/migrations/0009-wallets).
namespace bpci::gateway::wallet::store {

bool add(pqxx::work& tx, const wallet_row& what);
std::optional<wallet_row> find(pqxx::work& tx, const std::string& name);
wallet_page list(pqxx::work& tx, const list_wallets& what);
std::optional<transfer_row> find_transfer(pqxx::work& tx, const std::string& key);
std::optional<transfer_row> find_transfer_by_id(pqxx::work& tx, const ledger::hash& id);
transfer_row keep(pqxx::work& tx, const transfer_row& what);
void forget(pqxx::work& tx, const std::string& key);

} // namespace bpci::gateway::wallet::store
