#include "runtime/supervision/quarantine.hpp"

#include "runtime/log/log.hpp"
#include "runtime/supervision/page_limit.hpp"

#include <utility>

namespace bpci::supervision {

crash_book::entry& crash_book::shelf::add(const message_id& id, std::size_t capacity) {
  auto [found, fresh] = entries.try_emplace(id);
  if (!fresh) return found->second;
  found->second.place = order.insert(order.end(), id);
  if (order.size() > capacity) remove(entries.find(order.front()));
  return found->second;
}

void crash_book::shelf::remove(std::map<message_id, entry>::iterator what) {
  order.erase(what->second.place);
  entries.erase(what);
}

crash_book::crash_book(std::size_t crashes_max, std::size_t capacity)
    : crashes_max_(std::max<std::size_t>(crashes_max, 1)),
      capacity_(std::max<std::size_t>(capacity, 1)) {}

bool crash_book::record(const message_id& id, crash_evidence what) {
  if (contains(id)) return false;
  auto& suspect = suspects_.add(id, capacity_);
  suspect.crashes.push_back(std::move(what));
  if (suspect.crashes.size() < crashes_max_) return false;
  auto crashes = std::move(suspect.crashes);
  suspects_.remove(suspects_.entries.find(id));
  aside_.add(id, capacity_).crashes = std::move(crashes);
  return true;
}

bool crash_book::contains(const message_id& id) const {
  return aside_.entries.contains(id);
}

quarantine_page crash_book::list(const quarantine_query& what) const {
  quarantine_page page;
  auto limit = page_limit(what.limit);
  for (auto i = aside_.entries.upper_bound(what.after); i != aside_.entries.end(); ++i) {
    if (page.messages.size() == limit) {
      page.next = page.messages.back().id;
      break;
    }
    page.messages.push_back({i->first, i->second.crashes.back().at, i->second.crashes});
  }
  return page;
}

bool crash_book::release(const message_id& id) {
  auto found = aside_.entries.find(id);
  if (found == aside_.entries.end()) return false;
  aside_.remove(found);
  return true;
}

quarantine::quarantine(std::size_t crashes_max, std::size_t capacity)
    : book_(crashes_max, capacity) {}

bool quarantine::record(const message_id& id, crash_evidence what) {
  auto actor = what.actor;
  auto lock = std::unique_lock{mutex_};
  auto aside = book_.record(id, std::move(what));
  size_.store(book_.size(), std::memory_order_release);
  lock.unlock();
  if (aside) log::error("message-quarantined", {{"message", id.get()}, {"actor", actor}});
  return aside;
}

bool quarantine::contains(const message_id& id) const {
  if (size() == 0) return false;
  auto lock = std::lock_guard{mutex_};
  return book_.contains(id);
}

quarantine_page quarantine::list(const quarantine_query& what) const {
  auto lock = std::lock_guard{mutex_};
  return book_.list(what);
}

bool quarantine::release(const message_id& id) {
  auto lock = std::lock_guard{mutex_};
  auto released = book_.release(id);
  size_.store(book_.size(), std::memory_order_release);
  return released;
}

} // namespace bpci::supervision
