#pragma once

#include "messages/interapp/gate.hpp"
#include "runtime/entity/state_table.hpp"

#include <pqxx/transaction>

/// The tables `inter_app` and `inter_app_agreement`
/// (runtime/storage/migrations/0011-inter-app).
namespace bpci::interapp::store {

/// Where the kinds `app` and `agreement` keep their states.
entity::state_table_ptr app_table();
entity::state_table_ptr agreement_table();

/// At most `what.limit`, which is not 0; one more is read to know whether there is a next page.
app_page list_apps(pqxx::work& tx, const interapp::list_apps& what);
agreement_page list_agreements(pqxx::work& tx, const interapp::list_agreements& what);

struct counts {
  std::uint64_t apps = 0;
  std::uint64_t proposed = 0;
  std::uint64_t active = 0;
  std::uint64_t expired = 0;
  std::uint64_t revoked = 0;
};
counts count(pqxx::work& tx);

} // namespace bpci::interapp::store
