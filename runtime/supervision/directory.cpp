#include "runtime/supervision/directory.hpp"

#include <mutex>
#include <utility>

namespace bpci::supervision {

caf::actor directory::find(std::string_view path) const {
  auto lock = std::shared_lock{mutex_};
  auto found = entries_.find(path);
  return found == entries_.end() ? caf::actor{} : found->second;
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
