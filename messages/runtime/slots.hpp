#pragma once

#include "messages/describe.hpp"
#include "messages/ids.hpp"
#include "messages/inspect.hpp"

#include <boost/describe/enum.hpp>

#include <string>
#include <vector>

/// Who owns which share of the entities. The truth is the table `slot`; what travels here is a copy
/// of it, which may be late: whoever acts on an old one is refused by the row's epoch.
namespace bpci::slots {

/// One of `slot_count` shares of the entities.
using slot_no = strong<std::uint16_t, struct slot_no_tag>;

inline constexpr std::uint16_t slot_count = 1'024;

/// Rises whenever a slot changes hands. The upper 24 bits are the database's timeline, so that a
/// failover to a replica that has missed something never gives out an epoch twice.
using epoch_no = strong<std::uint64_t, struct epoch_no_tag>;

/// Rises with each change of any slot or any member; what was read at a lower one is older.
using change_no = strong<std::uint64_t, struct change_no_tag>;

/// A row of the table `slot`.
struct slot_row {
  slot_no slot;
  epoch_no epoch;
  incarnation owner; ///< 0: nobody
  bool draining = false;
  member_id pinned; ///< where an admin wants it; empty: wherever the hash says

  bool operator==(const slot_row&) const = default;
};
BPCI_MESSAGE(slot_row, slot, epoch, owner, draining, pinned)

/// "Tell me what I own, and who owns the rest." From: an actor of this node. To: SLOTS. First comes
/// a slots_changed with all rows, if they have been read.
struct watch_slots {
  bool operator==(const watch_slots&) const = default;
};
BPCI_MESSAGE(watch_slots)

/// From: SLOTS. To: whoever watches. `rows` are those that differ from what was told before.
struct slots_changed {
  change_no change;
  std::vector<slot_row> rows;

  bool operator==(const slots_changed&) const = default;
};
BPCI_MESSAGE(slots_changed, change, rows)

/// "Somebody knows of a newer owner than you have told me: read the table again." From: ROUTER, at
/// most ten times a second. To: SLOTS of its node.
struct read_slots {
  bool operator==(const read_slots&) const = default;
};
BPCI_MESSAGE(read_slots)

/// "Finish what you have in hand for these slots, take nothing new for them, and say when it is
/// done." From: SLOTS. To: the ENTITIES of its node. Answer: slots_drained, when the last actor of
/// them has ended.
struct drain_slots {
  std::vector<slot_no> slots;

  bool operator==(const drain_slots&) const = default;
};
BPCI_MESSAGE(drain_slots, slots)

struct slots_drained {
  std::vector<slot_no> slots;

  bool operator==(const slots_drained&) const = default;
};
BPCI_MESSAGE(slots_drained, slots)

/// "These are free now, and you should have them": saves the wait for the next reading of the table
/// and of the members, who may still believe that the sender wants them. From: SLOTS. To: the SLOTS
/// of another member.
struct slots_offered {
  std::vector<slot_no> slots;

  bool operator==(const slots_offered&) const = default;
};
BPCI_MESSAGE(slots_offered, slots)

// -- for the admin API ---------------------------------------------------------------

/// "Show me the slot map." To: SLOTS. Answer: slot_page.
struct slot_query {
  std::string member;      ///< only those of this member; "-": only those of nobody; empty: all
  std::string state;       ///< "draining", "pinned" or empty
  std::uint64_t after = 0; ///< the `next` of the page before; slots are counted from 1 here
  std::uint64_t limit = 0; ///< 0: 100; at most 1,024

  bool operator==(const slot_query&) const = default;
};
BPCI_MESSAGE(slot_query, member, state, after, limit)

struct slot_status {
  slot_no slot;
  std::string epoch; ///< "timeline.counter"
  member_id owner;   ///< empty: nobody
  incarnation owner_incarnation;
  bool draining = false;
  member_id pinned;
  member_id wanted; ///< where the hash, or the pin, puts it now
  std::string reason;
  timestamp_ms moved_at;

  bool operator==(const slot_status&) const = default;
};
BPCI_MESSAGE(slot_status, slot, epoch, owner, owner_incarnation, draining, pinned, wanted, reason,
             moved_at)

struct slot_page {
  std::vector<slot_status> slots;
  std::uint64_t next = 0; ///< 0: this is the last page

  bool operator==(const slot_page&) const = default;
};
BPCI_MESSAGE(slot_page, slots, next)

/// "Why did slots move?" To: SLOTS. Answer: move_page, newest first.
struct move_query {
  std::int64_t slot = -1;  ///< only this one; -1: all
  std::string member;      ///< from or to this member; empty: all
  std::uint64_t after = 0; ///< the `next` of the page before
  std::uint64_t limit = 0; ///< 0: 100; at most 1,000

  bool operator==(const move_query&) const = default;
};
BPCI_MESSAGE(move_query, slot, member, after, limit)

/// One change of hands, with what was known when it was decided.
struct slot_move {
  std::uint64_t no = 0;
  slot_no slot;
  std::string epoch; ///< the one that began with it
  member_id from;    ///< empty: nobody
  member_id to;      ///< empty: nobody
  std::uint64_t view = 0;
  std::string reason; ///< "claimed: node-2 is dead", "released: node-3 scores higher"
  timestamp_ms at;

  bool operator==(const slot_move&) const = default;
};
BPCI_MESSAGE(slot_move, no, slot, epoch, from, to, view, reason, at)

struct move_page {
  std::vector<slot_move> moves;
  std::uint64_t next = 0;

  bool operator==(const move_page&) const = default;
};
BPCI_MESSAGE(move_page, moves, next)

/// "Put these slots on that member, and keep them there." To: SLOTS of any member. Answer:
/// slots_pinned. An empty `member` removes the pin. Errors: invalid_argument, not_found (no such
/// member is up).
struct pin_slots {
  std::vector<slot_no> slots;
  member_id member;
  std::string who;
  std::string why;

  bool operator==(const pin_slots&) const = default;
};
BPCI_MESSAGE(pin_slots, slots, member, who, why)

struct slots_pinned {
  std::uint64_t slots = 0;

  bool operator==(const slots_pinned&) const = default;
};
BPCI_MESSAGE(slots_pinned, slots)

/// "Where would everything of this member go, if it were drained?" To: SLOTS. Answer: drain_plan.
struct plan_drain {
  member_id member;

  bool operator==(const plan_drain&) const = default;
};
BPCI_MESSAGE(plan_drain, member)

struct drain_share {
  member_id to;
  std::uint64_t slots = 0;
  std::uint64_t entities = 0;

  bool operator==(const drain_share&) const = default;
};
BPCI_MESSAGE(drain_share, to, slots, entities)

struct drain_plan {
  member_id member;
  std::vector<drain_share> shares;
  std::vector<std::string> obstacles; ///< "no other member is up"; empty: nothing is in the way

  bool operator==(const drain_plan&) const = default;
};
BPCI_MESSAGE(drain_plan, member, shares, obstacles)

} // namespace bpci::slots
