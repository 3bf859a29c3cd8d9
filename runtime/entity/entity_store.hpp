#pragma once

#include "runtime/entity/batch.hpp"
#include "runtime/entity/kind.hpp"

#include <pqxx/transaction>

/// The tables of an entity (runtime/storage/migrations/0005-entities).
namespace bpci::entity {

class state_table;

/// Under what a node writes to a slot.
struct tenure {
  slots::slot_no slot;
  slots::epoch_no epoch;
  incarnation owner;
};

namespace store {

/// Errors: fenced (the slot is not, or no longer, held under this tenure).
result<stored_entity> load(pqxx::work& tx, const tenure& as, const entity_ref& who,
                           const state_table* table);

/// In the order of the keys.
stored_items load_items(pqxx::work& tx, const entity_ref& who, const item_range& range);

/// Writes the batch, or says why not. Its first statement locks the row of the slot, so that a
/// claim waits for it.
commit_outcome commit(pqxx::work& tx, const tenure& as, const entity_ref& who, std::uint32_t schema,
                      const batch& what, const state_table* table);

} // namespace store

} // namespace bpci::entity
