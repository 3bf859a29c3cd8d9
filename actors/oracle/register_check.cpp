#include "actors/oracle/register_check.hpp"

#include <algorithm>
#include <utility>

namespace bpci::oracle {

/// A message beyond all credit waits alone.
std::uint64_t register_check::credit_for(const store_for& what) const {
  return std::min<std::uint64_t>(what.message->body.size(), bytes_max_);
}

register_check::verdict register_check::submit(const store_for& what) {
  if (known_.contains(what.target)) return verdict::known;
  if (!waiting_credit_.take(credit_for(what))) return verdict::full;
  auto& line = waiting_[what.target];
  line.push_back(what);
  return line.size() == 1 ? verdict::look_up : verdict::waits;
}

void register_check::learn(const node_id& node) {
  if (known_.size() >= known_max_) known_.clear();
  known_.insert(node);
}

std::vector<store_for> register_check::take(const node_id& node) {
  auto found = waiting_.find(node);
  if (found == waiting_.end()) return {};
  auto out = std::move(found->second);
  waiting_.erase(found);
  for (const auto& one : out)
    waiting_credit_.give_back(credit_for(one));
  return out;
}

} // namespace bpci::oracle
