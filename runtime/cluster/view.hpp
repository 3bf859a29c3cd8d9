#pragma once

#include "messages/runtime/cluster.hpp"

#include <chrono>
#include <unordered_map>
#include <variant>
#include <vector>

/// Who is a member of the cluster, pure. Looks at the rows of the database and at counters only:
/// a member whose counter stands still, by this node's own clock and while this node's own
/// heartbeats succeed, is dead. So a database that was away evicts nobody, and a clock that is
/// wrong hurts nobody.
namespace bpci::cluster {

/// Try to reach this member.
struct dial {
  member who;
};

/// Forget this member.
struct drop {
  member who;
};

/// Record that this member is dead, provided that its counter still stands at `who.heartbeats`.
struct bury {
  member who;
};

using view_effect = std::variant<dial, drop, bury>;
using view_effects = std::vector<view_effect>;

class view {
public:
  using instant = std::chrono::steady_clock::time_point;

  view(incarnation self, std::chrono::milliseconds dead_after)
      : self_(self), dead_after_(dead_after) {}

  /// The live rows of the database, as read together with a heartbeat of our own that succeeded.
  void on_rows(const std::vector<member>& rows, instant now, view_effects& out);

  /// Our own heartbeat failed: from here to the next success nobody's silence counts.
  void on_blind();

  void on_connected(incarnation who, bool connected);

  [[nodiscard]] member_list list(instant now) const;

private:
  struct seen {
    cluster::member member;
    instant moved;
    bool connected = false;
    bool buried = false;
  };

  incarnation self_;
  std::chrono::milliseconds dead_after_;
  bool blind_ = false;
  std::unordered_map<incarnation, seen> members_;
};

} // namespace bpci::cluster
