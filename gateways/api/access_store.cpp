#include "gateways/api/access_store.hpp"

#include "runtime/storage/sql.hpp"

namespace bpci::gateway::store {

bool enter_first_token(pqxx::work& tx, const std::string& hash) {
  // Two nodes may start at once; the lock makes one of them the first.
  tx.exec("LOCK TABLE admin_token IN EXCLUSIVE MODE");
  auto entered = tx.exec_params("INSERT INTO admin_token (token_hash, label) "
                                "SELECT $1, 'first start' "
                                "WHERE NOT EXISTS (SELECT FROM admin_token)",
                                hash);
  return entered.affected_rows() == 1;
}

void ping(pqxx::work& tx) {
  tx.exec("SELECT 1");
}

bool knows_token(pqxx::work& tx, const std::string& hash) {
  return !tx.exec_params("SELECT FROM admin_token WHERE token_hash = $1", hash).empty();
}

} // namespace bpci::gateway::store
