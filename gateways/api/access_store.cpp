#include "gateways/api/access_store.hpp"

#include "runtime/storage/sql.hpp"

namespace bpci::gateway::store {

bool enter_first_token(pqxx::work& tx, const std::string& hash) {
  // Two nodes may start at once; the lock makes one of them the first.
  tx.exec("LOCK TABLE admin_token IN EXCLUSIVE MODE");
  tx.exec_params("INSERT INTO admin_token (token_hash, label) SELECT $1, 'first start' "
                 "WHERE NOT EXISTS (SELECT FROM admin_token)",
                 hash);
  return find_token(tx, hash).has_value();
}

void ping(pqxx::work& tx) {
  tx.exec("SELECT 1");
}

std::optional<std::string> find_token(pqxx::work& tx, const std::string& hash) {
  auto found = tx.exec_params("SELECT label FROM admin_token WHERE token_hash = $1", hash);
  if (found.empty()) return {};
  return found[0][0].as<std::string>();
}

} // namespace bpci::gateway::store
