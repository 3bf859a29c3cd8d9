#include "actors/oracle/share_plan.hpp"

namespace bpci::oracle {

std::vector<announcement> share_plan::due(const std::vector<announcement>& all, instant now) {
  std::vector<announcement> out;
  std::map<node_id, told> next;
  for (const auto& one : all) {
    auto known = told_.find(one.node_id);
    const auto fresh = known == told_.end() || known->second.issued_at != one.issued_at
                       || now - known->second.at >= share_again_after;
    if (fresh) out.push_back(one);
    next[one.node_id] = fresh ? told{one.issued_at, now} : known->second;
  }
  told_ = std::move(next); // without those that hold no more
  return out;
}

} // namespace bpci::oracle
