#pragma once

#include "runtime/entity/timekeeper.hpp"

#include <pqxx/transaction>

/// The table `timer`, for the node that owns the slots.
namespace bpci::entity::store {

struct due_timers {
  timestamp_ms now;                 ///< the database's clock
  std::vector<due_timer> timers;    ///< the longest due first
  std::optional<timestamp_ms> next; ///< when the first of the others is due
};

/// At most `most` that are due, without those whose names (`name_of`) stand in `held_back`.
due_timers read_due(pqxx::work& tx, incarnation self, const std::vector<std::string>& held_back,
                    std::size_t most);

/// Moves these on, if they have neither fired nor been moved since they were read.
void skip(pqxx::work& tx, incarnation self, const std::vector<skipped_timer>& what);

} // namespace bpci::entity::store
