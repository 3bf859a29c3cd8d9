#pragma once

#include "messages/error.hpp"
#include "runtime/supervision/child_spec.hpp"

#include <caf/actor.hpp>
#include <caf/fwd.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace bpci::supervision {

inline constexpr auto tree_stop_max = std::chrono::milliseconds{60'000};

/// The root supervisor and all below it, for main.cpp.
class supervision_tree {
public:
  /// Called from a thread of the actor system; must not block, nor touch the tree.
  struct hooks {
    std::function<void()> on_ready;                ///< the whole table runs
    std::function<void(const failure&)> on_failed; ///< the root ended without being told to
  };

  /// Starts the tree; `path` is the root's, such as "/node".
  supervision_tree(caf::actor_system& system, std::string path, supervisor_options how,
                   node_context_ptr node, hooks call);
  /// Stops what still runs, within `tree_stop_max`.
  ~supervision_tree();

  supervision_tree(const supervision_tree&) = delete;
  supervision_tree& operator=(const supervision_tree&) = delete;

  [[nodiscard]] const caf::actor& root() const noexcept { return root_; }

  /// Stops all actors, the last started first, and waits. What has not ended at `deadline` is
  /// killed. Not from an actor's thread. Errors: timeout (something had to be killed).
  result<void> stop(std::chrono::milliseconds deadline);

private:
  struct outcome;

  node_context_ptr node_;
  std::shared_ptr<outcome> outcome_;
  caf::actor root_;
  std::string path_;
};

} // namespace bpci::supervision
