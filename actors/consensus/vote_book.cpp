#include "actors/consensus/vote_book.hpp"

#include <algorithm>

namespace bpci::consensus {

std::optional<certificate> vote_book::certificate_of(const commit& newest,
                                                     const validator_set& set) const {
  auto all = commits.all(newest.round, newest.block_id);
  if (!set.is_quorum(weight_of(all, set))) return std::nullopt;
  certificate out{newest.at, newest.round, newest.block_id, {}};
  for (const auto& x : all)
    out.seals.push_back({x.by, x.sig});
  return out;
}

bool change_book::add(const round_change_message& x) {
  auto [found, fresh] = newest_.try_emplace(x.what.by, x);
  if (!fresh && x.what.round <= found->second.what.round) return false;
  if (!fresh) found->second = x;
  return true;
}

std::vector<round_change> change_book::all(round_no round) const {
  std::vector<round_change> out;
  for (const auto& [by, x] : newest_)
    if (x.what.round == round) out.push_back(x.what);
  return out;
}

const round_change_message* change_book::find(const address& by) const {
  auto found = newest_.find(by);
  return found == newest_.end() ? nullptr : &found->second;
}

std::optional<round_no> change_book::weak_above(round_no round, const validator_set& set) const {
  std::map<round_no, std::uint64_t, std::greater<>> weights;
  for (const auto& [by, x] : newest_)
    if (x.what.round > round) weights[x.what.round] += set.weight_of(by);
  std::uint64_t reached = 0;
  for (const auto& [at, weight] : weights)
    if (set.is_weak(reached += weight)) return at;
  return std::nullopt;
}

const block* change_book::body_of(const hash& block_id) const {
  for (const auto& [by, x] : newest_)
    if (x.prepared_block && x.what.prepared && x.what.prepared->block_id == block_id)
      return &*x.prepared_block;
  return nullptr;
}

} // namespace bpci::consensus
