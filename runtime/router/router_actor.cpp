#include "runtime/router/router_actor.hpp"

#include "messages/codec/json.hpp"
#include "runtime/entity/slot_of.hpp"
#include "runtime/log/log.hpp"
#include "runtime/router/entity_finder.hpp"
#include "runtime/router/telemetry.hpp"
#include "runtime/time/clock.hpp"

#include <algorithm>

namespace bpci::router {

namespace {

using tick_atom = caf::atom_constant<caf::atom("tick")>;
using flush_atom = caf::atom_constant<caf::atom("flush")>;

constexpr auto tick_every = std::chrono::milliseconds{100};

/// How long another member may take to say where its ROUTER is.
constexpr auto find_service_max = std::chrono::milliseconds{2'000};
constexpr auto find_again_min = std::chrono::milliseconds{50};
constexpr auto find_again_max = std::chrono::milliseconds{2'000};

/// How much longer than the command's own time CAF waits for ENTITIES: the core answers first.
constexpr auto answer_grace = std::chrono::milliseconds{1'000};

/// A batch as large as this is sent at once.
constexpr std::size_t batch_items = 256;
constexpr std::uint64_t batch_bytes = 256 * 1'024;

constexpr auto members_path = "/cluster/members";
constexpr auto slots_path = "/cluster/slots";
constexpr auto host_path = "/entities/host";
constexpr auto router_path = "/entities/router";

std::chrono::milliseconds find_again_after(std::uint32_t attempts) {
  auto pause = std::min(find_again_min * (1 << std::min(attempts, 6u)), find_again_max);
  return pause + std::chrono::milliseconds{random_below(pause.count() / 4 + 1)};
}

} // namespace

router_actor::router_actor(caf::actor_config& cfg, router_options how)
    : actor_base(cfg), how_(std::move(how)), core_(how_.limits) {}

caf::behavior router_actor::make_behavior() {
  tick();
  return {
      [this](entity::command& x) { return take(x); },
      [this](const entity::routed_commands& x) { take_routed(x); },
      [this](entity::routed_answers& x) { take_answers(x); },
      [this](const slots::slots_changed& x) {
        core_.slots_changed(x.rows, steady_now(), effects_);
        perform();
      },
      [this](const cluster::peer_up& x) { meet(x); },
      [this](const cluster::peer_down& x) { part(x.incarnation); },
      // Who is up matters to SLOTS only; here, who can be reached.
      [](const cluster::view_changed&) {},
      [](const cluster::change_seen&) {},
      [this](const entity::find_entity& x) { return find(caf::make_message(x), x.what); },
      [this](const entity::show_entity& x) { return find(caf::make_message(x), x.what); },
      [this](flush_atom) { flush(); },
      [this](tick_atom) { tick(); },
  };
}

/// Handles and promises would keep others, and this object, in memory.
void router_actor::on_exit() {
  origins_.clear();
  peers_.clear();
  callers_.clear();
  members_ = slots_ = host_ = nullptr;
}

// -- who is there ------------------------------------------------------------------

void router_actor::look_around() {
  watch(members_, members_path, caf::make_message(cluster::watch_members{}));
  watch(slots_, slots_path, caf::make_message(slots::watch_slots{}));
  find_host();
  auto now = steady_now();
  for (auto& [who, peer] : peers_)
    if (peer.agent && !peer.router && !peer.asked && peer.ask_at <= now) find_router(who);
}

void router_actor::watch(caf::actor& who, const char* path, const caf::message& how) {
  if (who) return;
  who = how_.node->directory.find(how_.root + path);
  if (!who) return;
  monitor<caf::message_priority::high>(who);
  send(who, how);
}

/// Not only at each tick: after a restart of ENTITIES commands wait for this.
void router_actor::find_host() {
  auto self = how_.lease->self();
  if ((host_ && self == self_) || self == incarnation{}) return;
  if (!host_) {
    auto found = how_.node->directory.find(how_.root + host_path);
    if (!found || found.address() == former_host_) return;
    host_ = std::move(found);
    monitor<caf::message_priority::high>(host_);
  }
  self_ = self;
  core_.host_up(self_, steady_now(), effects_);
  perform();
}

void router_actor::meet(const cluster::peer_up& x) {
  auto& peer = peers_[x.incarnation];
  peer.id = x.id;
  peer.agent = x.agent;
  if (!peer.router && !peer.asked) find_router(x.incarnation);
}

void router_actor::part(incarnation who) {
  auto found = peers_.find(who);
  if (found == peers_.end()) return;
  telemetry::in_flight(found->second.id, 0, 0);
  // Its ROUTER stays monitored: it may call here all the same, or be another life's of its member.
  peers_.erase(found);
  core_.peer_down(who, steady_now(), effects_);
  perform();
}

void router_actor::find_router(incarnation who) {
  auto& peer = peers_[who];
  peer.asked = true;
  ask<cluster::service_handle>(
      peer.agent, find_service_max, cluster::find_service{router_path},
      [this, who](const cluster::service_handle& x) { found_router(who, x.service); },
      [this, who](const failure& why) {
        auto found = peers_.find(who);
        if (found == peers_.end()) return;
        auto& absent = found->second;
        log::debug("peer-router-absent",
                   {{"member", absent.id.get()}, {"code", bpci::name(why.code)}});
        absent.asked = false;
        absent.ask_at = steady_now() + find_again_after(absent.attempts++);
      });
}

void router_actor::found_router(incarnation who, const caf::actor& router) {
  auto found = peers_.find(who);
  if (found == peers_.end() || !router) return;
  auto& peer = found->second;
  peer.asked = false;
  peer.attempts = 0;
  peer.router = router;
  monitor<caf::message_priority::high>(router);
  core_.peer_up(who, peer.id, steady_now(), effects_);
  perform();
}

void router_actor::lost_router(incarnation who, peer& of) {
  log::info("peer-router-lost", {{"member", of.id.get()}});
  of.router = nullptr;
  of.commands.items.clear();
  of.bytes = 0;
  of.ask_at = steady_now() + find_again_after(of.attempts++);
  core_.peer_down(who, steady_now(), effects_);
}

/// Its successor tells again who is there. Whoever has gone meanwhile shows by its ROUTER's end.
void router_actor::members_gone() {
  members_ = nullptr;
  for (auto& [who, peer] : peers_)
    peer.agent = nullptr;
  std::erase_if(peers_, [](const auto& x) { return !x.second.router; });
}

void router_actor::on_down(const caf::down_msg& what) {
  callers_.erase(what.source);
  if (members_ && what.source == members_.address()) members_gone();
  if (slots_ && what.source == slots_.address()) slots_ = nullptr;
  if (host_ && what.source == host_.address()) {
    host_ = nullptr;
    former_host_ = what.source;
    core_.host_down(steady_now(), effects_);
  }
  for (auto& [who, peer] : peers_)
    if (peer.router && what.source == peer.router.address()) lost_router(who, peer);
  std::erase_if(peers_, [](const auto& x) { return !x.second.router && !x.second.agent; });
  perform();
}

// -- commands ------------------------------------------------------------------------

caf::result<entity::response> router_actor::take(entity::command& x) {
  find_host();
  auto promise = make_response_promise<entity::response>();
  auto who = remember({promise, {}, 0});
  core_.submit(std::make_shared<const entity::command>(std::move(x)), who, steady_now(), effects_);
  perform();
  return promise;
}

void router_actor::take_routed(const entity::routed_commands& x) {
  auto router = caf::actor_cast<caf::actor>(current_sender());
  if (!router) return;
  find_host();
  auto [known, fresh] = callers_.try_emplace(router.address(), caller{router, {}, 0});
  if (fresh) monitor<caf::message_priority::high>(router);
  auto now = steady_now();
  for (const auto& one : x.items)
    core_.submit_routed(one, remember({{}, router.address(), one.no}), now, effects_);
  perform();
}

void router_actor::take_answers(entity::routed_answers& x) {
  auto now = steady_now();
  for (auto& one : x.items) {
    if (one.why.code == ec::none)
      core_.answered(one.no, std::move(one.what), now, effects_);
    else
      core_.answered(one.no, std::move(one.why), now, effects_);
  }
  perform();
}

/// In an actor of its own: what an admin asks does not hold up commands.
caf::result<caf::message> router_actor::find(const caf::message& what,
                                             const entity::entity_ref& which) {
  if (auto good = entity::check_name(which); !good) return to_caf(good.error());
  auto owner = core_.owner(entity::slot_of(which)).owner;
  return delegate(spawn<entity_finder>(how_.node, how_.root, owner), what);
}

ticket router_actor::remember(origin x) {
  if (free_tickets_.empty()) {
    free_tickets_.push_back(origins_.size());
    origins_.emplace_back();
  }
  auto no = free_tickets_.back();
  free_tickets_.pop_back();
  origins_[no] = std::move(x);
  return ticket{no};
}

void router_actor::tick() {
  look_around();
  core_.tick(steady_now(), effects_);
  perform();
  publish();
  delayed_send(this, tick_every, tick_atom::value);
}

void router_actor::publish() {
  auto stats = core_.stats();
  telemetry::publish(stats, published_);
  for (const auto& [who, peer] : peers_) {
    auto load = std::ranges::find(stats.in_flight, who, &member_load::member);
    auto none = load == stats.in_flight.end();
    telemetry::in_flight(peer.id, none ? 0 : load->commands, none ? 0 : load->bytes);
  }
  published_ = std::move(stats);
}

// -- effects -------------------------------------------------------------------------

void router_actor::perform() {
  std::swap(effects_, performing_);
  for (auto& x : performing_)
    std::visit([this](auto& effect) { perform(effect); }, x);
  performing_.clear();
}

void router_actor::perform(forward& x) {
  auto& peer = peers_[x.to];
  peer.bytes += cost_of(*x.what.what);
  peer.commands.items.push_back(std::move(x.what));
  if (peer.commands.items.size() >= batch_items || peer.bytes >= batch_bytes) return flush(peer);
  flush_soon();
}

void router_actor::perform(local& x) {
  auto no = x.what.no;
  auto within = std::chrono::milliseconds{x.what.within_ms};
  auto what = entity::routed_command{*x.what.what, x.what.slot, x.what.epoch, x.what.hops};
  what.what.within_ms = x.what.within_ms;
  request(host_, within + answer_grace, std::move(what))
      .then(
          [this, no](entity::response& got) {
            core_.answered(no, std::move(got), steady_now(), effects_);
            perform();
          },
          [this, no](const caf::error& why) {
            core_.answered(no, from_caf(why), steady_now(), effects_);
            perform();
          });
}

void router_actor::perform(answer& x) {
  auto to = std::exchange(origins_[x.to.get()], {});
  free_tickets_.push_back(x.to.get());
  if (to.from) return answer_router(to, std::move(x.what));
  if (x.what)
    to.promise.deliver(std::move(*x.what));
  else
    to.promise.deliver(to_caf(x.what.error()));
}

void router_actor::perform(refresh&) {
  if (slots_) send(slots_, slots::read_slots{});
}

/// A ROUTER that has ended has no use for its answers.
void router_actor::answer_router(const origin& to, result<entity::response> what) {
  auto found = callers_.find(to.from);
  if (found == callers_.end()) return;
  auto& caller = found->second;
  auto& one = caller.answers.items.emplace_back();
  one.no = to.no;
  if (what)
    one.what = std::move(*what);
  else
    one.why = std::move(what).error();
  caller.bytes += one.what.body.size();
  if (caller.answers.items.size() >= batch_items || caller.bytes >= batch_bytes)
    return flush(caller);
  flush_soon();
}

/// Behind what is in the mailbox now, so that all of it goes out in one message a member.
void router_actor::flush_soon() {
  if (!std::exchange(flush_due_, true)) send(this, flush_atom::value);
}

void router_actor::flush() {
  flush_due_ = false;
  for (auto& [who, peer] : peers_)
    flush(peer);
  for (auto& [address, caller] : callers_)
    flush(caller);
}

void router_actor::flush(peer& to) {
  to.bytes = 0;
  if (!to.commands.items.empty()) send(to.router, std::exchange(to.commands, {}));
}

void router_actor::flush(caller& to) {
  to.bytes = 0;
  if (!to.answers.items.empty()) send(to.router, std::exchange(to.answers, {}));
}

std::string router_actor::describe() const {
  auto peers = boost::json::array{};
  for (const auto& [who, peer] : peers_)
    peers.push_back({{"member", peer.id.get()},
                     {"incarnation", who.get()},
                     {"reached", static_cast<bool>(peer.router)}});
  return codec::to_text({{"stats", codec::to_json(core_.stats())},
                         {"self", self_.get()},
                         {"entities", static_cast<bool>(host_)},
                         {"callers", callers_.size()},
                         {"peers", std::move(peers)}});
}

} // namespace bpci::router
