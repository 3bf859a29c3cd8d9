#include "runtime/supervision/crowd.hpp"

#include "runtime/actor/actor_base.hpp"

#include <utility>

namespace bpci::supervision {

vitals_ptr life_of(const caf::actor& who) {
  auto* seen = dynamic_cast<observable*>(caf::actor_cast<caf::abstract_actor*>(who));
  return seen ? seen->life() : nullptr;
}

void crowd::add(std::string id, const std::string& type, caf::actor who) {
  auto actor_id = who.id();
  auto life = life_of(who);
  auto lock = std::lock_guard{mutex_};
  auto [place, fresh] = lines_.try_emplace(std::move(id));
  place->second = {std::move(who), std::move(life), &*types_.insert(type).first};
  by_actor_.insert_or_assign(actor_id, place);
}

void crowd::stopping(std::string_view id) {
  auto lock = std::lock_guard{mutex_};
  if (auto found = lines_.find(id); found != lines_.end()) found->second.stopping = true;
}

crowd::former crowd::remove(std::uint64_t actor_id) {
  caf::actor last_reference; // destroyed after the lock: an actor's destructor may look up others
  auto lock = std::lock_guard{mutex_};
  auto found = by_actor_.find(actor_id);
  if (found == by_actor_.end()) return {};
  auto line = found->second;
  last_reference = std::move(line->second.who);
  auto out = former{line->first, std::move(line->second.life)};
  by_actor_.erase(found);
  lines_.erase(line);
  return out;
}

std::vector<caf::actor> crowd::clear() {
  std::vector<caf::actor> out;
  auto lock = std::lock_guard{mutex_};
  for (auto& [id, x] : lines_)
    out.push_back(std::move(x.who));
  by_actor_.clear();
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
  if (line.life) {
    row.started_at = line.life->started_at();
    row.mailbox_depth = line.life->mailbox_depth();
    row.messages_received = line.life->messages_received();
  }
  return row;
}

} // namespace bpci::supervision
