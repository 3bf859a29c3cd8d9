#include "actors/consensus/vote_book.hpp"

#include <algorithm>

namespace bpci::consensus {

std::optional<certificate> vote_book::certificate_of(const commit& newest,
                                                     const validator_set& set) const {
  if (!set.is_quorum(commits.weight(newest.round, newest.block_id, set))) return std::nullopt;
  certificate out{newest.at, newest.round, newest.block_id, {}};
  for (const auto& x : commits.all(newest.round, newest.block_id))
    out.seals.push_back({x.by, x.sig});
  return out;
}

void change_book::add(const round_change_message& x) {
  newest_.insert_or_assign(x.what.by, entry{x.what, x.prepares});
  if (x.what.prepared && x.prepared_block)
    bodies_.try_emplace(x.what.prepared->block_id, *x.prepared_block);
  forget_unclaimed();
}

void change_book::forget_unclaimed() {
  std::erase_if(bodies_, [&](const auto& body) {
    return std::ranges::none_of(newest_, [&](const auto& x) {
      const auto& claim = x.second.what.prepared;
      return claim && claim->block_id == body.first;
    });
  });
}

std::vector<round_change> change_book::all(round_no round) const {
  std::vector<round_change> out;
  for (const auto& [by, x] : newest_)
    if (x.what.round == round) out.push_back(x.what);
  return out;
}

const round_change* change_book::find(const address& by) const {
  auto found = newest_.find(by);
  return found == newest_.end() ? nullptr : &found->second.what;
}

const std::vector<prepare>& change_book::prepares_of(const address& by) const {
  return newest_.at(by).prepares;
}

std::uint64_t change_book::weight_from(round_no round, const validator_set& set) const {
  std::uint64_t out = 0;
  for (const auto& [by, x] : newest_)
    if (x.what.round >= round) out += set.weight_of(by);
  return out;
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
  auto found = bodies_.find(block_id);
  return found == bodies_.end() ? nullptr : &found->second;
}

} // namespace bpci::consensus
