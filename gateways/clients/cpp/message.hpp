#pragma once

#include "messages/error.hpp"
#include "messages/oracle/envelope.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <vector>

/// What an application gives to the client, and gets from it.
namespace bpci::client {

/// A message to be sent. The client adds the sequence, the time and the signature.
struct outgoing {
  std::vector<node_id> targets; ///< 1 to `limits.max_targets` distinct ones
  std::string type;             ///< an id, for instance `DataSync`
  bytes body;
  oracle::priority priority = oracle::priority::Normal;
  /// `stored`: the cluster keeps it for targets that are registered and not connected.
  oracle::delivery_mode delivery = oracle::delivery_mode::live;
  /// Unique for this source, over its restarts too. Empty: a random one. Whoever sends a message
  /// again after a crash gives the same id, so that the targets drop the duplicate.
  std::optional<message_id> id = std::nullopt;
  /// Until then it is sent and sent again; empty: the client's default.
  std::optional<std::chrono::milliseconds> deadline = std::nullopt;
};

struct target_outcome {
  node_id target;
  failure why;         ///< `ec::none`: the target has acknowledged, or the message is stored.
  bool stored = false; ///< It is safe in the cluster, and the target has not acknowledged it yet.

  bool operator==(const target_outcome&) const = default;
};

/// What became of a message at each of its targets, in the order in which they were given.
/// `timeout`: no answer within the message's deadline; it may have arrived.
struct report {
  message_id id;
  std::vector<target_outcome> targets;

  /// Every target has acknowledged, or the message is stored for it.
  [[nodiscard]] bool delivered() const {
    return std::ranges::all_of(targets, [](const auto& x) { return x.why.code == ec::none; });
  }

  bool operator==(const report&) const = default;
};

using report_handler = std::function<void(const report&)>;

} // namespace bpci::client
