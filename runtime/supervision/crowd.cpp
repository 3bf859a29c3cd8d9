#include "runtime/supervision/crowd.hpp"

#include "runtime/supervision/crowd_member.hpp"

#include <utility>

namespace bpci::supervision {

namespace {

const vitals_ptr& life_of(const caf::actor& who) {
  return static_cast<crowd_member*>(caf::actor_cast<caf::abstract_actor*>(who))->life();
}

} // namespace

void crowd::add(std::string id, const std::string& type, caf::actor who) {
  auto lock = std::lock_guard{mutex_};
  lines_.insert_or_assign(std::move(id), line{std::move(who), &*types_.insert(type).first});
}

void crowd::stopping(std::string_view id) {
  auto lock = std::lock_guard{mutex_};
  if (auto found = lines_.find(id); found != lines_.end()) found->second.stopping = true;
}

vitals_ptr crowd::remove(std::string_view id, std::uint64_t actor_id) {
  caf::actor last_reference; // destroyed after the lock: an actor's destructor may look up others
  auto lock = std::lock_guard{mutex_};
  auto found = lines_.find(id);
  if (found == lines_.end() || found->second.who.id() != actor_id) return {};
  last_reference = std::move(found->second.who);
  lines_.erase(found);
  return life_of(last_reference);
}

std::vector<caf::actor> crowd::clear() {
  std::vector<caf::actor> out;
  auto lock = std::lock_guard{mutex_};
  for (auto& [id, x] : lines_)
    out.push_back(std::move(x.who));
  lines_.clear();
  return out;
}

caf::actor crowd::find(std::string_view id) const {
  auto lock = std::lock_guard{mutex_};
  auto found = lines_.find(id);
  return found == lines_.end() ? caf::actor{} : found->second.who;
}

std::vector<caf::actor> crowd::all() const {
  std::vector<caf::actor> out;
  auto lock = std::lock_guard{mutex_};
  for (const auto& [id, x] : lines_)
    out.push_back(x.who);
  return out;
}

std::size_t crowd::size() const {
  auto lock = std::lock_guard{mutex_};
  return lines_.size();
}

std::string crowd::read(std::string_view after, std::size_t most,
                        const std::function<bool(tree_row)>& visit) const {
  auto lock = std::lock_guard{mutex_};
  auto i = after.empty() ? lines_.begin() : lines_.upper_bound(after);
  for (std::size_t n = 0; n < most && i != lines_.end(); ++n, ++i)
    if (visit(row_of(*i)) || n + 1 == most) return i->first;
  return {};
}

tree_row crowd::row_of(const lines::value_type& x) const {
  const auto& [id, line] = x;
  tree_row row;
  row.path = path_ + '/' + id;
  row.type = *line.type;
  row.state = line.stopping ? child_state::stopping : child_state::running;
  row.actor_id = line.who.id();
  const auto& life = life_of(line.who);
  row.started_at = life->started_at();
  row.mailbox_depth = life->mailbox_depth();
  row.messages_received = life->messages_received();
  return row;
}

} // namespace bpci::supervision
