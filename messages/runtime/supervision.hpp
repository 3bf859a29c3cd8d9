#pragma once

#include "messages/describe.hpp"
#include "messages/ids.hpp"

#include <boost/describe/enum.hpp>

#include <cstdint>
#include <string>
#include <vector>

/// What the admin API says to the supervision tree of a node. A path names an actor's place in the
/// tree, "/node/links/link:bank-a", and stays the same through restarts.
namespace bpci::supervision {

// clang-format off
/// What a child is doing, as its supervisor sees it. `backing_off` waits for its next start after a
/// crash, `waiting` the same because something that it needs is away; `stopped` ended as it was
/// meant to, or is not yet started; `paused` was stopped by an admin.
BOOST_DEFINE_FIXED_ENUM_CLASS(child_state, std::uint8_t,
  starting, running, backing_off, waiting, stopping, stopped, paused)
// clang-format on

// -- reading -----------------------------------------------------------------

/// "Show me the tree." From: the admin API. To: any supervisor. Answer: tree_page.
struct tree_query {
  std::string filter;      ///< part of a path, a type or a state, in any case; empty: everything
  std::string after;       ///< the `next` of the page before; empty: from the start
  std::uint64_t limit = 0; ///< rows; 0: 100; at most 1,000

  bool operator==(const tree_query&) const = default;
};
BPCI_MESSAGE(tree_query, filter, after, limit)

/// One actor of the tree. Times are 0 where there was no such moment.
struct tree_row {
  std::string path;
  std::string type; ///< in capitals: LINK, RELAY, SUPERVISOR
  child_state state = child_state::stopped;
  std::uint64_t actor_id = 0; ///< of the present incarnation; 0: none is alive
  timestamp_ms started_at;
  std::uint64_t restarts = 0;           ///< since the supervisor itself started
  std::uint64_t restarts_in_period = 0; ///< those that count against the intensity
  timestamp_ms last_restart_at;
  std::uint64_t mailbox_depth = 0;
  std::uint64_t messages_received = 0;
  std::string last_error;
  std::uint64_t children = 0;

  bool operator==(const tree_row&) const = default;
};
BPCI_MESSAGE(tree_row, path, type, state, actor_id, started_at, restarts, restarts_in_period,
             last_restart_at, mailbox_depth, messages_received, last_error, children)

/// Rows in the order of the tree, each parent before its children.
struct tree_page {
  std::vector<tree_row> rows;
  std::string next; ///< the cursor of the next page; empty: this is the last one

  bool operator==(const tree_page&) const = default;
};
BPCI_MESSAGE(tree_page, rows, next)

/// "Who is at this path now?" From: anybody. To: any supervisor of the node. Answer: the actor's
/// handle. Errors: not_found (no such path, or nobody alive there at the moment).
struct find_child {
  std::string path;

  bool operator==(const find_child&) const = default;
};
BPCI_MESSAGE(find_child, path)

// -- acting ------------------------------------------------------------------

// From: the admin API. To: any supervisor of the node. Answer: child_action_done. `who` and `why`
// are required and logged. Errors of each: invalid_argument (no `who` or no `why`), not_found.

/// "End this actor now, whatever it is doing." Counts as a crash: its supervisor restarts it.
struct kill_child {
  std::string path;
  std::string who;
  std::string why;

  bool operator==(const kill_child&) const = default;
};
BPCI_MESSAGE(kill_child, path, who, why)

/// "Stop this actor in good order and start it again", with those that are restarted with it. Does
/// not count against the intensity; ends a pause or a backoff. Errors: shutting_down, conflict (it
/// is being stopped already).
struct restart_child {
  std::string path;
  std::string who;
  std::string why;

  bool operator==(const restart_child&) const = default;
};
BPCI_MESSAGE(restart_child, path, who, why)

/// "Stop this actor and leave it stopped until `resume_child`." Errors: shutting_down, conflict.
struct pause_child {
  std::string path;
  std::string who;
  std::string why;

  bool operator==(const pause_child&) const = default;
};
BPCI_MESSAGE(pause_child, path, who, why)

/// "Start this actor again." Errors: shutting_down, conflict (it is not paused).
struct resume_child {
  std::string path;
  std::string who;
  std::string why;

  bool operator==(const resume_child&) const = default;
};
BPCI_MESSAGE(resume_child, path, who, why)

/// The action has begun; the tree shows when it is complete.
struct child_action_done {
  std::string path;
  std::uint64_t actor_id = 0; ///< of the incarnation that was acted on; 0: none was alive

  bool operator==(const child_action_done&) const = default;
};
BPCI_MESSAGE(child_action_done, path, actor_id)

// -- quarantine --------------------------------------------------------------

/// One crash with a message in hand.
struct crash_evidence {
  std::string actor; ///< path
  std::string error;
  timestamp_ms at;

  bool operator==(const crash_evidence&) const = default;
};
BPCI_MESSAGE(crash_evidence, actor, error, at)

/// A message that was in hand in three crashes and is no longer handled.
struct quarantined_message {
  message_id id;
  timestamp_ms since;
  std::vector<crash_evidence> crashes; ///< oldest first

  bool operator==(const quarantined_message&) const = default;
};
BPCI_MESSAGE(quarantined_message, id, since, crashes)

/// "Which messages are set aside?" From: the admin API. To: any supervisor. Answer:
/// quarantine_page.
struct quarantine_query {
  message_id after;        ///< the `next` of the page before; empty: from the start
  std::uint64_t limit = 0; ///< 0: 100; at most 1,000

  bool operator==(const quarantine_query&) const = default;
};
BPCI_MESSAGE(quarantine_query, after, limit)

/// Ordered by message id.
struct quarantine_page {
  std::vector<quarantined_message> messages;
  message_id next; ///< empty: this is the last page

  bool operator==(const quarantine_page&) const = default;
};
BPCI_MESSAGE(quarantine_page, messages, next)

/// "Let this message through again; its crashes are forgotten." From: the admin API. To: any
/// supervisor. Answer: message_released. Errors: invalid_argument, not_found.
struct release_message {
  message_id id;
  std::string who;
  std::string why;

  bool operator==(const release_message&) const = default;
};
BPCI_MESSAGE(release_message, id, who, why)

struct message_released {
  message_id id;

  bool operator==(const message_released&) const = default;
};
BPCI_MESSAGE(message_released, id)

} // namespace bpci::supervision
