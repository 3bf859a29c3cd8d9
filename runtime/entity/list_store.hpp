#pragma once

#include "messages/runtime/entities.hpp"

#include <pqxx/transaction>

/// Pages of what stands in the database, of all nodes, for the admin API.
namespace bpci::entity::store {

outbox_page list_outbox(pqxx::work& tx, const outbox_query& what);
inbox_page list_inbox(pqxx::work& tx, const inbox_query& what);
timer_page list_timers(pqxx::work& tx, const timer_query& what);
entity_page list_entities(pqxx::work& tx, const entity_query& what);

/// Gives those that failed, or were set aside, all their attempts again.
outbox_retried retry(pqxx::work& tx, const retry_outbox& what);

} // namespace bpci::entity::store
