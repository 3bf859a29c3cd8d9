#include "runtime/cluster/members_actor.hpp"

#include "messages/codec/json.hpp"
#include "runtime/cluster/member_store.hpp"
#include "runtime/storage/sql.hpp"
#include "runtime/time/clock.hpp"

#include <caf/io/middleman.hpp>
#include <caf/io/middleman_actor.hpp>

#include <algorithm>
#include <set>

namespace bpci::cluster {

namespace {

using join_atom = caf::atom_constant<caf::atom("join")>;
using beat_atom = caf::atom_constant<caf::atom("beat")>;
using dial_atom = caf::atom_constant<caf::atom("dial")>;

/// How long a database statement of the membership may take. Below any sensible heartbeat's
/// multiple, so that a slow database shows as missed beats and not as a queue of them.
constexpr auto query_max = std::chrono::milliseconds{2'000};

/// A member that accepts and stays silent is given up after this; heartbeats are on, so CAF itself
/// gives up after a second.
constexpr auto connect_max = std::chrono::milliseconds{3'000};
constexpr auto identify_max = std::chrono::milliseconds{2'000};

constexpr auto redial_min = std::chrono::milliseconds{50};
constexpr auto redial_max = std::chrono::milliseconds{2'000};

std::chrono::milliseconds redial_after(std::uint32_t attempts) {
  auto pause = std::min(redial_min * (1 << std::min(attempts, 6u)), redial_max);
  auto jitter = random_below(static_cast<std::uint64_t>(pause.count()) / 4 + 1);
  return pause + std::chrono::milliseconds{jitter};
}

} // namespace

members_actor::members_actor(caf::actor_config& cfg, members_options how)
    : actor_base(cfg), how_(std::move(how)), port_(how_.me.link_port) {
  set_exit_handler([this](caf::exit_msg& x) {
    if (x.reason == caf::exit_reason::user_shutdown && view_)
      leave(std::move(x.reason));
    else
      quit(std::move(x.reason));
  });
}

caf::behavior members_actor::make_behavior() {
  join();
  return {
      [this](join_atom) { join(); },
      [this](beat_atom) { beat(); },
      [this](dial_atom, incarnation who) { connect(who); },
      [this](const list_members&) { return view_ ? view_->list(steady_now()) : member_list{}; },
      [this](const list_agents&) { return agents(); },
      [this](const watch_members&) {
        auto who = caf::actor_cast<caf::actor>(current_sender());
        if (watchers_.emplace(who.address(), who).second) monitor<caf::message_priority::high>(who);
        for (const auto& [life, peer] : peers_)
          if (peer.agent) send(who, peer_up{peer.who.id, life, peer.agent});
      },
  };
}

// -- this node -----------------------------------------------------------------------

void members_actor::join() {
  if (auto published = publish(); !published) {
    log::error("link-port-failed", {{"detail", published.error().detail}});
    quit(to_caf(published.error()));
    return;
  }
  auto pool = how_.pool();
  auto again = [this](const failure& why) {
    log::warn("join-failed", {{"code", bpci::name(why.code)}, {"detail", why.detail}});
    delayed_send(this, how_.heartbeat, join_atom::value);
  };
  if (!pool) return again({ec::unavailable, "the database"});
  auto row = member{{}, how_.me.id, how_.me.link_host, port_, how_.me.http_address, {}, 0};
  storage::run<member>(this, pool, query_max,
                       [row](pqxx::work& tx) { return store::join(tx, row); })
      .then(
          [this](const member& me) {
            *life_ = me.incarnation.get();
            view_.emplace(me.incarnation, how_.dead_after);
            log::info("joined", {{"member", how_.me.id.get()},
                                 {"incarnation", me.incarnation.get()},
                                 {"link_port", port_}});
            how_.ready();
            beat();
          },
          again);
}

/// Opens CAF's port, before the row that names it is written.
result<void> members_actor::publish() {
  if (agent_) return {};
  agent_ = spawn<agent_actor, caf::linked>(how_.me, life_, how_.node);
  auto& middleman = system().middleman();
  auto port = middleman.publish(agent_, port_, how_.me.link_host.c_str(), true);
  if (!port)
    return fail(ec::address_in_use, how_.me.link_host + ":" + std::to_string(port_) + ": "
                                        + system().render(port.error()));
  port_ = *port;
  return {};
}

void members_actor::beat() {
  delayed_send(this, how_.heartbeat, beat_atom::value);
  auto pool = how_.pool();
  if (!pool) return view_->on_blind();
  storage::run<std::vector<member>>(
      this, pool, query_max, [life = self()](pqxx::work& tx) { return store::beat(tx, life); })
      .then([this](const std::vector<member>& rows) { on_rows(rows); },
            [this](const failure& why) {
              if (why.code != ec::superseded) return view_->on_blind();
              log::error("fenced", {{"member", how_.me.id.get()}, {"incarnation", self().get()}});
              how_.on_fenced();
            });
}

void members_actor::on_rows(const std::vector<member>& rows) {
  view_effects effects;
  view_->on_rows(rows, steady_now(), effects);
  for (const auto& x : effects)
    std::visit([this](const auto& effect) { perform(effect); }, x);
}

/// A row that stays is buried by the others, later.
void members_actor::leave(caf::error why) {
  auto pool = how_.pool();
  if (!pool) return quit(std::move(why));
  storage::run<void>(this, pool, query_max, [life = self()](pqxx::work& tx) {
    store::leave(tx, life);
  }).then([this, why] { quit(why); }, [this, why](const failure&) { quit(why); });
}

// -- the others ------------------------------------------------------------------------

void members_actor::perform(const dial& x) {
  peers_[x.who.incarnation].who = x.who;
  connect(x.who.incarnation);
}

void members_actor::perform(const drop& x) {
  auto found = peers_.find(x.who.incarnation);
  if (found == peers_.end()) return;
  log::info("member-gone", {{"member", x.who.id.get()}, {"incarnation", x.who.incarnation.get()}});
  if (found->second.agent) {
    demonitor(found->second.agent.address());
    tell_watchers(caf::make_message(peer_down{x.who.id, x.who.incarnation}));
  }
  peers_.erase(found);
}

void members_actor::perform(const bury& x) {
  auto pool = how_.pool();
  if (!pool) return;
  auto reason = "silent for " + std::to_string(how_.dead_after.count()) + " ms, as seen by "
                + how_.me.id.get();
  storage::run<bool>(this, pool, query_max,
                     [who = x.who, reason](pqxx::work& tx) { return store::bury(tx, who, reason); })
      .then(
          [who = x.who](bool buried) {
            if (buried) log::warn("member-buried", {{"member", who.id.get()}});
          },
          [](const failure&) {});
}

void members_actor::connect(incarnation who) {
  auto found = peers_.find(who);
  if (found == peers_.end() || found->second.agent) return;
  ++found->second.attempts;
  const auto& to = found->second.who;
  auto failed = [this, who](const caf::error& why) { retry(who, from_caf(why)); };
  request(system().middleman().actor_handle(), connect_max, caf::connect_atom::value, to.link_host,
          to.link_port)
      .then(
          [this, who](const caf::node_id&, const caf::strong_actor_ptr& agent,
                      const std::set<std::string>&) {
            if (agent) return identify(who, caf::actor_cast<caf::actor>(agent));
            retry(who, {ec::not_found, "nothing is published there"});
          },
          failed);
}

/// A port may have passed on to another node, and CAF may hand out the handle of a dead one.
void members_actor::identify(incarnation who, const caf::actor& agent) {
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
  log::debug("dial-failed", {{"member", found->second.who.id.get()}, {"detail", why.detail}});
  delayed_send(this, redial_after(found->second.attempts), dial_atom::value, who);
}

void members_actor::connected(peer& to, const caf::actor& agent) {
  to.agent = agent;
  to.attempts = 0;
  monitor<caf::message_priority::high>(agent);
  view_->on_connected(to.who.incarnation, true);
  log::info("member-connected",
            {{"member", to.who.id.get()}, {"incarnation", to.who.incarnation.get()}});
  tell_watchers(caf::make_message(peer_up{to.who.id, to.who.incarnation, agent}));
}

void members_actor::on_down(const caf::down_msg& what) {
  watchers_.erase(what.source);
  for (auto& [life, peer] : peers_) {
    if (!peer.agent || peer.agent.address() != what.source) continue;
    log::warn("member-lost", {{"member", peer.who.id.get()}, {"incarnation", life.get()}});
    peer.agent = nullptr;
    view_->on_connected(life, false);
    tell_watchers(caf::make_message(peer_down{peer.who.id, life}));
    delayed_send(this, redial_min, dial_atom::value, life);
  }
}

void members_actor::tell_watchers(const caf::message& what) {
  for (auto& [address, watcher] : watchers_)
    send(watcher, what);
}

agent_list members_actor::agents() const {
  agent_list out;
  if (view_) out.agents.push_back({how_.me.id, self(), agent_});
  for (const auto& [life, peer] : peers_)
    if (peer.agent) out.agents.push_back({peer.who.id, life, peer.agent});
  std::ranges::sort(out.agents, {}, &peer_up::id);
  return out;
}

std::string members_actor::describe() const {
  return codec::to_text(codec::to_json(view_ ? view_->list(steady_now()) : member_list{}));
}

} // namespace bpci::cluster
