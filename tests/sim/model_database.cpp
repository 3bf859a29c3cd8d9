#include "model_database.hpp"

#include <algorithm>

namespace bpci::sim {

using namespace cluster;
using slots::seen_slot;
using slots::table_part;

namespace {

/// As in member_store.hpp.
constexpr auto unreachable_pause = std::chrono::seconds{30};

bool takes_part(const member& x) {
  return x.state == member_state::up || x.state == member_state::draining;
}

} // namespace

model_database::model_database(fence how)
    : fence_(how), slots_(slots::slot_count), values_(slots::slot_count) {
  for (std::uint16_t i = 0; i < slots::slot_count; ++i)
    slots_[i].row.slot = slots::slot_no{i};
}

bool model_database::live(incarnation who) const {
  auto found = members_.find(who);
  return found != members_.end() && found->second.state != member_state::left
         && found->second.state != member_state::dead;
}

bool model_database::is_up(incarnation who) const {
  auto found = members_.find(who);
  return found != members_.end() && found->second.state == member_state::up;
}

// -- members -----------------------------------------------------------------------------

member model_database::join(const member_id& who, instant now) {
  for (auto& [life, x] : members_)
    if (x.id == who && live(life)) end(life, member_state::dead, "replaced", now + lease_for);
  member fresh;
  fresh.incarnation = incarnation{++last_life_};
  fresh.id = who;
  fresh.link_port = 1;
  fresh.state = member_state::joining;
  members_.emplace(fresh.incarnation, fresh);
  ++view_no_;
  ++change_no_;
  return fresh;
}

std::optional<reading> model_database::beat(incarnation self, instant now) {
  if (!live(self)) return std::nullopt;
  ++members_[self].heartbeats;
  reading out;
  out.view_no = view_no_;
  out.change_no = slots::change_no{change_no_};
  for (const auto& [life, x] : members_)
    if (live(life)) out.live.push_back(x);
  for (const auto& [key, x] : doubts_) {
    const auto& [target, by, kind] = key;
    if (live(target) && live(by))
      out.suspicions.push_back({target, by, kind, x.seen_seq, x.evidence, timestamp_ms{0},
                                now - x.renewed < suspicion_fresh});
  }
  return out;
}

bool model_database::rise(incarnation self, const come_up& what) {
  auto found = members_.find(self);
  if (found->second.state != member_state::joining || what.view_no != view_no_) return false;
  found->second.state = member_state::up;
  ++view_no_;
  ++change_no_;
  return true;
}

void model_database::leave(incarnation self, instant now) {
  if (live(self)) end(self, member_state::left, "stopped", now);
}

void model_database::accuse(incarnation by, const suspect& what, instant now) {
  if (!live(by) || !live(what.who.incarnation)) return;
  auto& x = doubts_.try_emplace({what.who.incarnation, by, what.kind}, doubt{0, {}, now, now})
                .first->second;
  x.seen_seq = what.who.heartbeats;
  x.evidence = what.evidence;
  x.renewed = now;
}

void model_database::withdraw(incarnation by, const cluster::withdraw& what) {
  doubts_.erase({what.target, by, what.kind});
}

std::size_t model_database::votes(const member& target) const {
  return static_cast<std::size_t>(std::ranges::count_if(doubts_, [&](const auto& x) {
    const auto& [who, by, kind] = x.first;
    return who == target.incarnation && by != who && live(by) && kind == suspicion_kind::silent
           && x.second.seen_seq == target.heartbeats;
  }));
}

bool model_database::evict(incarnation self, const evict_silent& what, instant now) {
  auto target = what.who.incarnation;
  if (!live(self) || !live(target) || members_[target].heartbeats != what.who.heartbeats)
    return false;
  auto voters = std::ranges::count_if(members_, [&](const auto& x) {
    return x.first != target && live(x.first) && votes(x.second) == 0;
  });
  auto needed = std::clamp<std::size_t>(static_cast<std::size_t>(voters), 1, 2);
  if (votes(members_[target]) < needed) return false;
  on_evicted(members_[target], "silent");
  end(target, member_state::dead, "silent", now);
  return true;
}

bool model_database::evict(incarnation self, const evict_unreachable& what, instant now) {
  auto target = what.who.incarnation;
  if (view_no_ != what.view_no || !takes_part(members_[self]) || !takes_part(members_[target]))
    return false;
  if (last_unreachable_ && now - *last_unreachable_ < unreachable_pause) return false;
  std::size_t all = 0;
  std::size_t accusers = 0;
  auto highest = true;
  for (const auto& [life, x] : members_) {
    if (!takes_part(x)) continue;
    ++all;
    auto found = doubts_.find({target, life, suspicion_kind::unreachable});
    if (found == doubts_.end() || now - found->second.renewed >= suspicion_fresh) continue;
    ++accusers;
    highest = highest && x.id < members_[target].id;
  }
  if (2 * accusers < all || (2 * accusers == all && !highest)) return false;
  last_unreachable_ = now;
  on_evicted(members_[target], "unreachable");
  end(target, member_state::dead, "unreachable", now + lease_for);
  return true;
}

void model_database::end(incarnation who, member_state how, const std::string& why,
                         instant claimable) {
  claimable_[who] = claimable;
  members_[who].state = how;
  members_[who].reason = why;
  std::erase_if(doubts_, [&](const auto& x) {
    return std::get<0>(x.first) == who || std::get<1>(x.first) == who;
  });
  end_sessions(who);
  ++view_no_;
  ++change_no_;
}

void model_database::end_sessions(incarnation who) {
  std::erase_if(open_, [&](const auto& x) { return x.second.what.by == who; });
}

// -- slots -------------------------------------------------------------------------------

bool model_database::locked(const std::vector<seen_slot>& which) const {
  return std::ranges::any_of(open_, [&](const auto& x) {
    return x.second.holds_lock && std::ranges::any_of(which, [&](const auto& one) {
             return one.slot.get() == x.second.what.slot;
           });
  });
}

table_part model_database::read() const {
  return {slots::change_no{change_no_}, slots_};
}

template <class Change>
std::optional<table_part> model_database::change(const std::vector<seen_slot>& which,
                                                 Change&& one) {
  if (locked(which)) return std::nullopt;
  table_part out;
  for (const auto& seen : which) {
    auto& x = slots_[seen.slot.get()];
    if (x.row.epoch == seen.epoch && one(x)) out.rows.push_back(x);
  }
  if (!out.rows.empty()) out.change = slots::change_no{++change_no_};
  return out;
}

std::optional<table_part> model_database::claim(const slots::claim_slots& x, instant now) {
  return change(x.slots, [&](slots::slot_record& slot) {
    auto had = slot.row.owner;
    if (had != incarnation{} && (live(had) || now < claimable_[had])) return false;
    slot.row.owner = x.self;
    slot.row.epoch = slots::epoch_no{slot.row.epoch.get() + 1};
    slot.row.draining = false;
    slot.owner_id = members_[x.self].id;
    return true;
  });
}

std::optional<table_part> model_database::mark(const slots::mark_draining& x) {
  return change(x.slots, [&](slots::slot_record& slot) {
    if (slot.row.owner != x.self) return false;
    slot.row.draining = true;
    return true;
  });
}

std::optional<table_part> model_database::release(const slots::release_slots& x) {
  return change(x.slots, [&](slots::slot_record& slot) {
    if (slot.row.owner != x.self) return false;
    slot.row.owner = incarnation{};
    slot.row.epoch = slots::epoch_no{slot.row.epoch.get() + 1};
    slot.row.draining = false;
    slot.owner_id = {};
    return true;
  });
}

// -- writes ------------------------------------------------------------------------------

std::optional<std::uint64_t> model_database::begin(const write& what) {
  const auto& row = slots_[what.slot].row;
  auto owned = row.epoch == what.epoch && row.owner == what.by;
  if (!owned) return std::nullopt;
  open_.emplace(++last_transaction_, open_write{what, fence_ == fence::locked});
  return last_transaction_;
}

bool model_database::commit(std::uint64_t transaction) {
  auto found = open_.find(transaction);
  if (found == open_.end()) return false;
  auto what = found->second.what;
  open_.erase(found);
  auto now = slots_[what.slot].row.epoch;
  auto where = "slot " + std::to_string(what.slot) + ": ";
  if (now != what.epoch)
    violations.push_back(where + "a commit under epoch " + std::to_string(what.epoch.get())
                         + " after " + std::to_string(now.get()) + " had begun");
  if (what.from != values_[what.slot])
    violations.push_back(where + "a write from " + std::to_string(what.from) + " upon "
                         + std::to_string(values_[what.slot]) + ": a commit is lost");
  values_[what.slot] = what.from + 1;
  on_commit(what);
  return true;
}

void model_database::abort(std::uint64_t transaction) {
  open_.erase(transaction);
}

} // namespace bpci::sim
