#pragma once

#include "runtime/metrics/metrics.hpp"

#include <chrono>
#include <string_view>

/// What is counted of the oracle (document 2, "Metrics Collection"; the names are this program's).
namespace bpci::oracle::telemetry {

/// A frame or a message was refused with this code.
void refused(std::string_view code);

/// A message passed all checks.
void accepted(std::size_t messages);

/// A target acknowledged a message.
void delivered(std::chrono::microseconds took);

/// A message is safe in the mailbox of a target.
void stored(std::chrono::microseconds took);

/// A target acknowledged a message out of its mailbox.
void delivered_from_mailbox();

/// Letters in flight from mailboxes that are read at this node.
void mailboxes(std::size_t read, std::uint64_t in_flight);

/// Letters that nobody fetched in time were dropped.
void expired_in_mailbox(std::uint64_t letters);

/// Links open at this node, and BPI nodes connected to the cluster.
void connected(std::uint64_t here, std::uint64_t cluster);

/// A node was isolated: a code, or `admin`.
void isolated(std::string_view reason);

/// How many nodes of the register are isolated, as every member counts them.
void isolated_now(std::uint64_t nodes);

/// `rotated` by the node, or `set` by an admin.
void key_changed(std::string_view how);

/// A node has announced itself.
void announced();

/// How many announcements hold, as every member counts them.
void announced_now(std::uint64_t nodes);

} // namespace bpci::oracle::telemetry
