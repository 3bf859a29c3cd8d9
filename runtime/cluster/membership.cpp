#include "runtime/cluster/membership.hpp"

#include <algorithm>

namespace bpci::cluster {

namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

/// The others come back from an outage of the database about as late as it was long: their
/// connections back off. For so long, and no longer than this, their silence says nothing.
constexpr auto outage_grace_max = milliseconds{2'000};

/// Three chances before a suspicion is no longer fresh.
constexpr auto accuse_again_after = duration_cast<milliseconds>(suspicion_fresh) / 3;

bool takes_part(const member& x) {
  return x.state == member_state::up || x.state == member_state::draining;
}

bool speaks_with(const member& x, const membership_rules& us) {
  return std::max(x.proto_min, us.proto_min) <= std::min(x.proto_max, us.proto_max);
}

bool same_way(const member& x, const member& y) {
  return x.link_host == y.link_host && x.link_port == y.link_port
         && x.certificates == y.certificates;
}

bool same_but_for_heartbeats(member x, const member& y) {
  x.heartbeats = y.heartbeats;
  return x == y;
}

std::uint64_t to_count(milliseconds x) {
  return static_cast<std::uint64_t>(std::max<milliseconds::rep>(x.count(), 0));
}

std::string text(milliseconds x) {
  return std::to_string(to_count(x)) + " ms";
}

} // namespace

// -- what this node hears --------------------------------------------------------------

void membership::on_tick(instant now, milliseconds lag, membership_effects& out) {
  lag_ = lag;
  if (lag > rules_.lag_max) unfit_until_ = now + rules_.evict_after;
  for (auto& [who, x] : peers_) {
    if (x.connected && !x.probing) {
      x.probing = true;
      out.push_back(send_probe{who});
    }
    if (x.relaying || !beats(x) || now - x.reached < rules_.suspect_after) continue;
    auto ways = relays_for(x);
    if (ways.empty()) continue;
    x.relaying = true;
    out.push_back(relay_probe{who, ways[relays_++ % ways.size()]});
  }
}

void membership::on_rows(const reading& what, instant began, instant now, membership_effects& out) {
  auto after_outage = note_outage(now);
  blind_ = false;
  last_success_ = now;
  seen_at_ = began;
  last_ = what;
  std::ranges::sort(last_->live, {}, &member::id);
  take_rows(*last_, now, after_outage, out);
  announce(*last_, out);
  for (auto& [who, x] : peers_) {
    judge_silence(x, now, out);
    judge_reach(x, now, out);
  }
  if (may_vote(now)) remove_unreachable(out);
  rise(now, out);
}

void membership::on_blind() {
  blind_ = true;
}

void membership::on_superseded(membership_effects& out) {
  out.push_back(fence{});
}

void membership::on_connected(incarnation who) {
  if (auto* x = find(who)) {
    x->connected = true;
    x->refused = false;
    x->probing = false;
  }
}

void membership::on_lost(incarnation who) {
  if (auto* x = find(who)) {
    x->connected = false;
    x->probing = false;
  }
}

void membership::on_refused(incarnation who) {
  if (auto* x = find(who)) x->refused = true;
}

void membership::on_probe(incarnation who, milliseconds took, std::uint64_t lag_ms, instant now) {
  auto* x = find(who);
  if (!x) return;
  x->probing = false;
  x->probed = now;
  x->probe_ms = to_count(took);
  x->lag_ms = lag_ms;
  x->reached = now;
  x->relay_failed = false;
}

void membership::on_probe_failed(incarnation who) {
  if (auto* x = find(who)) x->probing = false;
}

void membership::on_relayed(incarnation target, instant now) {
  auto* x = find(target);
  if (!x) return;
  x->relaying = false;
  x->relay_failed = false;
  x->reached = now;
}

void membership::on_relay_failed(incarnation target, bool asked) {
  auto* x = find(target);
  if (!x) return;
  x->relaying = false;
  if (asked) x->relay_failed = true;
}

// -- the rows ----------------------------------------------------------------------------

/// Whether nothing was seen for a while. Whose counter stands still across that may have been as
/// blind as this node: nobody's silence counts, not even that of a counter that has moved, since
/// it may have done so before the outage.
bool membership::note_outage(instant now) {
  if (!last_success_) return false;
  auto outage = duration_cast<milliseconds>(now - *last_success_);
  if (!blind_ && outage <= rules_.suspect_after) return false;
  for (auto& [who, x] : peers_) {
    x.moved = now + std::min(outage, outage_grace_max);
    x.moving = false;
    x.reached = now; // if it was this node that stood still, it has not probed either
  }
  return true;
}

void membership::take_rows(const reading& what, instant now, bool after_outage,
                           membership_effects& out) {
  std::erase_if(peers_, [&](const auto& x) {
    auto gone = std::ranges::find(what.live, x.first, &member::incarnation) == what.live.end();
    if (gone) out.push_back(drop{x.second.member});
    return gone;
  });
  for (const auto& row : what.live)
    take_row(row, now, after_outage, out);
}

void membership::take_row(const member& row, instant now, bool after_outage,
                          membership_effects& out) {
  if (row.incarnation == self_) {
    own_ = row;
    return;
  }
  auto [found, fresh] = peers_.try_emplace(row.incarnation, peer{row, now, now});
  auto& x = found->second;
  if (row.link_port != 0 && (fresh || !same_way(x.member, row))) out.push_back(dial{row});
  if (x.member.heartbeats != row.heartbeats && !after_outage) {
    x.moved = now;
    x.moving = true;
    x.refused = false;
  }
  x.member = row;
}

void membership::announce(const reading& what, membership_effects& out) {
  auto same = told_ && told_->view_no == what.view_no
              && std::ranges::equal(told_->live, what.live, same_but_for_heartbeats);
  if (!same) {
    told_ = view();
    out.push_back(*told_);
  } else if (told_change_ != what.change_no) {
    out.push_back(change_seen{what.change_no});
  }
  told_change_ = what.change_no;
}

// -- silence -----------------------------------------------------------------------------

void membership::judge_silence(const peer& x, instant now, membership_effects& out) {
  const auto* vote = mine(x.member.incarnation, suspicion_kind::silent);
  if (!suspicious(x)) {
    if (vote) out.push_back(withdraw{x.member.incarnation, suspicion_kind::silent});
    return;
  }
  if (!may_vote(now)) return;
  if (!vote || vote->seen_seq != x.member.heartbeats)
    out.push_back(suspect{x.member, suspicion_kind::silent, evidence_of_silence(x)});
  if (overdue(x) && silence_votes(x) >= votes_needed(x)) out.push_back(evict_silent{x.member});
}

/// From when its counter was first seen where it is to when the last reading of it began: never
/// too long, however long the database took.
milliseconds membership::silence(const peer& x) const {
  return std::max(duration_cast<milliseconds>(seen_at_ - x.moved), milliseconds{0});
}

bool membership::gone(const peer& x) const {
  return !x.connected && x.refused;
}

bool membership::beats(const peer& x) const {
  return x.moving && silence(x) < rules_.suspect_after;
}

bool membership::suspicious(const peer& x) const {
  return silence(x) >= (gone(x) ? rules_.heartbeat : rules_.suspect_after);
}

bool membership::overdue(const peer& x) const {
  if (alone_among_silent(x)) return silence(x) >= rules_.alone_evict_after;
  return silence(x) >= (gone(x) ? rules_.refused_evict_after : rules_.evict_after);
}

/// There are others beside the target, but none that could vote.
bool membership::alone_among_silent(const peer& target) const {
  return peers_.size() > 1 && std::ranges::all_of(peers_, [&](const auto& x) {
           return &x.second == &target || silence(x.second) >= rules_.evict_after;
         });
}

std::size_t membership::votes_needed(const peer& x) const {
  return peers_.size() < 2 || alone_among_silent(x) ? 1 : 2;
}

std::size_t membership::silence_votes(const peer& x) const {
  return static_cast<std::size_t>(std::ranges::count_if(last_->suspicions, [&](const auto& s) {
    return s.target == x.member.incarnation && s.by != s.target && s.kind == suspicion_kind::silent
           && s.seen_seq == x.member.heartbeats;
  }));
}

std::string membership::evidence_of_silence(const peer& x) const {
  auto out =
      "heartbeat " + std::to_string(x.member.heartbeats) + " unchanged for " + text(silence(x));
  return gone(x) ? out + ", and nobody listens there" : out;
}

// -- reach -------------------------------------------------------------------------------

void membership::judge_reach(peer& x, instant now, membership_effects& out) {
  const auto* vote = mine(x.member.incarnation, suspicion_kind::unreachable);
  if (!unreachable(x, now)) {
    if (vote) out.push_back(withdraw{x.member.incarnation, suspicion_kind::unreachable});
    x.accused.reset();
    return;
  }
  if (!may_vote(now) || (vote && x.accused && now - *x.accused < accuse_again_after)) return;
  x.accused = now;
  out.push_back(suspect{x.member, suspicion_kind::unreachable, evidence_of_distance(x, now)});
}

/// Members that do not take part yet neither accuse nor are accused: what they cannot reach keeps
/// them from coming up, and that is enough.
bool membership::unreachable(const peer& x, instant now) const {
  return takes_part(own_) && takes_part(x.member) && beats(x)
         && now - x.reached >= rules_.unreachable_after
         && (x.relay_failed || relays_for(x).empty());
}

std::vector<incarnation> membership::relays_for(const peer& target) const {
  std::vector<incarnation> out;
  for (const auto& [who, x] : peers_)
    if (&x != &target && x.connected && takes_part(x.member)) out.push_back(who);
  return out;
}

/// Of several the one with the highest id, so that all members try the same one first.
void membership::remove_unreachable(membership_effects& out) {
  if (!takes_part(own_)) return;
  const peer* worst = nullptr;
  for (const auto& [who, x] : peers_)
    if (takes_part(x.member) && beats(x) && outvoted(x)
        && (!worst || worst->member.id < x.member.id))
      worst = &x;
  if (worst) out.push_back(evict_unreachable{worst->member, last_->view_no});
}

/// A majority of those that take part accuse it; or half of them, all with lower ids than its own.
bool membership::outvoted(const peer& x) const {
  auto all = std::size_t{0};
  auto accusers = std::size_t{0};
  auto highest = true;
  for (const auto& other : last_->live) {
    if (!takes_part(other)) continue;
    ++all;
    auto accuses = std::ranges::any_of(last_->suspicions, [&](const auto& s) {
      return s.target == x.member.incarnation && s.by == other.incarnation
             && s.kind == suspicion_kind::unreachable && s.fresh;
    });
    if (!accuses) continue;
    ++accusers;
    highest = highest && other.id < x.member.id;
  }
  return 2 * accusers > all || (accusers > 0 && 2 * accusers == all && highest);
}

std::string membership::evidence_of_distance(const peer& x, instant now) const {
  auto out = "no probe answered for " + text(duration_cast<milliseconds>(now - x.reached));
  out += x.connected ? ", though connected" : ", not connected";
  return out + (x.relay_failed ? ", and none through another member" : ", nobody else to ask");
}

// -- coming up -----------------------------------------------------------------------------

void membership::rise(instant now, membership_effects& out) {
  obstacle_ = own_.state == member_state::joining ? find_obstacle(now) : std::string{};
  if (own_.state == member_state::joining && obstacle_.empty())
    out.push_back(come_up{last_->view_no});
}

std::string membership::find_obstacle(instant now) const {
  for (const auto& [who, x] : peers_) {
    if (x.member.state != member_state::up) continue;
    if (auto why = obstacle_of(x, now); !why.empty()) return why;
  }
  return {};
}

std::string membership::obstacle_of(const peer& x, instant now) const {
  const auto& name = x.member.id.get();
  if (silence(x) >= rules_.suspect_after) return name + " is silent, and not yet declared dead";
  if (!speaks_with(x.member, rules_))
    return name + " speaks versions " + std::to_string(x.member.proto_min) + " to "
           + std::to_string(x.member.proto_max) + " of the protocol, and this node other ones";
  if (own_.link_port == 0) return "nobody can reach this node: it has no certificate";
  auto answered = x.connected && x.probed && now - *x.probed < rules_.unreachable_after;
  return answered ? std::string{} : name + " answers no probe";
}

// -- what others see -----------------------------------------------------------------------

member_list membership::list(instant now) const {
  member_list out;
  if (!last_) return out;
  out.view_no = last_->view_no;
  auto since = [&](instant at) { return to_count(duration_cast<milliseconds>(now - at)); };
  for (const auto& row : last_->live) {
    member_status status;
    status.member = row;
    status.suspicions = suspicions_of(row.incarnation);
    auto found = peers_.find(row.incarnation);
    status.self = found == peers_.end();
    status.connected = status.self || found->second.connected;
    status.silent_ms = since(status.self ? *last_success_ : found->second.moved);
    status.probe_ms = status.self ? 0 : found->second.probe_ms;
    status.lag_ms = status.self ? to_count(lag_) : found->second.lag_ms;
    out.members.push_back(std::move(status));
  }
  return out;
}

std::vector<suspicion_status> membership::suspicions_of(incarnation target) const {
  std::vector<suspicion_status> out;
  for (const auto& s : last_->suspicions) {
    auto by = std::ranges::find(last_->live, s.by, &member::incarnation);
    if (s.target == target && by != last_->live.end())
      out.push_back({by->id, s.kind, s.seen_seq, s.evidence, s.since});
  }
  return out;
}

view_changed membership::view() const {
  if (!last_) return {};
  return {last_->view_no, last_->change_no, last_->live};
}

const suspicion* membership::mine(incarnation target, suspicion_kind kind) const {
  auto found = std::ranges::find_if(last_->suspicions, [&](const auto& s) {
    return s.target == target && s.by == self_ && s.kind == kind;
  });
  return found == last_->suspicions.end() ? nullptr : &*found;
}

membership::peer* membership::find(incarnation who) {
  auto found = peers_.find(who);
  return found == peers_.end() ? nullptr : &found->second;
}

} // namespace bpci::cluster
