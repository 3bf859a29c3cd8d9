#include "actors/oracle/relay_actor.hpp"

#include "actors/oracle/telemetry.hpp"
#include "messages/codec/json.hpp"
#include "runtime/time/clock.hpp"

#include <caf/send.hpp>

namespace bpci::oracle {

namespace {

using tick_atom = caf::atom_constant<caf::atom("tick")>;

/// How often overdue messages are looked for; well below any relay timeout.
constexpr auto tick_every = std::chrono::milliseconds{250};

/// How long another member may take to say where its RELAY is.
constexpr auto find_service_max = std::chrono::milliseconds{2'000};

/// How much longer than the relay timeout a request is kept.
constexpr auto request_grace = std::chrono::milliseconds{1'000};

} // namespace

relay_actor::relay_actor(caf::actor_config& cfg, context_ptr shared)
    : actor_base(cfg), shared_(std::move(shared)), core_(shared_->relay) {}

caf::behavior relay_actor::make_behavior() {
  tick();
  return {
      [this](const submissions& x) {
        telemetry::accepted(x.items.size());
        for (const auto& message : x.items)
          core_.submit(message, x.source_key, ticket{}, steady_now(), effects_);
        perform();
      },
      [this](const outcomes& x) {
        for (const auto& one : x.items)
          core_.settle(one, steady_now(), effects_);
        perform();
      },
      [this](const route_up& x) {
        if (x.member == shared_->identity->member)
          local_up(x);
        else
          remote_up(x);
      },
      [this](const route_down& x) {
        core_.down(x, steady_now());
        if (x.member == shared_->identity->member) broadcast(caf::make_message(x));
      },
      [this](const route_snapshot& x) {
        core_.snapshot(x, steady_now(), effects_);
        perform();
        auto peer = caf::actor_cast<caf::actor>(current_sender());
        peers_[x.member] = peer;
        if (x.answer_wanted) send(peer, core_.local_routes());
      },
      [this](const cluster::peer_up& x) { meet(x); },
      [this](const cluster::peer_down& x) { part(x); },
      [this](const relay_request& x) { return request_relay(x); },
      [this](const find_routes& x) {
        route_list out;
        for (const auto& node : x.nodes)
          if (const auto* route = core_.find(node)) out.routes.push_back(*route);
        return out;
      },
      [this](const get_relay_stats&) { return core_.stats(); },
      [this](tick_atom) { tick(); },
  };
}

/// Handles and promises among the members would keep them, and this object, in memory.
void relay_actor::on_exit() {
  requests_.clear();
  peers_.clear();
  members_ = nullptr;
}

// -- members and routes ------------------------------------------------------------

void relay_actor::watch_members() {
  auto members = shared_->find(path::members);
  if (!members || members == members_) return;
  members_ = members;
  monitor<caf::message_priority::high>(members_);
  send(members_, cluster::watch_members{});
}

void relay_actor::meet(const cluster::peer_up& x) {
  ask<cluster::service_handle>(
      x.agent, find_service_max, cluster::find_service{path::relay},
      [this, member = x.id](const cluster::service_handle& found) { greet(member, found.service); },
      [member = x.id](const failure& why) {
        // Its RELAY is being started: it greets us as soon as it runs.
        log::info("peer-relay-absent", {{"member", member.get()}, {"code", bpci::name(why.code)}});
      });
}

/// Tells another RELAY what is connected here, and asks for the same.
void relay_actor::greet(const member_id& member, const caf::actor& relay) {
  peers_[member] = relay;
  auto routes = core_.local_routes();
  routes.answer_wanted = true;
  send(relay, std::move(routes));
}

void relay_actor::part(const cluster::peer_down& x) {
  peers_.erase(x.id);
  core_.member_down(x.id, steady_now());
}

void relay_actor::local_up(const route_up& x) {
  // A LINK announces itself again with every session.
  if (local_links_.try_emplace(x.link.address(), x.node).second)
    monitor<caf::message_priority::high>(x.link);
  core_.up(x, steady_now(), effects_);
  broadcast(caf::make_message(x));
  perform();
}

void relay_actor::remote_up(const route_up& x) {
  core_.up(x, steady_now(), effects_);
  perform();
}

void relay_actor::broadcast(const caf::message& what) {
  for (auto& [member, relay] : peers_)
    send(relay, what);
}

void relay_actor::on_down(const caf::down_msg& what) {
  if (members_ && what.source == members_.address()) {
    members_ = nullptr; // its successor is found at the next tick
    return;
  }
  auto found = local_links_.find(what.source);
  if (found == local_links_.end()) return;
  auto node = found->second;
  local_links_.erase(found);
  const auto* route = core_.find(node);
  if (!route || route->link.address() != what.source) return;
  auto gone = route_down{node, route->member, route->session};
  core_.down(gone, steady_now());
  broadcast(caf::make_message(gone));
}

// -- messages ------------------------------------------------------------------------

caf::result<outcomes> relay_actor::request_relay(const relay_request& x) {
  telemetry::accepted(1);
  auto who = ticket{++last_ticket_};
  auto promise = make_response_promise<outcomes>();
  auto deadline = steady_now() + shared_->relay.relay_timeout + request_grace;
  requests_.emplace(who.get(), waiting_request{promise, deadline, x.message->targets.size(), {}});
  handling(x.message->id,
           [&] { core_.submit(x.message, x.source_key, who, steady_now(), effects_); });
  perform();
  return promise;
}

void relay_actor::tick() {
  watch_members();
  core_.tick(steady_now(), effects_);
  perform();
  drop_requests(steady_now());
  auto stats = core_.stats();
  telemetry::connected(stats.connected_local, stats.connected_cluster);
  delayed_send(this, tick_every, tick_atom::value);
}

/// A request whose message was submitted again meanwhile is not answered: the newer one is.
void relay_actor::drop_requests(instant now) {
  for (auto it = requests_.begin(); it != requests_.end();) {
    if (it->second.deadline > now) {
      ++it;
      continue;
    }
    it->second.answer.deliver(to_caf(ec::timeout, "the same message was sent again"));
    it = requests_.erase(it);
  }
}

void relay_actor::perform() {
  auto effects = std::exchange(effects_, {});
  for (auto& x : effects)
    std::visit([this](auto& effect) { perform(effect); }, x);
  flush();
}

void relay_actor::perform(deliver_to& x) {
  to_targets_[x.target].items.push_back(std::move(x.what));
}

void relay_actor::perform(answer& x) {
  if (x.what.why.code == ec::none) telemetry::delivered(x.took);
  if (x.to == ticket{}) {
    to_sources_[x.what.source].items.push_back(std::move(x.what));
    return;
  }
  auto found = requests_.find(x.to.get());
  if (found == requests_.end()) return;
  auto& request = found->second;
  request.got.items.push_back(std::move(x.what));
  if (--request.open > 0) return;
  request.answer.deliver(std::move(request.got));
  requests_.erase(found);
}

void relay_actor::perform(supersede& x) {
  // The route may already be the newer one, at another member.
  if (auto link = shared_->find(std::string{path::links} + "/" + x.node.get()))
    send(link, superseded{x.by});
}

void relay_actor::flush() {
  for (auto& [target, items] : std::exchange(to_targets_, {}))
    if (const auto* route = core_.find(target)) send(route->link, std::move(items));
  // A source that is away asks again when it is back.
  for (auto& [source, items] : std::exchange(to_sources_, {}))
    if (const auto* route = core_.find(source)) send(route->link, std::move(items));
}

std::string relay_actor::describe() const {
  auto peers = boost::json::array{};
  for (const auto& [member, relay] : peers_)
    peers.emplace_back(member.get());
  return codec::to_text({{"stats", codec::to_json(core_.stats())},
                         {"peers", std::move(peers)},
                         {"requests", requests_.size()}});
}

} // namespace bpci::oracle
