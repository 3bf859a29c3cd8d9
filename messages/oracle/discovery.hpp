#pragma once

#include "messages/oracle/nodes.hpp"

/// How BPI nodes find each other (docs/protocol/bpi-1.0.md, section 12). An announcement itself is
/// in nodes.hpp: it is part of the node's record.
namespace bpci::oracle {

/// What is found: an announcement, until when it holds, and through whom it came.
struct announced_node {
  oracle::announcement announcement;
  timestamp_ms until;
  std::string of_operator; ///< The operator's key in hex; empty: registered at this cluster.

  bool operator==(const announced_node&) const = default;
};
BPCI_MESSAGE(announced_node, announcement, until, of_operator)

/// A command of `bpi-node/<id>`: the node is as it says. From: DISCOVERY, which has checked it.
/// Answer: announced_node. Errors: unknown_node (not registered, or under another key), isolated,
/// conflict (a newer one was there already).
struct announce_node {
  oracle::announcement announcement;
  std::uint64_t ttl_ms_max = 0;

  bool operator==(const announce_node&) const = default;
};
BPCI_MESSAGE(announce_node, announcement, ttl_ms_max)

/// From: the HTTP gateway. To: DISCOVERY. Answer: discovered.
struct discover {
  std::string type;                      ///< Empty: of any type.
  std::vector<std::string> capabilities; ///< All of them; at most 16.
  std::uint64_t limit = 0;               ///< 0: 100; at most 1,000.
  std::string after;                     ///< The `next` of the page before.

  bool operator==(const discover&) const = default;
};
BPCI_MESSAGE(discover, type, capabilities, limit, after)

struct discovered {
  std::vector<announced_node> nodes; ///< In the order of id and operator.
  std::string next;                  ///< Empty: this is the last page.

  bool operator==(const discovered&) const = default;
};
BPCI_MESSAGE(discovered, nodes, next)

} // namespace bpci::oracle
