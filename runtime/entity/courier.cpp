#include "runtime/entity/courier.hpp"

#include "runtime/entity/backoff.hpp"

#include <algorithm>
#include <iterator>

namespace bpci::entity {

namespace {

/// The target, or the way to it, is away: that says nothing of the effect.
bool is_away(ec code) noexcept {
  return code == ec::unavailable || code == ec::retry_after || code == ec::not_owner
         || code == ec::fenced || code == ec::shutting_down;
}

template <class T>
void append(std::vector<T>& to, std::vector<T> more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

} // namespace

errand courier::next_errand(const std::vector<slots::slot_no>& owned) {
  drop_foreign(owned);
  auto out = std::exchange(pending_, {});
  for (auto slot : std::exchange(unread_, {}))
    if (std::ranges::binary_search(owned, slot)) out.read.push_back(slot);
  if (!out.read.empty()) out.held.assign(known_.begin(), known_.end());
  for (auto& [from, lane] : lanes_) {
    if (out.read.empty() || !has_enough(lane)) continue;
    lane.more = true;
    out.without.push_back(from);
  }
  errand_open_ = !out.done.empty() || !out.setbacks.empty() || !out.read.empty();
  return out;
}

bool courier::has_enough(const lane& x) const noexcept {
  return x.failures > 0 || x.rows.size() >= limits_.lane_rows;
}

/// What waits behind a row that gets nowhere would take the room of sources that do.
void courier::hold_first_only(lane& x) {
  for (; x.rows.size() > 1; x.more = true) {
    known_.erase(x.rows.back().no);
    x.rows.pop_back();
  }
}

/// Another node sends these now.
void courier::drop_foreign(const std::vector<slots::slot_no>& owned) {
  std::erase_if(lanes_, [&](const auto& x) {
    const auto& [from, lane] = x;
    if (lane.in_flight || lane.rows.empty()) return false;
    if (std::ranges::binary_search(owned, lane.rows.front().slot)) return false;
    for (const auto& row : lane.rows)
      known_.erase(row.no);
    return true;
  });
}

void courier::errand_done(const errand& what, std::vector<effect_row> rows, bool full) {
  errand_open_ = false;
  for (auto& row : rows)
    if (known_.insert(row.no).second) lanes_[row.from].rows.push_back(std::move(row));
  for (auto no : what.done)
    known_.erase(no);
  for (const auto& x : what.setbacks)
    if (x.set_aside) known_.erase(x.no);
  for (auto slot : what.read)
    if (full)
      full_.insert(slot);
    else
      full_.erase(slot);
}

void courier::errand_failed(errand what) {
  errand_open_ = false;
  append(pending_.done, std::move(what.done));
  append(pending_.setbacks, std::move(what.setbacks));
  unread_.insert(what.read.begin(), what.read.end());
}

std::vector<effect_row> courier::to_send(instant now) {
  std::vector<effect_row> out;
  for (auto& [from, lane] : lanes_) {
    if (sent_.size() >= limits_.in_flight) break;
    if (lane.in_flight || lane.rows.empty() || lane.not_before > now) continue;
    lane.in_flight = true;
    sent_.emplace(lane.rows.front().no, from);
    out.push_back(lane.rows.front());
  }
  return out;
}

void courier::answered(std::uint64_t no, const result<response>& answer, instant now,
                       std::uint64_t random) {
  auto sent = sent_.find(no);
  if (sent == sent_.end()) return;
  auto from = std::move(sent->second);
  sent_.erase(sent);
  auto& lane = lanes_.at(from);
  lane.in_flight = false;
  if (answer) {
    pending_.done.push_back(no);
    return move_on(from);
  }
  auto code = answer.error().code;
  if (!is_away(code)) ++lane.refusals;
  auto pause = retry_after(++lane.failures, random);
  auto attempts = ++lane.rows.front().attempts;
  auto aside = !retryable(code) || lane.refusals >= limits_.attempts_max;
  lane.not_before = now + pause;
  pending_.setbacks.push_back({no, attempts, pause, aside, to_string(answer.error())});
  if (aside)
    move_on(from);
  else
    hold_first_only(lane);
}

/// The first of the lane is over.
void courier::move_on(const entity_ref& from) {
  auto found = lanes_.find(from);
  auto& lane = found->second;
  auto slot = lane.rows.front().slot;
  lane.rows.pop_front();
  lane.not_before = {};
  lane.failures = lane.refusals = 0;
  if (lane.more && lane.rows.size() <= limits_.lane_rows / 2) {
    lane.more = false;
    unread_.insert(slot);
  }
  if (!lane.rows.empty()) return;
  lanes_.erase(found);
  if (full_.contains(slot)) unread_.insert(slot);
}

} // namespace bpci::entity
