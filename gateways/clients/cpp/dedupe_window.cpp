#include "gateways/clients/cpp/dedupe_window.hpp"

#include <algorithm>

namespace bpci::client {

namespace {

/// No id holds a line end, so no two pairs have the same key.
std::string key(const node_id& source, const message_id& id) {
  return source.get() + '\n' + id.get();
}

} // namespace

dedupe_window::dedupe_window(std::size_t capacity)
    : capacity_(std::max<std::size_t>(capacity, 1)) {}

bool dedupe_window::contains(const node_id& source, const message_id& id) const {
  return known_.contains(key(source, id));
}

void dedupe_window::add(const node_id& source, const message_id& id) {
  auto pair = key(source, id);
  if (!known_.insert(pair).second) return;
  order_.push_back(std::move(pair));
  if (order_.size() <= capacity_) return;
  known_.erase(order_.front());
  order_.pop_front();
}

} // namespace bpci::client
