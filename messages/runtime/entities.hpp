#pragma once

#include "messages/describe.hpp"
#include "messages/error.hpp"
#include "messages/ids.hpp"
#include "messages/inspect.hpp"
#include "messages/runtime/slots.hpp"

#include <boost/describe/enum.hpp>

#include <memory>
#include <string>
#include <vector>

/// What travels to and from durable entities (docs/entities.md).
namespace bpci::entity {

/// An entity's name over the whole cluster.
struct entity_ref {
  std::string kind; ///< 1 to 32 of `a-z 0-9 -`: "mailbox"
  std::string id;   ///< 1 to 64 of the alphabet of node ids (`is_valid_id`)

  auto operator<=>(const entity_ref&) const = default;
};
BPCI_MESSAGE(entity_ref, kind, id)

/// "mailbox/bank-a".
inline std::string to_string(const entity_ref& x) {
  return x.kind + "/" + x.id;
}

/// The longest idempotency key, in bytes.
inline constexpr std::size_t key_max = 200;

/// A command to an entity, or a question about it. From: anybody on this node. To: ROUTER. Answer:
/// response.
///
/// A command has its effect once for each `key`: the same key again answers what the first one
/// answered (`repeated`), and another command under the same key is refused with `conflict`.
///
/// Errors, beside the entity's own: retry_after (the slot is being moved, or its queue is full
/// for now: again after as many ms as its detail says), busy (too much is in flight), restarted
/// (the actor died with it; whether it was carried out is unknown until it is sent again), timeout
/// (the same), unavailable (the database is away), quarantined, not_found (no such kind).
struct command {
  entity_ref to;
  std::string key;                 ///< 1 to key_max bytes; empty: a question, which changes nothing
  std::string name;                ///< of the described struct in `body`
  std::uint32_t schema = 1;        ///< of the kind that it was written for
  bytes body;                      ///< msgpack
  std::uint64_t within_ms = 5'000; ///< when the answer is worth nothing any more, from now
  correlation_id trace;
  /// What two commands under one key must agree in to be the same one; empty: in `body`. For
  /// commands whose retries are signed anew.
  bytes identity{};
  /// Nobody waits for the answer but a timer or the outbox: may wait for its entity's activation
  /// until those that others have asked for are served.
  bool background = false;

  bool operator==(const command&) const = default;
};
BPCI_MESSAGE(command, to, key, name, schema, body, within_ms, trace, identity, background)

struct response {
  bytes body;                ///< msgpack of the described struct that the kind answers
  std::uint64_t version = 0; ///< of the entity's state, after it
  bool repeated = false;     ///< the command had been carried out before, under the same key

  bool operator==(const response&) const = default;
};
BPCI_MESSAGE(response, body, version, repeated)

/// A command that has found its slot. From: ROUTER. To: ENTITIES of the same node. Answer:
/// response, or not_owner with a detail of "owner epoch": a member id, or "-" for nobody, and a
/// number.
struct routed_command {
  command what;
  slots::slot_no slot;
  slots::epoch_no epoch; ///< as the sender knows it
  std::uint32_t hops = 0;

  bool operator==(const routed_command&) const = default;
};
BPCI_MESSAGE(routed_command, what, slot, epoch, hops)

// -- between the ROUTERs of two members ----------------------------------------------

/// A command is shared between what holds it on a node, and copied between nodes.
using command_ptr = std::shared_ptr<const command>;

/// One of routed_commands. `no` is the sender's name for this attempt; the answer carries it.
struct numbered_command {
  std::uint64_t no = 0;
  command_ptr what;
  slots::slot_no slot;
  slots::epoch_no epoch; ///< as the sender knows it
  std::uint32_t hops = 0;
  std::uint64_t within_ms = 0; ///< what is left of the command's own

  bool operator==(const numbered_command& x) const {
    return no == x.no && *what == *x.what && slot == x.slot && epoch == x.epoch && hops == x.hops
           && within_ms == x.within_ms;
  }
};
BPCI_MESSAGE(numbered_command, no, what, slot, epoch, hops, within_ms)

/// Everything that one turn of a ROUTER has for another member. To: the ROUTER of the slots'
/// owner, which answers each of them, in routed_answers, within its time.
struct routed_commands {
  std::vector<numbered_command> items;

  bool operator==(const routed_commands&) const = default;
};
BPCI_MESSAGE(routed_commands, items)

struct routed_answer {
  std::uint64_t no = 0;
  failure why{ec::none, {}}; ///< `none`: `what` is the answer
  response what;

  bool operator==(const routed_answer&) const = default;
};
BPCI_MESSAGE(routed_answer, no, why, what)

/// To: the ROUTER that the commands came from.
struct routed_answers {
  std::vector<routed_answer> items;

  bool operator==(const routed_answers&) const = default;
};
BPCI_MESSAGE(routed_answers, items)

// -- for the admin API ---------------------------------------------------------------

/// "Why is this actor here?" To: ROUTER. Answer: entity_place.
struct find_entity {
  entity_ref what;

  bool operator==(const find_entity&) const = default;
};
BPCI_MESSAGE(find_entity, what)

/// How much a member wants a slot: the highest of those that are up should have it.
struct placement_score {
  member_id member;
  std::uint64_t score = 0;

  bool operator==(const placement_score&) const = default;
};
BPCI_MESSAGE(placement_score, member, score)

struct entity_place {
  entity_ref what;
  slots::slot_status slot;
  bool exists = false; ///< it has a row in the database
  std::uint64_t version = 0;
  bool active = false;                   ///< it has an actor now
  std::string path;                      ///< of that actor
  std::vector<placement_score> scores;   ///< highest first
  std::vector<slots::slot_move> history; ///< of its slot, newest first, at most 20

  bool operator==(const entity_place&) const = default;
};
BPCI_MESSAGE(entity_place, what, slot, exists, version, active, path, scores, history)

/// Lists of rows that stand in the database. To: ENTITIES of any member. Answers: outbox_page,
/// inbox_page, timer_page, entity_page.
struct outbox_query {
  std::string filter;   ///< part of the source's or the target's name; empty: all
  bool failing = false; ///< only those that were tried and refused
  std::uint64_t after = 0;
  std::uint64_t limit = 0; ///< 0: 100; at most 1,000

  bool operator==(const outbox_query&) const = default;
};
BPCI_MESSAGE(outbox_query, filter, failing, after, limit)

struct outbox_row {
  std::uint64_t no = 0;
  entity_ref from;
  entity_ref to;
  std::string key;
  std::string name;
  std::uint64_t attempts = 0;
  timestamp_ms next_at;
  timestamp_ms since;
  std::string last_error;

  bool operator==(const outbox_row&) const = default;
};
BPCI_MESSAGE(outbox_row, no, from, to, key, name, attempts, next_at, since, last_error)

struct outbox_page {
  std::vector<outbox_row> rows;
  std::uint64_t next = 0;

  bool operator==(const outbox_page&) const = default;
};
BPCI_MESSAGE(outbox_page, rows, next)

/// "Try these again now." To: ENTITIES of any member. Answer: outbox_retried.
struct retry_outbox {
  std::vector<std::uint64_t> rows; ///< their numbers; empty: all that fail
  std::string who;
  std::string why;

  bool operator==(const retry_outbox&) const = default;
};
BPCI_MESSAGE(retry_outbox, rows, who, why)

struct outbox_retried {
  std::uint64_t rows = 0;

  bool operator==(const outbox_retried&) const = default;
};
BPCI_MESSAGE(outbox_retried, rows)

struct inbox_query {
  std::string filter; ///< part of the entity's name or of the key
  std::string after;
  std::uint64_t limit = 0;

  bool operator==(const inbox_query&) const = default;
};
BPCI_MESSAGE(inbox_query, filter, after, limit)

struct inbox_row {
  entity_ref to;
  std::string key;
  std::string name;
  timestamp_ms at;
  std::uint64_t version = 0; ///< of the state that it led to

  bool operator==(const inbox_row&) const = default;
};
BPCI_MESSAGE(inbox_row, to, key, name, at, version)

struct inbox_page {
  std::vector<inbox_row> rows;
  std::string next;

  bool operator==(const inbox_page&) const = default;
};
BPCI_MESSAGE(inbox_page, rows, next)

// clang-format off
/// What a repeating timer does about the times that it has missed: fire for each of them, fire
/// once for all of them, or wait for the next.
BOOST_DEFINE_FIXED_ENUM_CLASS(catch_up, std::uint8_t, each, once, skip)
// clang-format on

struct timer_query {
  std::string filter;
  std::string after;
  std::uint64_t limit = 0;

  bool operator==(const timer_query&) const = default;
};
BPCI_MESSAGE(timer_query, filter, after, limit)

struct timer_row {
  entity_ref of;
  std::string name;
  timestamp_ms due;
  std::uint64_t every_ms = 0; ///< 0: fires once
  entity::catch_up catch_up = entity::catch_up::each;
  std::uint64_t fired = 0;

  bool operator==(const timer_row&) const = default;
};
BPCI_MESSAGE(timer_row, of, name, due, every_ms, catch_up, fired)

struct timer_page {
  std::vector<timer_row> rows;
  std::string next;

  bool operator==(const timer_page&) const = default;
};
BPCI_MESSAGE(timer_page, rows, next)

struct entity_query {
  std::string kind;   ///< empty: all
  std::string filter; ///< part of the id
  std::string after;  ///< the `next` of the page before
  std::uint64_t limit = 0;

  bool operator==(const entity_query&) const = default;
};
BPCI_MESSAGE(entity_query, kind, filter, after, limit)

struct entity_row {
  entity_ref what;
  slots::slot_no slot;
  std::uint64_t version = 0;
  timestamp_ms changed_at;

  bool operator==(const entity_row&) const = default;
};
BPCI_MESSAGE(entity_row, what, slot, version, changed_at)

struct entity_page {
  std::vector<entity_row> rows;
  std::string next;

  bool operator==(const entity_page&) const = default;
};
BPCI_MESSAGE(entity_page, rows, next)

/// "What does this one hold?" as JSON, without secrets. To: ROUTER. Answer: actor_state. Activates
/// the entity.
struct show_entity {
  entity_ref what;

  bool operator==(const show_entity&) const = default;
};
BPCI_MESSAGE(show_entity, what)

} // namespace bpci::entity
