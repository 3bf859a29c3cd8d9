#include "runtime/supervision/supervision_tree.hpp"

#include "runtime/actor/actor_base.hpp"
#include "runtime/actor/caf_error.hpp"
#include "runtime/log/log.hpp"
#include "runtime/supervision/supervisor_actor.hpp"
#include "runtime/time/clock.hpp"

#include <condition_variable>
#include <mutex>
#include <utility>

namespace bpci::supervision {

/// Shared with the root's last act, which may come after this object.
struct supervision_tree::outcome {
  std::mutex mutex;
  std::condition_variable changed;
  bool ended = false;   // guarded by mutex
  bool told_to = false; // guarded by mutex
  std::function<void(const failure&)> on_failed;

  void end(const caf::error& why) {
    auto lock = std::unique_lock{mutex};
    ended = true;
    auto expected = told_to;
    changed.notify_all();
    lock.unlock();
    if (expected) return;
    auto cause = from_caf(why);
    log::error("supervision-tree-failed", {{"why", to_string(cause)}});
    if (on_failed) on_failed(cause);
  }

  bool wait(std::chrono::milliseconds deadline) {
    auto lock = std::unique_lock{mutex};
    return changed.wait_for(lock, deadline, [&] { return ended; });
  }
};

supervision_tree::supervision_tree(caf::actor_system& system, std::string path,
                                   supervisor_options how, node_context_ptr node, hooks call)
    : node_(std::move(node)), outcome_(std::make_shared<outcome>()), path_(std::move(path)) {
  outcome_->on_failed = std::move(call.on_failed);
  tree_row row;
  row.path = path_;
  row.type = supervisor_type;
  row.state = child_state::starting;
  node_->tree.put({.row = row, .owner = 0});
  root_ = spawn_supervisor(system, path_, std::move(how), node_, std::move(call.on_ready));
  node_->directory.put(path_, root_);
  root_->attach_functor([outcome = outcome_](const caf::error& why) { outcome->end(why); });
  auto life = dynamic_cast<observable*>(caf::actor_cast<caf::abstract_actor*>(root_))->life();
  row.state = child_state::running;
  row.actor_id = root_.id();
  row.started_at = life->started_at();
  node_->tree.put({.row = row, .life = life, .owner = 0});
}

supervision_tree::~supervision_tree() {
  if (auto stopped = stop(tree_stop_max); !stopped)
    log::error("supervision-tree-not-stopped", {{"why", to_string(stopped.error())}});
  node_->directory.remove(path_, root_);
  node_->tree.remove(path_, 0);
}

result<void> supervision_tree::stop(std::chrono::milliseconds deadline) {
  {
    auto lock = std::lock_guard{outcome_->mutex};
    outcome_->told_to = true;
    if (outcome_->ended) return {};
  }
  send_exit_now(root_, caf::exit_reason::user_shutdown);
  if (outcome_->wait(deadline)) return {};
  send_exit_now(root_, caf::exit_reason::kill);
  outcome_->wait(kill_max);
  return fail(ec::timeout, "not all actors have ended in time; the rest was killed");
}

} // namespace bpci::supervision
