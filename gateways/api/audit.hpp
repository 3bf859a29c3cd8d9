#pragma once

#include "messages/describe.hpp"
#include "messages/ids.hpp"

#include <string>
#include <vector>

/// What admins did, to what, and why (the table `admin_action`). Stays on one node.
namespace bpci::gateway::audit {

/// What is written down before an action is tried.
struct entry {
  std::string who;    ///< the label of the token
  std::string action; ///< a verb: "kill", "drain"
  std::string target; ///< a path, a member, slots, an entity
  std::string why;
  correlation_id trace;

  bool operator==(const entry&) const = default;
};

struct row {
  std::uint64_t no = 0;
  timestamp_ms at;
  std::string who;
  std::string action;
  std::string target;
  std::string why;
  correlation_id trace;
  std::string result; ///< "done", or the code of the refusal; empty: it was interrupted, or goes on

  bool operator==(const row&) const = default;
};
BPCI_MESSAGE(row, no, at, who, action, target, why, trace, result)

struct query {
  std::string target;      ///< part of it; empty: all
  std::string action;      ///< the whole word; empty: all
  std::uint64_t after = 0; ///< the `next` of the page before
  std::uint64_t limit = 0;
};

/// Newest first.
struct page {
  std::vector<row> actions;
  std::uint64_t next = 0; ///< 0: this is the last page

  bool operator==(const page&) const = default;
};
BPCI_MESSAGE(page, actions, next)

} // namespace bpci::gateway::audit
