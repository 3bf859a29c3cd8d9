#pragma once

#include "messages/error.hpp"
#include "runtime/slots/slot_keeper.hpp"

#include <pqxx/transaction>

#include <array>
#include <cstdint>
#include <span>

/// The tables `slot` and `slot_move` (runtime/storage/migrations/0004-cluster).
///
/// Locks, in the order of runtime/cluster/member_store.hpp: the slots' rows by their number, then
/// the row of `cluster_view`, which is held only until the commit that follows at once. The
/// member's own row is not locked but read, after `cluster_view` is: whoever changes a member's
/// state raises that row in the same transaction, so the two cannot pass each other; and a claim
/// that waits for a writer must not hold up the heartbeats of its own node.
namespace bpci::slots::store {

/// All rows, as of one change.
table_part read_all(pqxx::work& tx);

/// Takes those slots that are still as seen, and free or of a member that is dead or has left.
/// Waits for transactions that have locked them to write. The part has the rows taken; none of
/// them, and change 0: nothing has changed. Errors: not_permitted (`self` is not UP).
result<table_part> claim(pqxx::work& tx, incarnation self, std::span<const seen_slot> slots);

/// Of the slots that are still `self`'s and as seen.
table_part mark_draining(pqxx::work& tx, incarnation self, std::span<const seen_slot> slots);

/// Gives away those slots that are still `self`'s and as seen; waits for writers.
table_part release(pqxx::work& tx, incarnation self, std::span<const seen_slot> slots,
                   const std::string& reason);

/// An empty member removes the pins. The number of slots.
std::uint64_t pin(pqxx::work& tx, std::span<const slot_no> slots, const member_id& member);

/// Newest first; `limit` as in the query.
move_page list_moves(pqxx::work& tx, const move_query& what);

/// How many entities each slot has.
std::array<std::uint64_t, slot_count> count_entities(pqxx::work& tx);

/// Forgets moves that are older than the newest `keep`, at most `batch` of them; how many.
std::uint64_t prune_moves(pqxx::work& tx, std::uint64_t keep, std::uint64_t batch);

} // namespace bpci::slots::store
