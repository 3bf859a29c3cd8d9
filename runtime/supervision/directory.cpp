#include "runtime/supervision/directory.hpp"

#include "runtime/supervision/crowd.hpp"
#include "runtime/supervision/tree_registry.hpp"

#include <mutex>
#include <utility>

namespace bpci::supervision {

caf::actor directory::find(std::string_view path) const {
  crowd_ptr around;
  {
    auto lock = std::shared_lock{mutex_};
    if (auto found = entries_.find(path); found != entries_.end()) return found->second;
    around = crowd_around(path);
  }
  return around ? around->find(path.substr(around->path().size() + 1)) : caf::actor{};
}

/// Under the lock.
crowd_ptr directory::crowd_around(std::string_view path) const {
  if (crowds_.empty()) return {};
  auto found = crowds_.find(parent_path(path));
  return found == crowds_.end() ? crowd_ptr{} : found->second;
}

void directory::attach(crowd_ptr who) {
  auto lock = std::lock_guard{mutex_};
  auto path = who->path();
  crowds_.insert_or_assign(std::move(path), std::move(who));
}

void directory::detach(const crowd_ptr& who) {
  auto lock = std::lock_guard{mutex_};
  auto found = crowds_.find(who->path());
  if (found != crowds_.end() && found->second == who) crowds_.erase(found);
}

void directory::put(const std::string& path, caf::actor who) {
  auto lock = std::lock_guard{mutex_};
  entries_.insert_or_assign(path, std::move(who));
}

void directory::remove(std::string_view path, const caf::actor& who) {
  caf::actor last_reference; // destroyed after the lock: an actor's destructor may look up others
  auto lock = std::lock_guard{mutex_};
  auto found = entries_.find(path);
  if (found == entries_.end() || found->second != who) return;
  last_reference = std::move(found->second);
  entries_.erase(found);
}

} // namespace bpci::supervision
