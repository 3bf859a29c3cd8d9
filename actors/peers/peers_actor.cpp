#include "actors/peers/peers_actor.hpp"

#include "actors/peers/peer_actor.hpp"
#include "actors/peers/telemetry.hpp"
#include "messages/codec/json.hpp"
#include "runtime/log/log.hpp"
#include "runtime/supervision/supervisor_actor.hpp"
#include "runtime/time/clock.hpp"

#include <algorithm>
#include <set>

namespace bpci::peers {

namespace {

using tick_atom = caf::atom_constant<caf::atom("tick")>;

constexpr auto tick_every = std::chrono::milliseconds{100};

/// How long LINKS may take to start a PEER, and a connection waits for one.
constexpr auto start_max = std::chrono::milliseconds{2'000};

/// What a PEER has beyond the time that a question has: it answers by itself.
constexpr auto ask_grace = std::chrono::milliseconds{1'000};

supervision::child_spec peer_spec(const context_ptr& shared, const address& who) {
  return {.id = crypto::to_hex(who),
          .type = "PEER",
          .spawn = [shared, who](const supervision::spawn_context& in) -> result<caf::actor> {
            return in.system.spawn<peer_actor>(shared, who);
          },
          .policy = supervision::policy::transient,
          .stop_max = std::chrono::seconds{2}};
}

} // namespace

peers_actor::peers_actor(caf::actor_config& cfg, context_ptr shared)
    : actor_base(cfg),
      shared_(std::move(shared)),
      book_(shared_->me.self(), shared_->known, shared_->rules) {}

caf::behavior peers_actor::make_behavior() {
  send(this, tick_atom::value);
  return {
      [this](const oracle::admit_peer& x) { return admit(x); },
      [this](const oracle::peer_connected& x) { take(x); },
      // From a connection that has no PEER yet, and should say nothing.
      [](const oracle::frames_received& x) { x.from->close(ec::handshake_required, {}); },
      [](const oracle::connection_writable&) {},
      [this](const oracle::connection_closed& x) {
        for (auto& [who, at] : places_)
          if (at.arrived && at.arrived->connection == x.from) at.arrived.reset();
      },
      [this](const peer_ready& x) { know(x.who, caf::actor_cast<caf::actor>(current_sender())); },
      [this](const link_opened& x) { opened(x); },
      [this](const link_failed& x) {
        if (x.dialled) book_.failed(x.who, x.why, now(), random_u64());
      },
      [this](const link_closed& x) {
        auto found = places_.find(x.who);
        if (found != places_.end() && found->second.link == x.connection) closed(x.who, x.why);
      },
      [this](const head_told& x) { heard(x); },
      [this](const chain::tell_peers& x) { tell(x); },
      [this](const chain::ask_peer& x) { return ask_it(x); },
      [this](const chain::peer_misbehaved& x) { misbehaved(x.who, x.why); },
      [this](const chain::get_peers&) { return list(); },
      [this](const chain::position& x) { follow(x); },
      [this](tick_atom) { tick(); },
  };
}

void peers_actor::on_down(const caf::down_msg& what) {
  if (ledger_ && what.source == ledger_.address()) ledger_ = nullptr;
  for (auto& [who, x] : places_) {
    if (!x.peer || what.source != x.peer.address()) continue;
    x.peer = nullptr;
    book_.failed(who, {ec::restarted, "its PEER"}, now(), random_u64());
    if (x.link) closed(who, {ec::restarted, "its PEER"});
    return;
  }
}

/// The PEERs end when they hear of it.
void peers_actor::on_exit() {
  for (auto& [who, x] : places_)
    if (x.arrived) x.arrived->connection->close(ec::restarted, {});
  places_.clear();
  ledger_ = nullptr;
  sync_ = nullptr;
  telemetry::linked(0);
}

// -- who comes -----------------------------------------------------------------------

caf::result<oracle::peer_admitted> peers_actor::admit(const oracle::admit_peer& x) {
  if (auto good = book_.admit(x.address, now()); !good) return to_caf(good.error());
  return oracle::peer_admitted{caf::actor{this}};
}

void peers_actor::take(const oracle::peer_connected& x) {
  auto& at = places_[x.address];
  if (at.arrived) at.arrived->connection->close(ec::superseded, {});
  at.arrived = x;
  at.arrived_until = now() + start_max;
  if (at.peer)
    hand_over(at);
  else
    start(x.address);
}

void peers_actor::hand_over(place& x) {
  if (!x.arrived || !x.peer) return;
  send(x.peer, take_link{x.arrived->connection, x.arrived->signed_with, mine_});
  x.arrived.reset();
}

void peers_actor::start(const chain::address& who) {
  auto& at = places_[who];
  if (at.peer || at.starting) return;
  auto links = shared_->find(chain::path::links);
  if (!links) return; // looked for again at the next tick
  at.starting = true;
  ask<caf::actor>(
      links, start_max, supervision::start_child{peer_spec(shared_, who)},
      [this, who](const caf::actor& peer) {
        places_[who].starting = false;
        know(who, peer);
      },
      [this, who](const failure& why) {
        places_[who].starting = false;
        log::warn("peer-not-started",
                  {{"peer", crypto::to_hex(who)}, {"code", bpci::name(why.code)}});
      });
}

void peers_actor::know(const chain::address& who, const caf::actor& peer) {
  auto& at = places_[who];
  if (at.peer != peer) {
    at.peer = peer;
    monitor<caf::message_priority::high>(peer);
  }
  hand_over(at);
}

// -- links ---------------------------------------------------------------------------

void peers_actor::opened(const link_opened& x) {
  auto& at = places_[x.who];
  at.link = x.connection;
  at.counted = x.counted;
  book_.opened(x.who, x.dialled, now(), wall_now());
  telemetry::linked(links());
  // The chain may have gone on since it was told where it stands.
  if (x.told != mine_)
    write(at, std::make_shared<const bytes>(encode(say(shared_->me.chain_id, mine_))));
}

void peers_actor::closed(const chain::address& who, const failure& why) {
  auto& at = places_[who];
  at.link = nullptr;
  at.counted = nullptr;
  const auto told = std::exchange(at.head, std::nullopt).has_value();
  book_.closed(who, why, now(), random_u64());
  telemetry::linked(links());
  if (told && sync_) send(sync_, chain::peer_lost{who});
}

void peers_actor::heard(const head_told& x) {
  auto found = places_.find(x.who);
  if (found == places_.end() || !found->second.link) return;
  found->second.head = x.head;
  book_.stands_at(x.who, x.head);
  if (sync_) send(sync_, chain::peer_seen{x.who, x.head});
}

void peers_actor::misbehaved(const chain::address& who, const std::string& why) {
  telemetry::misbehaved();
  log::warn("peer-misbehaved", {{"peer", crypto::to_hex(who)}, {"why", why}});
  if (!book_.misbehaved(who, why, now())) return;
  auto found = places_.find(who);
  if (found != places_.end() && found->second.peer)
    send(found->second.peer, close_link{{ec::rate_limited, "too much that no honest node sends"}});
}

// -- speaking ------------------------------------------------------------------------

void peers_actor::tell(const chain::tell_peers& x) {
  if (!x.what) return;
  const auto frame = std::make_shared<const bytes>(encode(say(shared_->me.chain_id, *x.what)));
  if (x.to.empty()) {
    for (auto& [who, at] : places_)
      if (who != x.except) write(at, frame);
    return;
  }
  for (const auto& who : x.to)
    if (auto found = places_.find(who); found != places_.end()) write(found->second, frame);
}

/// One that does not read loses it: whoever needs it to arrive says it again.
void peers_actor::write(place& x, const std::shared_ptr<const bytes>& frame) {
  if (!x.link) return;
  if (x.link->write(frame))
    ++x.counted->sent;
  else
    telemetry::dropped();
}

caf::result<chain::peer_answer> peers_actor::ask_it(const chain::ask_peer& x) {
  auto found = places_.find(x.who);
  if (found == places_.end() || !found->second.link || !found->second.peer)
    return to_caf(ec::not_found, "there is no link to it");
  auto promise = make_response_promise<chain::peer_answer>();
  ask<chain::peer_answer>(
      found->second.peer, x.within + ask_grace, x,
      [promise](const chain::peer_answer& answer) mutable { promise.deliver(answer); },
      [promise](const failure& why) mutable {
        promise.deliver(why.code == ec::restarted ? to_caf(ec::unavailable, "the link broke")
                                                  : to_caf(why));
      });
  return promise;
}

chain::peer_list peers_actor::list() const {
  auto out = chain::peer_list{book_.list()};
  for (auto& line : out.peers) {
    auto found = places_.find(line.who);
    if (found == places_.end() || !found->second.counted) continue;
    line.sent = found->second.counted->sent;
    line.received = found->second.counted->received;
  }
  return out;
}

// -- this node's chain ---------------------------------------------------------------

void peers_actor::follow(const chain::position& x) {
  if (!x.head) return;
  std::set<chain::address> validators;
  for (const auto* set : {&x.head->validators, &x.head->next})
    for (const auto& one : *set)
      validators.insert(one.id);
  book_.validators_are(std::move(validators));
  auto mine = peer_head{x.head->head.at, x.head->id};
  if (mine == mine_) return;
  mine_ = mine;
  head_changed_ = true;
  tell_head();
}

void peers_actor::tell_head() {
  if (!head_changed_) return;
  if (head_told_at_ != instant::min() && now() - head_told_at_ < shared_->head_every) return;
  head_changed_ = false;
  head_told_at_ = now();
  tell({{}, std::make_shared<const chain::peer_message>(mine_), {}});
}

/// LEDGER and SYNC may have been started anew; what they knew is told again.
void peers_actor::watch() {
  if (auto ledger = shared_->find(chain::path::ledger); ledger && ledger != ledger_) {
    ledger_ = ledger;
    monitor<caf::message_priority::high>(ledger_);
    send(ledger_, chain::watch_position{});
  }
  auto sync = shared_->find(chain::path::sync);
  if (sync == sync_) return;
  sync_ = sync;
  if (!sync_) return;
  for (const auto& [who, at] : places_)
    if (at.head) send(sync_, chain::peer_seen{who, *at.head});
}

void peers_actor::tick() {
  delayed_send(this, tick_every, tick_atom::value);
  watch();
  tell_head();
  for (const auto& who : book_.configured())
    start(who);
  for (auto& [who, at] : places_) {
    if (!at.arrived) continue;
    if (at.arrived_until > now()) {
      start(who);
    } else {
      at.arrived->connection->close(ec::restarted, {});
      at.arrived.reset();
    }
  }
  const auto can = [this](const chain::address& who) {
    auto found = places_.find(who);
    return found != places_.end() && found->second.peer;
  };
  for (const auto& call : book_.due(now(), can))
    send(places_[call.who].peer, dial_link{call.url, mine_});
  for (const auto& who : book_.forget(now())) {
    places_.erase(who);
    if (auto links = shared_->find(chain::path::links))
      caf::anon_send(links, supervision::stop_child{crypto::to_hex(who)});
  }
}

std::size_t peers_actor::links() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(places_, [](const auto& x) { return x.second.link != nullptr; }));
}

/// The actor system's, which is virtual in tests.
instant peers_actor::now() const {
  return system().clock().now();
}

std::string peers_actor::describe() const {
  return codec::to_text({{"chain", shared_->me.chain_id},
                         {"self", crypto::to_hex(shared_->me.keys->pub)},
                         {"known", places_.size()},
                         {"links", links()},
                         {"height", mine_.at.get()}});
}

} // namespace bpci::peers
