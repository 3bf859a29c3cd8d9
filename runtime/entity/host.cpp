#include "runtime/entity/host.hpp"

#include "runtime/router/owner_hint.hpp"

#include <algorithm>
#include <utility>

namespace bpci::entity {

namespace {

/// A planned move takes a few of these.
constexpr auto retry_hint_ms = "100";

/// As exact as an idle time has to be; an entity that is idle keeps one, in four bytes.
constexpr auto tick_length = std::chrono::milliseconds{100};

failure giving_away() {
  return fail(ec::retry_after, retry_hint_ms);
}

failure not_ours(slots::epoch_no known) {
  return router::not_owner({{}, known});
}

} // namespace

std::string key_of(const entity_ref& x) {
  return x.kind + ":" + x.id;
}

entity_ref ref_of(std::string_view key) {
  auto colon = key.find(':');
  return {std::string{key.substr(0, colon)}, std::string{key.substr(colon + 1)}};
}

// -- requests ------------------------------------------------------------------------

void host::take(request_ptr what, const slot_state& slot, instant now, host_effects& out) {
  auto nobodys = !slot.mine && !slot.elsewhere && given_away_.contains(slot.slot);
  if (is_draining(slot.slot) || nobodys) {
    out.push_back(answer_request{what->ticket, giving_away()});
    return;
  }
  if (!slot.mine) {
    out.push_back(answer_request{what->ticket, not_ours(slot.known)});
    return;
  }
  auto [found, fresh] = entities_.try_emplace(key_of(what->what.to));
  auto& x = found->second;
  if (!fresh && x.epoch != *slot.mine) {
    if (x.stage != stage::lost && x.stage != stage::deferred) lose(x, out);
    x.epoch = *slot.mine; // of the next one
  }
  if (fresh) {
    x.key = &found->first;
    x.slot = slot.slot;
    x.epoch = *slot.mine;
    ++per_slot_[x.slot.get()];
    begin(x, what->what.background, now, out);
  } else if (x.stage == stage::deferred && !what->what.background) {
    x.stage = stage::starting;
    out.push_back(start_actor{*x.key, x.epoch});
  }
  auto& busy = busy_of(x);
  if (busy.in_hand.size() + busy.waiting.size() >= limits_.pending_per_entity) {
    out.push_back(answer_request{what->ticket, fail(ec::busy, "too much waits for this entity")});
    return;
  }
  unrest(x);
  if (x.stage == stage::active)
    hand_over_to(x, std::move(what), out);
  else
    busy.waiting.push_back(std::move(what));
}

void host::hand_over_to(entry& x, request_ptr what, host_effects& out) {
  busy_of(x).in_hand.push_back(what->ticket);
  out.push_back(hand_over{x.actor, std::move(what)});
}

/// What others have asked for comes first; of the rest so many in a second that a node that takes
/// over many timers is not overrun.
void host::begin(entry& x, bool background, instant now, host_effects& out) {
  refill(now);
  if (!background) {
    x.stage = stage::starting;
    out.push_back(start_actor{*x.key, x.epoch});
    return;
  }
  x.stage = stage::deferred;
  deferred_.push_back(*x.key);
  start_deferred(out);
}

void host::refill(instant now) {
  auto rate = limits_.background_activations_per_sec;
  if (refilled_ == instant{}) {
    refilled_ = now;
    tokens_ = std::max(rate / 10, 1u);
    return;
  }
  auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(now - refilled_);
  auto more = static_cast<std::uint64_t>(passed.count()) * rate / 1'000;
  if (more == 0) return;
  refilled_ = now;
  tokens_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(tokens_ + more, rate));
}

void host::start_deferred(host_effects& out) {
  while (tokens_ > 0 && !deferred_.empty()) {
    auto found = entities_.find(deferred_.front());
    deferred_.pop_front();
    if (found == entities_.end() || found->second.stage != stage::deferred) continue;
    --tokens_;
    found->second.stage = stage::starting;
    out.push_back(start_actor{found->first, found->second.epoch});
  }
}

void host::performed(const std::string& key, std::uint64_t ticket, result<response> answer,
                     instant now, host_effects& out) {
  auto found = entities_.find(key);
  if (found == entities_.end() || !found->second.busy) return;
  auto& x = found->second;
  auto& in_hand = x.busy->in_hand;
  auto place = std::ranges::find(in_hand, ticket);
  if (place == in_hand.end()) return;
  *place = in_hand.back();
  in_hand.pop_back();
  out.push_back(answer_request{ticket, std::move(answer)});
  if (!in_hand.empty() || !x.busy->waiting.empty()) return;
  x.busy.reset();
  if (x.stage == stage::active) rest(x, now);
}

// -- actors --------------------------------------------------------------------------

void host::started(const std::string& key, result<actor_no> who, instant now, host_effects& out) {
  auto found = entities_.find(key);
  if (found != entities_.end() && std::exchange(found->second.gone, false)) {
    if (who && found->second.actor == *who) return ended(key, *who, now, out);
    found->second.actor = 0; // an earlier one
  }
  if (found == entities_.end() || found->second.stage != stage::starting) {
    // Its slot was lost, or is being drained, while it was started.
    if (who) out.push_back(kill_actor{key, *who});
    if (found != entities_.end() && !who) ended(key, 0, now, out);
    if (found != entities_.end() && who) found->second.actor = *who;
    return;
  }
  auto& x = found->second;
  if (!who) {
    drop(x, who.error(), out);
    return erase(x, out);
  }
  x.actor = *who;
  x.stage = stage::active;
  if (x.busy)
    for (auto& what : std::exchange(x.busy->waiting, {}))
      hand_over_to(x, std::move(what), out);
  if (is_draining(x.slot)) return finish(x, out);
  if (!x.busy) rest(x, now);
}

void host::ended(const std::string& key, actor_no who, instant now, host_effects& out) {
  auto found = entities_.find(key);
  if (found == entities_.end()) return;
  auto& x = found->second;
  if (x.actor == 0 && who != 0) {
    x.actor = who;
    x.gone = true;
  }
  if (x.gone || x.actor != who) return;
  unrest(x);
  auto lost = x.stage == stage::lost;
  auto busy = std::exchange(x.busy, nullptr);
  if (busy)
    for (auto ticket : busy->in_hand)
      out.push_back(answer_request{ticket, lost ? not_ours(x.epoch) : fail(ec::restarted)});
  if (!busy || busy->waiting.empty()) return erase(x, out);
  x.busy = std::move(busy);
  x.busy->in_hand.clear();
  x.actor = 0;
  if (!is_draining(x.slot)) return begin(x, false, now, out);
  drop(x, giving_away(), out);
  erase(x, out);
}

void host::finish(entry& x, host_effects& out) {
  unrest(x);
  x.stage = stage::finishing;
  out.push_back(finish_actor{*x.key, x.actor});
}

/// The slot is gone, or has gone and come back: whatever this actor knows is worth nothing.
void host::lose(entry& x, host_effects& out) {
  unrest(x);
  x.stage = stage::lost;
  if (x.actor != 0) out.push_back(kill_actor{*x.key, x.actor});
  if (!x.busy) return;
  for (auto ticket : std::exchange(x.busy->in_hand, {}))
    out.push_back(answer_request{ticket, not_ours(x.epoch)});
}

void host::drop(entry& x, const failure& why, host_effects& out) {
  if (!x.busy) return;
  for (const auto& what : std::exchange(x.busy->waiting, {}))
    out.push_back(answer_request{what->ticket, why});
}

void host::erase(entry& x, host_effects& out) {
  unrest(x);
  --per_slot_[x.slot.get()];
  entities_.erase(std::string{*x.key});
  check_drained(out);
}

// -- slots ---------------------------------------------------------------------------

bool host::is_draining(slots::slot_no which) const {
  return std::ranges::any_of(drains_, [&](const auto& x) { return x.slots.contains(which); });
}

void host::drain(const std::vector<slots::slot_no>& which, std::uint64_t ticket,
                 host_effects& out) {
  auto& mine = drains_.emplace_back();
  mine.ticket = ticket;
  mine.slots.insert(which.begin(), which.end());
  given_away_.insert(which.begin(), which.end());
  std::vector<entry*> unstarted;
  for (auto& [key, x] : entities_) {
    if (!mine.slots.contains(x.slot)) continue;
    if (x.stage == stage::active) finish(x, out);
    if (x.stage == stage::deferred) unstarted.push_back(&x);
  }
  for (auto* x : unstarted) {
    drop(*x, giving_away(), out);
    erase(*x, out);
  }
  check_drained(out);
}

void host::check_drained(host_effects& out) {
  std::erase_if(drains_, [&](const draining& x) {
    if (std::ranges::any_of(x.slots, [&](auto slot) { return per_slot_[slot.get()] > 0; }))
      return false;
    out.push_back(answer_drain{x.ticket});
    return true;
  });
}

void host::slots_are(const std::vector<slot_state>& now, host_effects& out) {
  std::vector<const slot_state*> changed(slots::slot_count);
  auto any = false;
  for (const auto& x : now) {
    if (x.mine || x.elsewhere) given_away_.erase(x.slot);
    changed[x.slot.get()] = &x;
    any = any || per_slot_[x.slot.get()] > 0;
  }
  if (any) kill_those_of(changed, out);
}

void host::kill_those_of(const std::vector<const slot_state*>& changed, host_effects& out) {
  std::vector<entry*> gone;
  for (auto& [key, x] : entities_) {
    const auto* slot = changed[x.slot.get()];
    if (slot && x.stage != stage::lost && (!slot->mine || x.epoch != *slot->mine))
      gone.push_back(&x);
  }
  for (auto* x : gone) {
    auto unstarted = x->stage == stage::deferred;
    auto known = changed[x->slot.get()]->known;
    lose(*x, out);
    drop(*x, not_ours(known), out);
    if (unstarted) erase(*x, out);
  }
}

// -- idle ones -----------------------------------------------------------------------

void host::tick(instant now, std::size_t press, host_effects& out) {
  refill(now);
  start_deferred(out);
  auto present = tick_of(now);
  while (oldest_ && (press > 0 || (present - oldest_->used) * tick_length >= limits_.idle_after)) {
    if (press > 0) --press;
    finish(*oldest_, out);
  }
}

std::uint32_t host::tick_of(instant now) noexcept {
  if (first_ == instant{}) first_ = now;
  return static_cast<std::uint32_t>((now - first_) / tick_length);
}

host::work& host::busy_of(entry& x) {
  if (!x.busy) x.busy = std::make_unique<work>();
  return *x.busy;
}

void host::rest(entry& x, instant now) {
  x.used = tick_of(now);
  x.older = newest_;
  x.newer = nullptr;
  (newest_ ? newest_->newer : oldest_) = &x;
  newest_ = &x;
  ++idle_;
}

void host::unrest(entry& x) {
  if (oldest_ != &x && !x.older) return;
  (x.older ? x.older->newer : oldest_) = x.newer;
  (x.newer ? x.newer->older : newest_) = x.older;
  x.older = x.newer = nullptr;
  --idle_;
}

} // namespace bpci::entity
