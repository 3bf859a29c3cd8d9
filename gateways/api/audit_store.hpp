#pragma once

#include "gateways/api/audit.hpp"

#include <pqxx/transaction>

/// The table `admin_action` (runtime/storage/migrations/0006-admin-audit).
namespace bpci::gateway::store {

/// Writes an action down, without a result; its number.
std::uint64_t begin_action(pqxx::work& tx, const audit::entry& what);

/// Completes it. A result that stands is kept.
void end_action(pqxx::work& tx, std::uint64_t no, const std::string& result);

audit::page list_actions(pqxx::work& tx, const audit::query& what);

} // namespace bpci::gateway::store
