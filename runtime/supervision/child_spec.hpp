#pragma once

#include "messages/error.hpp"
#include "runtime/supervision/node_context.hpp"
#include "runtime/supervision/restart_policy.hpp"

#include <caf/actor.hpp>
#include <caf/fwd.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bpci::supervision {

/// What a child is started with. Copies may be kept by the child, except `supervisor`, which would
/// keep both alive for each other.
struct spawn_context {
  caf::actor_system& system;
  caf::actor supervisor;
  std::string path;
  node_context_ptr node;
  /// To be called once when the child can do its work, from any thread; matters only to children
  /// with `wait_ready_max`. A call of an incarnation that is gone has no effect.
  std::function<void()> ready;

  /// The present handle of a sibling, by its id; null when it is not running.
  [[nodiscard]] caf::actor find(std::string_view id) const;
};

/// For `wait_ready_max` of supervisors: as long as their own children's deadlines last.
inline constexpr auto while_starting = std::chrono::milliseconds::max();

inline constexpr auto supervisor_stop_max = std::chrono::milliseconds{30'000};

struct child_spec {
  /// Unique among its siblings; see is_valid_child_id.
  std::string id;
  /// What it is, in capitals: LINK, RELAY.
  std::string type;
  /// Starts one incarnation. Must not block. A failure, an exception and a null handle all count
  /// as an ending of the child: `unavailable` and `storage_failed` as dependency_down, the others
  /// as a crash.
  std::function<result<caf::actor>(const spawn_context&)> spawn;
  supervision::policy policy = policy::permanent;
  /// What it gets to end in good order; then it is killed. 0: it is killed at once.
  std::chrono::milliseconds stop_max{5'000};
  bool is_supervisor = false;
  /// Greater than 0: the children below are started only when this one has said `ready`; when it
  /// takes longer than this it counts as crashed.
  std::chrono::milliseconds wait_ready_max{0};
};

/// 1 to 128 printable ASCII characters, no blank, no '/'.
bool is_valid_child_id(std::string_view id) noexcept;

struct supervisor_options {
  supervision::strategy strategy = strategy::one_for_one;
  restart_rules rules{};
  /// Started top to bottom, stopped bottom to top.
  std::vector<child_spec> children{};
};

/// A supervisor as a child of another one. Its siblings below wait until all its children run.
child_spec supervisor_child(std::string id, supervisor_options how,
                            std::chrono::milliseconds stop_max = supervisor_stop_max);

} // namespace bpci::supervision
