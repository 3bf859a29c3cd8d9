#pragma once

#include "messages/oracle/nodes.hpp"

#include <chrono>
#include <map>
#include <vector>

/// Which announcements the other operators have to be told of, pure: each when it is new, and again
/// now and then, for those that were not linked.
namespace bpci::oracle {

inline constexpr auto share_again_after = std::chrono::minutes{10};

class share_plan {
public:
  using instant = std::chrono::steady_clock::time_point;

  /// Of all that hold now; what this returns counts as told.
  std::vector<announcement> due(const std::vector<announcement>& all, instant now);

private:
  struct told {
    timestamp_ms issued_at;
    instant at;
  };

  std::map<node_id, told> told_;
};

} // namespace bpci::oracle
