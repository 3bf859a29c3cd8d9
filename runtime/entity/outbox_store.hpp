#pragma once

#include "runtime/entity/courier.hpp"

#include <pqxx/transaction>

/// The table `outbox`, for the node that owns the slots.
namespace bpci::entity::store {

struct errand_result {
  std::vector<effect_row> rows; ///< in the order of their numbers
  bool full = false;            ///< there may be more than were read
};

struct errand_room {
  std::size_t rows = 0;
  std::size_t bytes = 0;
};

/// Deletes what is done, writes what was refused, and reads what is next. Rows of slots that `self`
/// does not own (any more) are left as they are: their new owner sends them again.
errand_result run_errand(pqxx::work& tx, incarnation self, const errand& what,
                         const errand_room& room);

struct outbox_measure {
  std::uint64_t rows = 0; ///< counted up to 10,000
  std::uint64_t oldest_ms = 0;
};

/// Of what is to be sent, not of what was set aside.
outbox_measure measure_outbox(pqxx::work& tx, const std::vector<slots::slot_no>& owned);

/// Forgets the oldest answers of these slots; how many.
std::uint64_t prune_inbox(pqxx::work& tx, const std::vector<slots::slot_no>& owned,
                          std::chrono::hours kept, std::uint64_t most);

} // namespace bpci::entity::store
