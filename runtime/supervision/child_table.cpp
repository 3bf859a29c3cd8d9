#include "runtime/supervision/child_table.hpp"

#include <utility>

namespace bpci::supervision {

child& child_table::add(child_spec spec, const std::string& parent, bool dynamic) {
  auto number = next_number_++;
  auto& x = children_[number];
  x.path = parent + '/' + spec.id;
  x.spec = std::move(spec);
  x.number = number;
  x.dynamic = dynamic;
  by_id_.emplace(x.spec.id, &x);
  if (!dynamic) fixed_.push_back(&x);
  return x;
}

void child_table::remove(const child& x) {
  by_id_.erase(x.spec.id);
  std::erase(fixed_, &x);
  children_.erase(x.number);
}

void child_table::clear() {
  by_address_.clear();
  by_id_.clear();
  fixed_.clear();
  children_.clear();
  dynamic_alive_ = 0;
}

void child_table::now_alive(child& x) {
  by_address_.emplace(x.handle.address(), &x);
  if (x.dynamic) ++dynamic_alive_;
}

void child_table::now_gone(child& x) {
  by_address_.erase(x.handle.address());
  x.handle = nullptr;
  if (x.dynamic) --dynamic_alive_;
}

child* child_table::by_id(std::string_view id) {
  auto found = by_id_.find(std::string{id});
  return found == by_id_.end() ? nullptr : found->second;
}

child* child_table::by_number(std::uint64_t number) {
  auto found = children_.find(number);
  return found == children_.end() ? nullptr : &found->second;
}

child* child_table::by_address(const caf::actor_addr& address) {
  auto found = by_address_.find(address);
  return found == by_address_.end() ? nullptr : found->second;
}

} // namespace bpci::supervision
