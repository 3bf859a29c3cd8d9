#include "actors/consensus/message_store.hpp"

namespace bpci::consensus {

namespace {

message_origin origin(const proposal_message& x) {
  return {x.what.by, x.what.at, x.what.round};
}

message_origin origin(const prepare& x) {
  return {x.by, x.at, x.round};
}

message_origin origin(const commit& x) {
  return {x.by, x.at, x.round};
}

message_origin origin(const round_change_message& x) {
  return {x.what.by, x.what.at, x.what.round};
}

std::size_t size_of(const block& x) {
  std::size_t out = 1'024;
  for (const auto& t : x.transactions)
    out += t.size();
  for (const auto& e : x.misbehaviour)
    out += e.first.size() + e.second.size();
  return out + 100 * x.parent_seals.seals.size();
}

} // namespace

std::size_t bytes_of(const consensus_message& x) {
  if (const auto* m = std::get_if<proposal_message>(&x))
    return size_of(m->body) + 256 * (m->changes.size() + m->prepares.size());
  if (const auto* m = std::get_if<round_change_message>(&x))
    return 256 * (1 + m->prepares.size())
           + (m->prepared_block ? size_of(*m->prepared_block) : std::size_t{0});
  if (const auto* m = std::get_if<sealed_block>(&x)) return size_of(m->what);
  return 256;
}

std::optional<message_origin> origin_of(const consensus_message& x) {
  return std::visit(
      [](const auto& of) -> std::optional<message_origin> {
        if constexpr (std::is_same_v<std::decay_t<decltype(of)>, sealed_block>)
          return std::nullopt;
        else
          return origin(of);
      },
      x);
}

void message_store::keep(height here, const message_origin& from, const consensus_message& x) {
  if (from.at <= here || from.at.get() - here.get() > heights_ahead_) return;
  auto where = slot{from.at, from.by, x.index()};
  if (auto known = kept_.find(where); known != kept_.end()) {
    if (origin_of(known->second)->round < from.round) known->second = x;
    return;
  }
  // The nearer heights are needed first.
  if (kept_.size() >= kept_max_) {
    if (kept_.empty() || where >= kept_.rbegin()->first) return;
    kept_.erase(std::prev(kept_.end()));
  }
  kept_.emplace(where, x);
}

std::vector<consensus_message> message_store::take(height at) {
  std::vector<consensus_message> out;
  auto end = kept_.lower_bound(slot{height{at.get() + 1}, address{}, 0});
  for (auto i = kept_.begin(); i != end; ++i)
    if (std::get<height>(i->first) == at) out.push_back(std::move(i->second));
  kept_.erase(kept_.begin(), end);
  return out;
}

} // namespace bpci::consensus
