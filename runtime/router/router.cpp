#include "runtime/router/router.hpp"

#include "runtime/entity/slot_of.hpp"

#include <algorithm>

namespace bpci::router {

namespace {

using std::chrono::milliseconds;

/// A deadline further away than this is as good as none: no answer is waited for longer.
constexpr auto within_max = milliseconds{600'000};

/// After this many redirects a command waits even for an owner that it has just learned of: the
/// members contradict each other.
constexpr std::uint32_t redirects_max = 5;

/// How long nothing is sent to an owner that says that it is none; doubles with each redirect.
constexpr auto pause_min = milliseconds{50};

/// What `retry_after` names. A planned move takes less, a failover a few times as much.
constexpr auto retry_hint = milliseconds{250};

constexpr auto refresh_every = milliseconds{100};

/// Each attempt is answered by its receiver's own deadline; an answer that is late by this much was
/// lost on the way.
constexpr auto lost_max = milliseconds{30'000};
constexpr auto forget_every = milliseconds{1'000};

/// What a request takes in memory beside its texts and its body.
constexpr std::uint64_t overhead = 256;

/// Slots that wait for the same owner come back at different moments.
milliseconds pause_after(std::uint32_t redirects, slots::slot_no slot) {
  auto pause = pause_min * (1 << (std::min(redirects, redirects_max) - 1));
  return pause + pause * (slot.get() % 8) / 16;
}

failure retry_later() {
  return fail(ec::retry_after, std::to_string(retry_hint.count()));
}

result<void> check(const entity::command& x, const router_config& limits) {
  if (auto named = entity::check_name(x.to); !named) return named.error();
  if (x.key.size() > entity::key_max)
    return fail(ec::invalid_argument, "key: at most " + std::to_string(entity::key_max) + " bytes");
  auto most = std::min(limits.pending.bytes, limits.window.bytes);
  if (cost_of(x) > most)
    return fail(ec::too_large, "the command counts " + std::to_string(cost_of(x))
                                   + " bytes; the limit is " + std::to_string(most));
  if (x.within_ms == 0) return fail(ec::timeout, "it had no time");
  return {};
}

} // namespace

std::uint64_t cost_of(const entity::command& x) {
  return overhead + x.to.kind.size() + x.to.id.size() + x.key.size() + x.name.size() + x.body.size()
         + x.identity.size() + x.trace.get().size();
}

router::router(router_config config)
    : config_(std::move(config)),
      slots_(slots::slot_count),
      pending_(config_.pending),
      at_host_(config_.pending),
      windows_(config_.window) {}

// -- who is there --------------------------------------------------------------

void router::host_up(incarnation self, instant now, router_effects& out) {
  if (host_ && self != self_) host_down(now, out);
  self_ = self;
  host_ = true;
  for (auto& slot : slots_)
    release(slot, now, out);
}

void router::host_down(instant now, router_effects& out) {
  host_ = false;
  at_host_ = credit{config_.pending};
  lose_all_at(self_, now, out);
}

void router::peer_up(incarnation who, const member_id& id, instant now, router_effects& out) {
  peers_.insert_or_assign(who, id);
  for (auto& slot : slots_)
    if (slot.owner == who) release(slot, now, out);
}

void router::peer_down(incarnation who, instant now, router_effects& out) {
  if (peers_.erase(who) == 0) return;
  windows_.forget(who);
  lose_all_at(who, now, out);
}

bool router::reachable(incarnation who) const {
  if (who == incarnation{}) return false;
  return who == self_ ? host_ : peers_.contains(who);
}

/// The newest life of that member; 0 for one that is not known.
incarnation router::incarnation_of(const member_id& id) const {
  if (id == config_.self) return self_;
  auto newest = incarnation{};
  for (const auto& [who, name] : peers_)
    if (name == id) newest = std::max(newest, who);
  return newest;
}

member_id router::id_of(incarnation who) const {
  if (who != incarnation{} && who == self_) return config_.self;
  auto found = peers_.find(who);
  return found == peers_.end() ? member_id{} : found->second;
}

// -- who owns what -------------------------------------------------------------

void router::slots_changed(const std::vector<slots::slot_row>& rows, instant now,
                           router_effects& out) {
  for (const auto& row : rows) {
    if (row.slot.get() >= slots_.size()) continue;
    auto& slot = slots_[row.slot.get()];
    if (row.epoch >= slot.epoch) change(slot, row.owner, row.epoch, row.draining, now, out);
  }
}

void router::change(slot_state& slot, incarnation owner, slots::epoch_no epoch, bool draining,
                    instant now, router_effects& out) {
  auto moved = epoch != slot.epoch || owner != slot.owner;
  slot.epoch = epoch;
  slot.owner = owner;
  slot.draining = draining;
  if (moved) {
    slot.paused_until = {};
    pull_back(slot, now);
  }
  release(slot, now, out);
  trim(slot, out);
}

/// What was sent under another epoch has no effect any more, unless it has had it already. It is
/// sent again now, so that what comes after it does not overtake it.
void router::pull_back(slot_state& slot, instant now) {
  for (auto at = slot.first_sent; at != request_pool::none;) {
    auto next = pool_[at].after;
    if (pool_[at].sent_under != slot.epoch || pool_[at].at != slot.owner) {
      lose(at, now, true);
      wait(at, now);
    }
    at = next;
  }
}

void router::lose_all_at(incarnation who, instant now, router_effects& out) {
  std::erase_if(lost_, [&](const auto& x) { return x.second.at == who; });
  for (auto& slot : slots_) {
    for (auto at = slot.first_sent; at != request_pool::none;) {
      auto next = pool_[at].after;
      if (pool_[at].at == who) {
        lose(at, now, false);
        wait(at, now);
      }
      at = next;
    }
    release(slot, now, out);
    trim(slot, out);
  }
}

/// Gives up the present attempt of a request. If its receiver lives, its answer may return, and
/// until then it takes room there.
void router::lose(index at, instant now, bool may_return) {
  auto& x = pool_[at];
  if (may_return)
    lost_.emplace(pool_.number(at),
                  lost_attempt{x.at, x.cost, std::max(now, x.deadline) + lost_max, at, x.order});
  x.uncertain = true;
  unlink(at);
}

owner_hint router::owner(slots::slot_no which) const {
  const auto& slot = slots_[which.get()];
  return {id_of(slot.owner), slot.epoch};
}

// -- commands ------------------------------------------------------------------

void router::submit(entity::command_ptr what, ticket who, instant now, router_effects& out) {
  ++stats_.commands;
  if (auto good = check(*what, config_); !good) return refuse(who, good.error(), out);
  request x;
  x.slot = entity::slot_of(what->to);
  auto within_ms = what->within_ms;
  x.what = std::move(what);
  x.who = who;
  admit(std::move(x), within_ms, now, out);
}

void router::submit_routed(const entity::numbered_command& what, ticket who, instant now,
                           router_effects& out) {
  ++stats_.routed;
  if (auto good = check(*what.what, config_); !good) return refuse(who, good.error(), out);
  if (what.within_ms == 0) return refuse(who, fail(ec::timeout), out);
  if (what.slot.get() >= slots_.size())
    return refuse(who, fail(ec::invalid_argument, "there is no such slot"), out);
  request x;
  x.slot = what.slot;
  x.what = what.what;
  x.who = who;
  x.told = what.epoch;
  x.hops = what.hops;
  x.inbound = true;
  admit(std::move(x), what.within_ms, now, out);
}

void router::admit(request x, std::uint64_t within_ms, instant now, router_effects& out) {
  x.cost = cost_of(*x.what);
  if (!pending_.take(x.cost))
    return refuse(x.who, fail(ec::busy, "too many commands wait for their answers here"), out);
  constexpr auto most = static_cast<std::uint64_t>(within_max.count());
  x.deadline = now + milliseconds{std::min(within_ms, most)};
  x.order = ++last_order_;
  auto newer = x.inbound && x.told > state_of(x).epoch;
  auto at = pool_.add(std::move(x));
  auto& slot = state_of(pool_[at]);
  if (slot.waiting[pool_[at].inbound].empty() && try_send(at, now, out)) return;
  ++stats_.buffered;
  wait(at, now);
  trim(slot, out);
  if (newer) ask_refresh(now, out);
}

router::verdict router::judge(const request& x, instant now) const {
  const auto& slot = state_of(x);
  if (x.inbound) {
    // Its sender knows more than we do: SLOTS of this node is about to tell us.
    if (x.told > slot.epoch) return verdict::hold;
    if (slot.owner != self_ || self_ == incarnation{}) return verdict::not_ours;
    // The slot has been elsewhere since: what its sender sent before is on its way back there, and
    // would come after this.
    if (x.told < slot.epoch) return verdict::not_ours;
  }
  auto open = reachable(slot.owner) && !slot.draining && slot.paused_until <= now;
  return open ? verdict::send : verdict::hold;
}

/// False when it has to wait.
bool router::try_send(index at, instant now, router_effects& out) {
  switch (judge(pool_[at], now)) {
  case verdict::hold:
    return false;
  case verdict::send:
    send(at, now, out);
    return true;
  case verdict::not_ours:
    finish(at, not_owner(owner(pool_[at].slot)), out);
  }
  return true;
}

void router::send(index at, instant now, router_effects& out) {
  auto& x = pool_[at];
  const auto& slot = state_of(x);
  auto left = std::chrono::duration_cast<milliseconds>(x.deadline - now).count();
  if (left <= 0) return finish(at, x.uncertain ? fail(ec::timeout) : retry_later(), out);
  if (!take_credit(slot.owner, x.cost)) {
    if (x.uncertain) return finish(at, fail(ec::restarted), out);
    auto to = "too much is in flight to " + id_of(slot.owner).get();
    return finish(at, fail(ec::busy, std::move(to)), out);
  }
  x.at = slot.owner;
  x.sent_under = slot.epoch;
  link(at);
  pool_.set_due(at, x.deadline);
  stats_.resent += x.uncertain || x.redirects > 0;
  auto what = entity::numbered_command{
      pool_.next_number(at),           x.what, x.slot, slot.epoch, x.hops + x.redirects + 1,
      static_cast<std::uint64_t>(left)};
  if (x.at == self_)
    out.push_back(local{std::move(what)});
  else
    out.push_back(forward{x.at, std::move(what)});
}

bool router::take_credit(incarnation at, std::uint64_t cost) {
  return at == self_ ? at_host_.take(cost) : windows_.take(at, cost);
}

void router::give_back(incarnation at, std::uint64_t cost) {
  if (at == self_)
    at_host_.give_back(cost);
  else
    windows_.give_back(at, cost);
}

// -- waiting and sent ------------------------------------------------------------

void router::wait(index at, instant now) {
  auto& x = pool_[at];
  auto& slot = state_of(x);
  x.stage = request::stage::waiting;
  slot.waiting[x.inbound].emplace(x.order, at);
  slot.waiting_bytes += x.cost;
  waiting_bytes_ += x.cost;
  ++stats_.waiting;
  pool_.set_due(at, std::min(x.deadline, now + config_.buffer_wait));
}

void router::stop_waiting(index at) {
  auto& x = pool_[at];
  auto& slot = state_of(x);
  slot.waiting[x.inbound].erase(x.order);
  slot.waiting_bytes -= x.cost;
  waiting_bytes_ -= x.cost;
  --stats_.waiting;
}

void router::link(index at) {
  auto& x = pool_[at];
  auto& slot = state_of(x);
  x.stage = request::stage::sent;
  x.before = request_pool::none;
  x.after = slot.first_sent;
  if (x.after != request_pool::none) pool_[x.after].before = at;
  slot.first_sent = at;
}

void router::unlink(index at) {
  auto& x = pool_[at];
  if (x.before == request_pool::none)
    state_of(x).first_sent = x.after;
  else
    pool_[x.before].after = x.after;
  if (x.after != request_pool::none) pool_[x.after].before = x.before;
}

/// Sends what waits, oldest first, as far as it can be sent.
void router::release(slot_state& slot, instant now, router_effects& out) {
  for (auto& queue : slot.waiting) {
    while (!queue.empty()) {
      auto at = queue.begin()->second;
      if (judge(pool_[at], now) == verdict::hold) break;
      stop_waiting(at);
      try_send(at, now, out);
    }
  }
}

/// Refuses what waits beyond the limits, the newest first.
void router::trim(slot_state& slot, router_effects& out) {
  while (slot.waiting_bytes > config_.buffer_per_slot
         || (waiting_bytes_ > config_.buffer && slot.waiting_bytes > 0)) {
    auto& [own, inbound] = slot.waiting;
    auto from_inbound = own.empty() || (!inbound.empty() && *inbound.rbegin() > *own.rbegin());
    auto at = (from_inbound ? inbound : own).rbegin()->second;
    auto uncertain = pool_[at].uncertain;
    stop_waiting(at);
    finish(at, uncertain ? fail(ec::restarted) : retry_later(), out);
  }
}

/// The request neither waits nor is sent any more.
void router::finish(index at, result<entity::response> what, router_effects& out) {
  auto& x = pool_[at];
  pending_.give_back(x.cost);
  auto who = x.who;
  pool_.remove(at);
  if (!what) return refuse(who, std::move(what).error(), out);
  out.push_back(answer{who, std::move(what)});
}

void router::refuse(ticket who, failure why, router_effects& out) {
  stats_.retry_after += why.code == ec::retry_after;
  stats_.busy += why.code == ec::busy;
  stats_.timeouts += why.code == ec::timeout;
  out.push_back(answer{who, std::move(why)});
}

// -- answers ---------------------------------------------------------------------

void router::answered(std::uint64_t no, result<entity::response> what, instant now,
                      router_effects& out) {
  auto at = pool_.find(no);
  if (at == request_pool::none) return late(no, std::move(what), out);
  give_back(pool_[at].at, pool_[at].cost);
  unlink(at);
  if (what) return finish(at, std::move(what), out);
  failed(at, std::move(what).error(), now, out);
}

void router::failed(index at, failure why, instant now, router_effects& out) {
  auto& x = pool_[at];
  auto& slot = state_of(x);
  if (why.code == ec::not_owner || why.code == ec::fenced) return redirected(at, why, now, out);
  auto moves = slot.draining || slot.epoch > x.sent_under;
  if (why.code != ec::retry_after || !moves) return finish(at, std::move(why), out);
  wait(at, now);
  release(slot, now, out);
  trim(slot, out);
}

void router::redirected(index at, const failure& why, instant now, router_effects& out) {
  auto& x = pool_[at];
  auto& slot = state_of(x);
  auto hint = owner_hint_of(why);
  ++stats_.redirects;
  ++x.redirects;
  wait(at, now);
  // After too many redirects only SLOTS is believed.
  auto contradicted = x.redirects > redirects_max;
  if (hint && hint->epoch > slot.epoch && !contradicted) {
    change(slot, incarnation_of(hint->owner), hint->epoch, false, now, out);
    if (!reachable(slot.owner)) ask_refresh(now, out);
    return;
  }
  if (x.sent_under == slot.epoch || contradicted) {
    auto until = now + pause_after(x.redirects, x.slot);
    slot.paused_until = std::max(slot.paused_until, until);
    ask_refresh(now, out);
  }
  release(slot, now, out);
  trim(slot, out);
}

/// An effect that was had stays, whoever owns the slot now: if its request is still here, that is
/// its answer.
void router::late(std::uint64_t no, result<entity::response> what, router_effects& out) {
  auto found = lost_.find(no);
  if (found == lost_.end()) return;
  auto attempt = found->second;
  lost_.erase(found);
  give_back(attempt.at, attempt.cost);
  if (!what || !pool_.holds(attempt.place, attempt.order)) return;
  if (pool_[attempt.place].stage == request::stage::waiting) {
    stop_waiting(attempt.place);
  } else {
    lose(attempt.place, pool_[attempt.place].deadline, true);
  }
  finish(attempt.place, std::move(what), out);
}

// -- time ------------------------------------------------------------------------

void router::tick(instant now, router_effects& out) {
  for (auto at : pool_.due(now))
    expire(at, now, out);
  for (auto& slot : slots_)
    if (slot.paused_until != instant{} && slot.paused_until <= now) {
      slot.paused_until = {};
      release(slot, now, out);
    }
  forget_lost(now);
}

void router::expire(index at, instant now, router_effects& out) {
  auto& x = pool_[at];
  if (x.stage == request::stage::sent) {
    lose(at, now, true);
    return finish(at, fail(ec::timeout, "it was sent, and not answered in time"), out);
  }
  stop_waiting(at);
  if (!x.uncertain) return finish(at, retry_later(), out);
  finish(at, fail(x.deadline <= now ? ec::timeout : ec::restarted), out);
}

void router::forget_lost(instant now) {
  if (now < forget_after_) return;
  forget_after_ = now + forget_every;
  for (auto it = lost_.begin(); it != lost_.end();) {
    if (it->second.forget_at > now) {
      ++it;
      continue;
    }
    give_back(it->second.at, it->second.cost);
    it = lost_.erase(it);
  }
}

void router::ask_refresh(instant now, router_effects& out) {
  if (now < refresh_after_) return;
  refresh_after_ = now + refresh_every;
  out.push_back(refresh{});
}

router_stats router::stats() const {
  auto out = stats_;
  out.pending = pending_.count();
  out.pending_bytes = pending_.bytes();
  out.waiting_bytes = waiting_bytes_;
  out.lost = lost_.size();
  windows_.for_each([&](incarnation who, const credit& used) {
    out.in_flight.push_back({who, used.count(), used.bytes()});
  });
  std::ranges::sort(out.in_flight, {}, &member_load::member);
  return out;
}

} // namespace bpci::router
