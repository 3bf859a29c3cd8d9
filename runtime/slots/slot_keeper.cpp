#include "runtime/slots/slot_keeper.hpp"

#include <algorithm>
#include <map>

namespace bpci::slots {

namespace {

/// For how long a slot that was offered may be taken although the members, as known here, want it
/// elsewhere: longer than a heartbeat takes to bring the change of a member's state.
constexpr auto offer_valid = std::chrono::milliseconds{2'000};

/// The least time between two readings that nothing but a node's own routers ask for.
constexpr auto outdated_gap = std::chrono::milliseconds{200};

/// A node that stops gives up when the database has failed so often in a row.
constexpr std::uint32_t stop_failures_max = 3;

std::size_t index(slot_no slot) noexcept {
  return slot.get();
}

seen_slot seen(const slot_record& x) {
  return {x.row.slot, x.row.epoch};
}

} // namespace

std::string_view name(move_kind x) noexcept {
  constexpr std::string_view names[move_kinds] = {
      "claimed_free",   "claimed_ended", "released_score", "released_pin",
      "released_drain", "released_stop", "released_again"};
  return names[static_cast<std::size_t>(x)];
}

slot_keeper::slot_keeper(member_id me, keeper_rules rules) : me_(std::move(me)), rules_(rules) {
  for (std::uint16_t i = 0; i < slot_count; ++i)
    table_[i].row.slot = slot_no{i};
}

// -- what is known -----------------------------------------------------------------------

bool slot_keeper::serves(slot_no slot) const noexcept {
  const auto& row = table_[index(slot)].row;
  return self_.get() != 0 && row.owner == self_ && row.epoch != given_up_[index(slot)];
}

std::size_t slot_keeper::owned() const noexcept {
  auto ours = [this](const auto& x) { return self_.get() != 0 && x.row.owner == self_; };
  return static_cast<std::size_t>(std::ranges::count_if(table_, ours));
}

std::size_t slot_keeper::draining() const noexcept {
  auto ours = [this](const auto& x) {
    return self_.get() != 0 && x.row.owner == self_ && x.row.draining;
  };
  return static_cast<std::size_t>(std::ranges::count_if(table_, ours));
}

/// An owner that is not among the live members is dead or has left, or has come after they were
/// read.
bool slot_keeper::gone(std::size_t slot) const {
  auto owner = table_[slot].row.owner;
  if (std::ranges::binary_search(live_, owner, {}, &live_member::incarnation)) return false;
  return owner <= newest_ || as_of_[slot] <= view_change_;
}

// -- the members ---------------------------------------------------------------------------

void slot_keeper::on_view(const known_view& view, instant now, keeper_effects& out) {
  auto another_life = self_ != view.self;
  self_ = view.self;
  live_ = view.live;
  std::ranges::sort(live_, {}, &live_member::incarnation);
  up_ = draining_ = false;
  for (const auto& member : live_) {
    newest_ = std::max(newest_, member.incarnation);
    if (member.incarnation != self_) continue;
    up_ = member.state == live_member::state::up;
    draining_ = member.state == live_member::state::draining;
  }
  view_change_ = view.change;
  allocate();
  if (another_life && known_) tell_all(out);
  step(now, out);
}

void slot_keeper::on_change_seen(change_no change, instant now, keeper_effects& out) {
  view_change_ = change;
  step(now, out);
}

void slot_keeper::allocate() {
  std::vector<member_id> up;
  for (const auto& member : live_)
    if (member.state == live_member::state::up && !(stopping_ && member.incarnation == self_))
      up.push_back(member.id);
  allocation_.set_members(std::move(up));
}

// -- hints ---------------------------------------------------------------------------------

void slot_keeper::on_offered(const std::vector<slot_no>& slots, instant now, keeper_effects& out) {
  for (auto slot : slots)
    if (index(slot) < slot_count) offered_until_[index(slot)] = now + offer_valid;
  hint_ = true;
  step(now, out);
}

void slot_keeper::on_outdated(instant now, keeper_effects& out) {
  outdated_ = true;
  step(now, out);
}

void slot_keeper::on_tick(instant now, keeper_effects& out) {
  step(now, out);
}

void slot_keeper::stop(instant now, keeper_effects& out) {
  if (stopping_) return;
  stopping_ = true;
  read_failures_ = write_failures_ = 0;
  stop_by_ = now + rules_.stop_max;
  allocate();
  step(now, out);
}

// -- what the database says --------------------------------------------------------------------

void slot_keeper::on_read(const result<table_part>& got, instant now, std::uint64_t random,
                          keeper_effects& out) {
  reading_ = false;
  if (!got) {
    hint_ = true;
    failed(read_failures_, now, random);
    return step(now, out);
  }
  read_failures_ = 0;
  last_read_ = now;
  must_read_ = std::exchange(read_again_, false);
  // A database that has failed over to a replica may have lost its last changes: then what is
  // known here has not happened.
  if (got->change < read_floor_) {
    as_of_.fill({});
    highest_ = got->change;
    if (view_change_ <= read_floor_) view_change_ = got->change;
  }
  read_change_ = got->change;
  apply(*got, true, now, out);
  known_ = true;
  step(now, out);
}

void slot_keeper::on_claimed(const result<table_part>& got, instant now, std::uint64_t random,
                             keeper_effects& out) {
  auto asked = std::exchange(claiming_, {}).size();
  if (got && !got->rows.empty()) {
    write_failures_ = 0;
    for (const auto& x : got->rows) {
      auto free = table_[index(x.row.slot)].row.owner.get() == 0;
      auto kind = free ? move_kind::claimed_free : move_kind::claimed_ended;
      ++counts_.moves[static_cast<std::size_t>(kind)];
    }
    apply(*got, false, now, out);
  } else {
    failed(write_failures_, now, random);
  }
  if (got) {
    counts_.refused += asked - got->rows.size();
    hint_ = hint_ || got->rows.size() < asked;
  }
  step(now, out);
}

void slot_keeper::on_marked(const result<table_part>& got, instant now, std::uint64_t random,
                            keeper_effects& out) {
  if (got) {
    apply(*got, false, now, out);
    keep_of_handover(got->rows);
  }
  if (!got || handover_->slots.empty()) {
    handover_.reset();
    failed(write_failures_, now, random);
  } else {
    write_failures_ = 0;
    drain(out);
  }
  step(now, out);
}

void slot_keeper::on_drained(instant now, keeper_effects& out) {
  handover_->drained = true;
  step(now, out);
}

void slot_keeper::on_released(const result<table_part>& got, instant now, std::uint64_t random,
                              keeper_effects& out) {
  auto done = std::exchange(handover_, std::nullopt);
  if (got && !got->rows.empty()) {
    write_failures_ = 0;
    counts_.moves[static_cast<std::size_t>(done->why.kind)] += got->rows.size();
    apply(*got, false, now, out);
    offer(got->rows, out);
  } else {
    failed(write_failures_, now, random);
  }
  step(now, out);
}

/// What was refused has another owner, or another epoch, by now.
void slot_keeper::keep_of_handover(const std::vector<slot_record>& rows) {
  auto lost = std::erase_if(handover_->slots, [&](const seen_slot& x) {
    return std::ranges::none_of(rows, [&](const auto& got) { return seen(got) == x; });
  });
  hint_ = hint_ || lost > 0;
}

void slot_keeper::offer(const std::vector<slot_record>& freed, keeper_effects& out) {
  std::map<member_id, std::vector<slot_no>> by_member;
  for (const auto& x : freed)
    by_member[allocation_.wanted(x.row)].push_back(x.row.slot);
  for (auto& [to, slots] : by_member)
    if (!to.get().empty() && to != me_) out.push_back(offer_slots{to, std::move(slots)});
}

/// Answers may come in another order than the changes that they tell of: the newer stays.
void slot_keeper::apply(const table_part& part, bool whole, instant now, keeper_effects& out) {
  tell_rows told{part.change, {}};
  for (const auto& x : part.rows) {
    auto at = index(x.row.slot);
    if (part.change < as_of_[at]) continue;
    auto& known = table_[at];
    if (known_ && known.row.epoch != x.row.epoch) moved_[at] = now;
    if (!known_ || known.row != x.row) told.rows.push_back(x.row);
    known = x;
    as_of_[at] = part.change;
  }
  highest_ = std::max(highest_, part.change);
  if (!told.rows.empty() || (whole && !known_)) out.push_back(std::move(told));
}

void slot_keeper::tell_all(keeper_effects& out) {
  tell_rows told{highest_, {}};
  for (const auto& x : table_)
    told.rows.push_back(x.row);
  out.push_back(std::move(told));
}

void slot_keeper::failed(std::uint32_t& in_a_row, instant now, std::uint64_t random) {
  must_read_ = true;
  read_again_ = reading_;
  auto pause = std::min(rules_.retry_min * (1 << std::min(in_a_row++, 10u)), rules_.retry_max);
  auto half = static_cast<std::uint64_t>(pause.count()) / 2;
  auto jitter = static_cast<std::int64_t>(random % (half + 1));
  retry_at_ = now + pause * 3 / 4 + std::chrono::milliseconds{jitter};
}

// -- what to do ------------------------------------------------------------------------------

void slot_keeper::step(instant now, keeper_effects& out) {
  if (finished_) return;
  auto hopeless = std::max(read_failures_, write_failures_) >= stop_failures_max;
  if (stopping_ && (nothing_left() || now >= stop_by_ || hopeless)) {
    finished_ = true;
    out.push_back(finished{});
    return;
  }
  if (now < retry_at_) return;
  start_reading(now, out);
  if (must_read_) return;
  start_claiming(now, out);
  if (handover_ && handover_->drained && !handover_->releasing) release(out);
  if (!handover_) start_handover(now, out);
}

bool slot_keeper::nothing_left() const {
  if (!known_) return true;
  return owned() == 0 && claiming_.empty() && !handover_;
}

void slot_keeper::start_reading(instant now, keeper_effects& out) {
  // Before it is known who this node is, its own slots would be told as somebody else's.
  if (reading_ || self_.get() == 0) return;
  auto due = must_read_ || hint_ || view_change_ > read_change_
             || now - last_read_ >= rules_.refresh
             || (outdated_ && now - last_read_ >= outdated_gap);
  if (!due) return;
  reading_ = true;
  hint_ = outdated_ = false;
  read_floor_ = std::max(highest_, view_change_);
  out.push_back(read_table{});
}

bool slot_keeper::claimable(std::size_t slot, instant now) const {
  const auto& row = table_[slot].row;
  auto free = row.owner.get() == 0;
  if (allocation_.wanted(row) == me_) return free || gone(slot);
  return free && now < offered_until_[slot];
}

void slot_keeper::start_claiming(instant now, keeper_effects& out) {
  if (!claiming_.empty() || !up_ || stopping_) return;
  for (std::size_t i = 0; i < slot_count && claiming_.size() < batch_max; ++i) {
    auto slot = (claim_from_ + i) % slot_count;
    if (claimable(slot, now)) claiming_.push_back(seen(table_[slot]));
  }
  if (claiming_.empty()) return;
  claim_from_ = (index(claiming_.back().slot) + 1) % slot_count;
  std::ranges::sort(claiming_, {}, &seen_slot::slot);
  out.push_back(claim_slots{self_, claiming_});
}

/// Whether a slot of ours has to go.
std::optional<slot_keeper::move> slot_keeper::to_move(std::size_t slot, instant now) const {
  const auto& row = table_[slot].row;
  if (self_.get() == 0 || row.owner != self_) return {};
  const auto& wanted = allocation_.wanted(row);
  if (stopping_) return move{move_kind::released_stop, wanted};
  auto elsewhere = wanted != me_ && !wanted.get().empty();
  // Entities that were told to end do not come back: the slot is released, and claimed again.
  auto ended = row.draining || row.epoch == given_up_[slot];
  if (!elsewhere && ended) return move{move_kind::released_again, {}};
  if (!elsewhere) return {};
  // As long as nobody else can have it, a DRAINING member goes on serving it.
  if (draining_) return move{move_kind::released_drain, wanted};
  if (row.pinned == wanted) return move{move_kind::released_pin, wanted};
  auto settled = moved_[slot] == instant{} || now - moved_[slot] >= rules_.settle;
  if (settled || ended) return move{move_kind::released_score, wanted};
  return {};
}

std::string slot_keeper::reason_of(const move& why) const {
  switch (why.kind) {
  case move_kind::released_score:
    return "released: " + why.towards.get() + " scores higher";
  case move_kind::released_pin:
    return "released: pinned to " + why.towards.get();
  case move_kind::released_drain:
    return "released: " + me_.get() + " is draining";
  case move_kind::released_stop:
    return "released: " + me_.get() + " stops";
  default:
    return "released: the move was called off";
  }
}

void slot_keeper::start_handover(instant now, keeper_effects& out) {
  auto marked = true;
  for (std::size_t slot = 0; slot < slot_count; ++slot) {
    auto why = to_move(slot, now);
    if (!why || (handover_ && *why != handover_->why)) continue;
    if (!handover_) handover_ = handover{{}, std::move(*why), false, false};
    handover_->slots.push_back(seen(table_[slot]));
    marked = marked && table_[slot].row.draining;
    if (handover_->slots.size() == batch_max) break;
  }
  if (!handover_) return;
  if (marked)
    drain(out);
  else
    out.push_back(mark_draining{self_, handover_->slots});
}

void slot_keeper::drain(keeper_effects& out) {
  drain_entities what{{}, stopping_};
  for (const auto& x : handover_->slots)
    what.slots.push_back(x.slot);
  out.push_back(std::move(what));
}

/// A release that had failed, as it seemed, may have come through in the meantime, and the slot may
/// have been claimed again: then it is served, and stays.
void slot_keeper::release(keeper_effects& out) {
  std::erase_if(handover_->slots, [this](const seen_slot& x) {
    const auto& row = table_[index(x.slot)].row;
    return row.owner != self_ || row.epoch != x.epoch;
  });
  if (handover_->slots.empty()) {
    handover_.reset();
    return;
  }
  handover_->releasing = true;
  for (const auto& x : handover_->slots)
    given_up_[index(x.slot)] = x.epoch;
  out.push_back(
      release_slots{self_, handover_->slots, reason_of(handover_->why), handover_->why.towards});
}

} // namespace bpci::slots
