#include "runtime/cluster/view.hpp"

#include <algorithm>

namespace bpci::cluster {

void view::on_rows(const std::vector<member>& rows, instant now, view_effects& out) {
  for (const auto& row : rows) {
    auto [found, fresh] = members_.try_emplace(row.incarnation, seen{row, now, false, false});
    auto& known = found->second;
    if (fresh && row.incarnation != self_) out.push_back(dial{row});
    if (blind_ || known.member.heartbeats != row.heartbeats) known.moved = now;
    known.member = row;
    if (row.incarnation != self_ && !known.buried && now - known.moved > dead_after_) {
      known.buried = true;
      out.push_back(bury{row});
    }
  }
  blind_ = false;
  std::erase_if(members_, [&](const auto& x) {
    auto gone = std::ranges::none_of(
        rows, [&](const auto& row) { return row.incarnation == x.second.member.incarnation; });
    if (gone) out.push_back(drop{x.second.member});
    return gone;
  });
}

void view::on_blind() {
  blind_ = true;
}

void view::on_connected(incarnation who, bool connected) {
  auto found = members_.find(who);
  if (found != members_.end()) found->second.connected = connected;
}

member_list view::list(instant now) const {
  member_list out;
  for (const auto& [incarnation, known] : members_) {
    auto silent = std::chrono::duration_cast<std::chrono::milliseconds>(now - known.moved);
    auto self = incarnation == self_;
    out.members.push_back({known.member, self, self || known.connected,
                           static_cast<std::uint64_t>(std::max<std::int64_t>(silent.count(), 0))});
  }
  std::ranges::sort(out.members, {}, [](const auto& x) { return x.member.id; });
  return out;
}

} // namespace bpci::cluster
