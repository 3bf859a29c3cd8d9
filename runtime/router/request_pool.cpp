#include "runtime/router/request_pool.hpp"

#include <utility>

namespace bpci::router {

request_pool::index request_pool::add(request x) {
  if (free_.empty()) {
    free_.push_back(static_cast<index>(places_.size()));
    places_.emplace_back();
    due_.push_back(instant::max());
  }
  auto at = free_.back();
  free_.pop_back();
  x.generation = places_[at].generation;
  places_[at] = std::move(x);
  return at;
}

void request_pool::remove(index at) {
  auto generation = places_[at].generation + 1;
  places_[at] = request{};
  places_[at].generation = generation;
  due_[at] = instant::max();
  free_.push_back(at);
}

std::uint64_t request_pool::next_number(index at) {
  ++places_[at].generation;
  return number(at);
}

std::uint64_t request_pool::number(index at) const {
  return std::uint64_t{places_[at].generation} << 32 | at;
}

request_pool::index request_pool::find(std::uint64_t number) const {
  auto at = static_cast<index>(number);
  if (at >= places_.size()) return none;
  const auto& x = places_[at];
  return x.stage == request::stage::sent && x.generation == number >> 32 ? at : none;
}

bool request_pool::holds(index at, std::uint64_t order) const {
  return at < places_.size() && places_[at].stage != request::stage::free
         && places_[at].order == order;
}

std::vector<request_pool::index> request_pool::due(instant now) const {
  std::vector<index> out;
  if (size() == 0) return out;
  for (index at = 0; at < due_.size(); ++at)
    if (due_[at] <= now) out.push_back(at);
  return out;
}

} // namespace bpci::router
