#include "runtime/cluster/backoff.hpp"
#include "runtime/cluster/members_actor.hpp"
#include "runtime/log/log.hpp"
#include "runtime/metrics/metrics.hpp"
#include "runtime/time/clock.hpp"

#include <algorithm>

/// MEMBERS' side towards the other members.
namespace bpci::cluster {

namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

using dial_atom = caf::atom_constant<caf::atom("dial")>;

/// A handshake of TUNNEL and CAF's own, with a peer that may hang in the midst of either.
constexpr auto dial_max = milliseconds{5'000};
constexpr auto identify_max = milliseconds{2'000};

/// An actor that does not get its turn within a second is as good as unreachable.
constexpr auto probe_max = milliseconds{1'000};

/// The one that is asked to probe answers after `probe_max` itself.
constexpr auto relay_max = probe_max + milliseconds{500};

metrics::counter& probe_failures() {
  static auto& out = metrics::metrics().counter("bpci_cluster_probe_failures_total",
                                                "Probes that a connected member left unanswered.");
  return out;
}

} // namespace

// -- connections -----------------------------------------------------------------------------

void members_actor::perform(const dial& x) {
  auto& to = peers_[x.who.incarnation];
  to.who = x.who;
  to.attempts = 0;
  connect(x.who.incarnation);
}

void members_actor::perform(const drop& x) {
  auto found = peers_.find(x.who.incarnation);
  if (found == peers_.end()) return;
  log::info("member-gone", {{"member", x.who.id.get()}, {"incarnation", x.who.incarnation.get()}});
  // It stays monitored: requests to it that are open end with it.
  if (found->second.agent) tell_watchers(caf::make_message(peer_down{x.who.id, x.who.incarnation}));
  peers_.erase(found);
}

void members_actor::connect(incarnation who) {
  auto found = peers_.find(who);
  if (found == peers_.end() || found->second.agent || found->second.dialling) return;
  auto tunnel = how_.tunnel();
  if (!tunnel) return retry(who, {ec::unavailable, "there is no tunnel"});
  found->second.dialling = true;
  ask<member_dialled>(
      tunnel, dial_max, dial_member{found->second.who},
      [this, who](const member_dialled& x) { identify(who, x.agent); },
      [this, who](const failure& why) {
        if (why.code == ec::not_found) core_->on_refused(who);
        retry(who, why);
      });
}

/// CAF may hand out the handle of a process that is gone, or of its successor at the same address.
void members_actor::identify(incarnation who, const caf::actor& agent) {
  if (!agent) return retry(who, {ec::unavailable, "nobody is behind the connection"});
  ask<agent_identity>(
      agent, identify_max, who_are_you{},
      [this, who, agent](const agent_identity& x) {
        auto found = peers_.find(who);
        if (found == peers_.end() || found->second.agent) return;
        if (x.cluster != how_.me.cluster || x.incarnation != who)
          return retry(who, {ec::conflict, "it is " + x.id.get() + " of " + x.cluster});
        connected(found->second, agent);
      },
      [this, who](const failure& why) { retry(who, why); });
}

void members_actor::retry(incarnation who, const failure& why) {
  auto found = peers_.find(who);
  if (found == peers_.end() || found->second.agent) return;
  log::debug("dial-failed", {{"member", found->second.who.id.get()},
                             {"code", bpci::name(why.code)},
                             {"detail", why.detail}});
  found->second.dialling = false;
  delayed_send(this, backoff(found->second.attempts++), dial_atom::value, who);
}

void members_actor::connected(peer& to, const caf::actor& agent) {
  to.agent = agent;
  to.dialling = false;
  to.attempts = 0;
  monitor<caf::message_priority::high>(agent);
  core_->on_connected(to.who.incarnation);
  log::info("member-connected",
            {{"member", to.who.id.get()}, {"incarnation", to.who.incarnation.get()}});
  tell_watchers(caf::make_message(peer_up{to.who.id, to.who.incarnation, agent}));
  // A node that joins waits for this answer.
  perform(send_probe{to.who.incarnation});
}

/// Dials at once: a machine that refuses the connection is the quickest sign of a dead process.
void members_actor::lost(incarnation who, peer& to) {
  log::warn("member-lost", {{"member", to.who.id.get()}, {"incarnation", who.get()}});
  to.agent = nullptr;
  core_->on_lost(who);
  tell_watchers(caf::make_message(peer_down{to.who.id, who}));
  connect(who);
}

void members_actor::on_down(const caf::down_msg& what) {
  watchers_.erase(what.source);
  if (tunnel_ == what.source) {
    tunnel_ = nullptr;
    open_later();
  }
  for (auto& [life, to] : peers_)
    if (to.agent && to.agent.address() == what.source) return lost(life, to);
}

// -- probes ----------------------------------------------------------------------------------

void members_actor::perform(const send_probe& x) {
  auto found = peers_.find(x.to);
  if (found == peers_.end() || !found->second.agent) return core_->on_probe_failed(x.to);
  auto sent = boot_now();
  auto failed = [this, who = x.to] {
    probe_failures().add();
    core_->on_probe_failed(who);
  };
  ask<probe_answer>(
      found->second.agent, probe_max, probe{},
      [this, who = x.to, sent, failed](const probe_answer& answer) {
        if (answer.incarnation != who) return failed();
        auto now = boot_now();
        core_->on_probe(who, duration_cast<milliseconds>(now - sent), answer.lag_ms, now);
      },
      [failed](const failure&) { failed(); });
}

void members_actor::perform(const relay_probe& x) {
  auto found = peers_.find(x.via);
  if (found == peers_.end() || !found->second.agent) return core_->on_relay_failed(x.target, false);
  ask<probe_answer>(
      found->second.agent, relay_max, probe_for_me{x.target},
      [this, x](const probe_answer&) { core_->on_relayed(x.target, boot_now()); },
      [this, x](const failure& why) {
        core_->on_relay_failed(x.target, why.code == ec::unavailable);
      });
}

caf::result<probe_answer> members_actor::probe_for(incarnation target) {
  auto no_answer = to_caf(ec::unavailable, "no answer from it here either");
  auto found = peers_.find(target);
  if (found == peers_.end() || !found->second.agent) return no_answer;
  auto promise = make_response_promise();
  ask<probe_answer>(
      found->second.agent, probe_max, probe{},
      [promise, target, no_answer](const probe_answer& x) mutable {
        if (x.incarnation == target)
          promise.deliver(x);
        else
          promise.deliver(no_answer);
      },
      [promise, no_answer](const failure&) mutable { promise.deliver(no_answer); });
  return caf::delegated<probe_answer>{};
}

// -- who wants to know -------------------------------------------------------------------------

void members_actor::watch(const caf::actor& who) {
  if (!who) return;
  if (watchers_.emplace(who.address(), who).second) monitor<caf::message_priority::high>(who);
  if (core_)
    if (auto view = core_->view(); !view.live.empty()) send(who, view);
  for (const auto& [life, to] : peers_)
    if (to.agent) send(who, peer_up{to.who.id, life, to.agent});
}

void members_actor::tell_watchers(const caf::message& what) {
  for (auto& [address, watcher] : watchers_)
    send(watcher, what);
}

void members_actor::tell_members() {
  for (auto& [life, to] : peers_)
    if (to.agent) send(to.agent, look_again{});
}

agent_list members_actor::agents() const {
  agent_list out;
  if (core_) out.agents.push_back({how_.me.id, self(), agent_});
  for (const auto& [life, to] : peers_)
    if (to.agent) out.agents.push_back({to.who.id, life, to.agent});
  std::ranges::sort(out.agents, {}, &peer_up::id);
  return out;
}

} // namespace bpci::cluster
