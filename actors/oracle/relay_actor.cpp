#include "actors/oracle/relay_actor.hpp"

#include "actors/oracle/mailbox.hpp"
#include "actors/oracle/telemetry.hpp"
#include "messages/codec/json.hpp"
#include "messages/interapp/gate.hpp"
#include "messages/interapp/paths.hpp"
#include "messages/oracle/codec.hpp"
#include "messages/oracle/nodes.hpp"
#include "messages/oracle/signing.hpp"
#include "runtime/crypto/keys.hpp"
#include "runtime/entity/call.hpp"
#include "runtime/log/log.hpp"
#include "runtime/time/clock.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <charconv>

namespace bpci::oracle {

namespace {

using tick_atom = caf::atom_constant<caf::atom("tick")>;
using flush_atom = caf::atom_constant<caf::atom("flush")>;

/// How often overdue messages are looked for; well below any relay timeout.
constexpr auto tick_every = std::chrono::milliseconds{250};

/// How long another member may take to say where its RELAY is.
constexpr auto find_service_max = std::chrono::milliseconds{2'000};

/// Random bytes in the id of a notice.
constexpr std::size_t notice_id_bytes = 15;

/// How much longer than the relay timeout a request is kept.
constexpr auto request_grace = std::chrono::milliseconds{1'000};

/// How long the register may take to say who is in it.
constexpr auto look_up_max = query_max + std::chrono::milliseconds{1'500};

/// What may wait for that, before `busy`.
constexpr auto look_up_waiting = router::credit_limit{1'000, 16 * 1'024 * 1'024};

/// How long GATE may take to decide, with one entity that it asks and one that it tells.
constexpr auto gate_max = 2 * (entity_max + entity_grace);

/// What may wait for that, before `busy`.
constexpr auto gate_waiting = router::credit_limit{1'000, 16 * 1'024 * 1'024};

/// What a source is told to wait when a mailbox, or a queue on the way to it, is full.
constexpr std::uint64_t mailbox_retry_ms = 1'000;

/// The same when a slot is being moved, and nobody has said how long.
constexpr std::uint64_t move_retry_ms = 500;

/// A retry_after names milliseconds in its detail.
std::uint64_t wait_named_by(const failure& why) {
  std::uint64_t out = 0;
  std::from_chars(why.detail.data(), why.detail.data() + why.detail.size(), out);
  return out == 0 ? move_retry_ms : out;
}

/// As BPI-1.0 says it: a code that makes the client send the message again, wherever that helps.
failure told_to_source(const failure& why, const std::string& about = "the mailbox") {
  switch (why.code) {
  case ec::retry_after:
    return {ec::busy, about + " is being moved"};
  case ec::timeout:
  case ec::not_owner:
  case ec::fenced:
    return {ec::restarted, about};
  default:
    return why;
  }
}

entity::entity_ref mailbox_of(const node_id& node) {
  return {mailbox::kind_name, node.get()};
}

/// As its LINKs do: what is waited for longer than the relay timeout counts no more.
mailman_config like_links(const context& shared) {
  auto out = shared.mailman;
  out.self = shared.relay.self;
  out.ack_max = shared.relay.relay_timeout + request_grace;
  out.window = std::min(out.window, shared.identity->limits.max_in_flight);
  return out;
}

} // namespace

relay_actor::relay_actor(caf::actor_config& cfg, context_ptr shared)
    : actor_base(cfg),
      shared_(std::move(shared)),
      core_(shared_->relay),
      mailman_(like_links(*shared_)),
      check_(look_up_waiting) {}

caf::behavior relay_actor::make_behavior() {
  tick();
  return {
      [this](const submissions& x) {
        telemetry::accepted(x.items.size());
        for (const auto& one : x.items)
          submit(one, x.source_key, ticket{});
        perform();
      },
      [this](const outcomes& x) {
        auto now = steady_now();
        for (const auto& one : x.items)
          if (!mailman_.settle(one, now, letters_)) core_.settle(one, now, effects_);
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
        follow(x.node);
        if (x.member == shared_->identity->member) broadcast(caf::make_message(x));
      },
      [this](const letters_waiting& x) {
        for (const auto& node : x.nodes)
          mailman_.hint(node, steady_now(), letters_);
        perform();
      },
      [this](const route_snapshot& x) {
        core_.snapshot(x, steady_now(), effects_);
        for (const auto& route : x.routes)
          follow(route.node);
        mailman_.hint_all(steady_now(), letters_);
        perform();
        auto peer = caf::actor_cast<caf::actor>(current_sender());
        know(x.member, peer);
        if (x.answer_wanted) send(peer, core_.local_routes());
      },
      [this](const cluster::peer_up& x) { meet(x); },
      [this](const cluster::peer_down& x) { part(x); },
      [](const cluster::view_changed&) {}, // routes follow who can be reached
      [](const cluster::change_seen&) {},
      [this](const relay_request& x) { return request_relay(x); },
      [this](const find_routes& x) {
        route_list out;
        for (const auto& node : x.nodes)
          if (const auto* route = core_.find(node)) out.routes.push_back(*route);
        return out;
      },
      [this](const get_relay_stats&) { return core_.stats(); },
      [this](const publish_notice& x) { tell_everybody(x); },
      [this](tick_atom) { tick(); },
      [this](flush_atom) {
        flush_waits_ = false;
        flush();
      },
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
  know(member, relay);
  auto routes = core_.local_routes();
  routes.answer_wanted = true;
  send(relay, std::move(routes));
}

void relay_actor::know(const member_id& member, const caf::actor& relay) {
  peers_[member] = relay;
  monitor<caf::message_priority::high>(relay);
}

void relay_actor::part(const cluster::peer_down& x) {
  lost(x.id);
}

/// Also when only its RELAY ended, or when MEMBERS, which would tell of it, was away just then: the
/// nodes there announce themselves again.
void relay_actor::lost(const member_id& member) {
  peers_.erase(member);
  core_.member_down(member, steady_now());
}

void relay_actor::local_up(const route_up& x) {
  // A LINK announces itself again with every session.
  if (local_links_.try_emplace(x.link.address(), x.node).second)
    monitor<caf::message_priority::high>(x.link);
  core_.up(x, steady_now(), effects_);
  check_.learn(x.node);
  follow(x.node);
  broadcast(caf::make_message(x));
  perform();
}

void relay_actor::remote_up(const route_up& x) {
  core_.up(x, steady_now(), effects_);
  check_.learn(x.node);
  follow(x.node);
  perform();
}

/// The mailbox of a node is read where the node is connected.
void relay_actor::follow(const node_id& node) {
  const auto* route = core_.find(node);
  if (route && route->member == shared_->identity->member)
    mailman_.up(node, route->session, steady_now(), letters_);
  else
    mailman_.down(node);
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
  auto peer = std::ranges::find_if(
      peers_, [&](const auto& x) { return x.second.address() == what.source; });
  if (peer != peers_.end()) return lost(member_id{peer->first});
  auto found = local_links_.find(what.source);
  if (found == local_links_.end()) return;
  auto node = found->second;
  local_links_.erase(found);
  const auto* route = core_.find(node);
  if (!route || route->link.address() != what.source) return;
  auto gone = route_down{node, route->member, route->session};
  core_.down(gone, steady_now());
  follow(node);
  broadcast(caf::make_message(gone));
}

// -- mailboxes -----------------------------------------------------------------------

void relay_actor::perform(store_for& x) {
  switch (check_.submit(x)) {
  case register_check::verdict::known:
    return post(x);
  case register_check::verdict::look_up:
    to_look_up_.push_back(x.target);
    return;
  case register_check::verdict::waits:
    return;
  case register_check::verdict::full:
    return posted(x, {ec::busy, "too many targets are looked up"}, mailbox_retry_ms);
  }
}

void relay_actor::look_up() {
  if (to_look_up_.empty()) return;
  auto asked = std::exchange(to_look_up_, {});
  auto refuse = [this, asked](const failure& why) {
    for (const auto& node : asked)
      for (const auto& one : check_.take(node))
        posted(one, {ec::unavailable, "the register: " + std::string{bpci::name(why.code)}});
    perform();
  };
  auto registry = shared_->find(path::registry);
  if (!registry) return refuse({ec::restarted, {}});
  ask<registered_nodes>(
      registry, look_up_max, find_registered{asked},
      [this, asked](const registered_nodes& found) {
        for (const auto& node : found.nodes)
          check_.learn(node);
        for (const auto& node : asked)
          for (auto& one : check_.take(node))
            if (std::ranges::find(found.nodes, node) != found.nodes.end())
              post(one);
            else
              posted(one, {ec::unknown_target, "it is not registered"});
        perform();
      },
      refuse);
}

void relay_actor::post(const store_for& x) {
  auto router = shared_->find(path::router);
  if (!router) return posted(x, {ec::unavailable, "the router"});
  const auto& message = *x.message;
  auto what = entity::make_command(
      mailbox_of(x.target), "store/" + message.source.get() + "/" + message.id.get(),
      mailbox::store{message, x.source_key, shared_->mailbox}, entity_max);
  what.identity = identity_of(message);
  ask<entity::response>(
      router, entity_max + entity_grace, std::move(what),
      [this, x](const entity::response&) {
        posted(x, {ec::none, {}});
        hint(x.target);
        perform();
      },
      [this, x](const failure& why) {
        auto wait = why.code == ec::retry_after ? wait_named_by(why)
                    : why.code == ec::busy      ? mailbox_retry_ms
                                                : 0;
        posted(x, told_to_source(why), wait);
        perform();
      });
}

void relay_actor::posted(const store_for& x, const failure& why, std::uint64_t retry_after_ms) {
  core_.stored({x.message->source, x.message->id, x.target, why, progress::stored, retry_after_ms},
               steady_now(), effects_);
}

/// Whoever is connected gets it now. A hint that is lost costs time only.
void relay_actor::hint(const node_id& target) {
  const auto* route = core_.find(target);
  if (!route) return;
  if (route->member == shared_->identity->member)
    mailman_.hint(target, steady_now(), letters_);
  else
    hints_[route->member].insert(target);
}

void relay_actor::perform(read_mailbox& x) {
  auto done = [this, node = x.node, no = x.no](const result<mailbox::page>& what) {
    mailman_.page(node, no, what, steady_now(), random_u64(), letters_);
    perform();
  };
  auto router = shared_->find(path::router);
  if (!router) return done(fail(ec::unavailable));
  ask<entity::response>(
      router, entity_max + entity_grace,
      entity::make_command(mailbox_of(x.node), {}, x.what, entity_max),
      [done](const entity::response& answer) { done(entity::answer_of<mailbox::page>(answer)); },
      [done](const failure& why) { done(why); });
}

void relay_actor::perform(clear_mailbox& x) {
  auto done = [this, node = x.node, no = x.no](const result<void>& what) {
    mailman_.cleared(node, no, what, steady_now(), random_u64(), letters_);
    perform();
  };
  auto router = shared_->find(path::router);
  if (!router) return done(fail(ec::unavailable));
  auto key = "remove/" + crypto::to_hex(crypto::sha256(codec::to_msgpack(x.what)));
  ask<entity::response>(
      router, entity_max + entity_grace,
      entity::make_command(mailbox_of(x.node), std::move(key), x.what, entity_max),
      [done](const entity::response&) { done({}); }, [done](const failure& why) { done(why); });
}

void relay_actor::perform(hand_letter& x) {
  to_targets_[x.target].items.push_back(std::move(x.what));
}

void relay_actor::perform(tell_source& x) {
  telemetry::delivered_from_mailbox();
  to_sources_[x.what.source].items.push_back(std::move(x.what));
}

// -- messages ------------------------------------------------------------------------

caf::result<outcomes> relay_actor::request_relay(const relay_request& x) {
  telemetry::accepted(1);
  auto who = ticket{++last_ticket_};
  auto promise = make_response_promise<outcomes>();
  auto deadline = steady_now() + shared_->relay.relay_timeout + request_grace;
  requests_.emplace(who.get(), waiting_request{promise, deadline, x.message->targets.size(), {}});
  handling(x.message->id, [&] { submit(x.message, x.source_key, who); });
  perform();
  return promise;
}

void relay_actor::submit(const submission& what, const bytes& source_key, ticket who) {
  if (what.message->type == interapp::envelope_type)
    ask_gate(what.message, source_key, who);
  else
    core_.submit(what, source_key, who, steady_now(), effects_);
}

/// A message between apps goes on when its agreement permits it. Others may overtake it meanwhile.
void relay_actor::ask_gate(const envelope_ptr& message, const bytes& source_key, ticket who) {
  auto size = message->body.size();
  if (at_gate_ >= gate_waiting.count || at_gate_bytes_ + size > gate_waiting.bytes)
    return refuse(*message, {ec::busy, "too many messages wait at the gate"}, who);
  auto gate = shared_->find(interapp::path::gate);
  if (!gate) return refuse(*message, {ec::restarted, "the gate"}, who);
  ++at_gate_;
  at_gate_bytes_ += size;
  auto decided = [this, message, source_key, who, size](const failure& why) {
    --at_gate_;
    at_gate_bytes_ -= size;
    if (why.code == ec::none)
      core_.submit(message, source_key, who, steady_now(), effects_);
    else
      refuse(*message, why, who);
    perform();
  };
  ask<interapp::passage>(
      gate, gate_max, interapp::may_pass{message},
      [decided](const interapp::passage& x) { decided(x.allowed ? fail(ec::none) : x.why); },
      [decided](const failure& why) { decided(told_to_source(why, "the agreement")); });
}

void relay_actor::refuse(const envelope& message, const failure& why, ticket who) {
  auto wait = why.code == ec::busy ? mailbox_retry_ms : 0;
  for (const auto& target : message.targets)
    effects_.push_back(
        answer{who, {message.source, message.id, target, why, progress::acknowledged, wait}, {}});
}

/// Signed and encoded once, however many read it.
void relay_actor::tell_everybody(const publish_notice& x) {
  const auto& me = *shared_->identity;
  notice what{x.topic, message_id{crypto::random_token(notice_id_bytes)}, wall_now(), x.body, {}};
  const auto key = bytes{me.keys.pub.bytes.begin(), me.keys.pub.bytes.end()};
  const auto signature = crypto::sign(me.keys.secret, signing_bytes(key, what));
  what.signature.assign(signature.bytes.begin(), signature.bytes.end());
  const auto frame = server_frame{std::move(what)};
  const auto out = notice_out{std::make_shared<const bytes>(encode(frame, encoding::msgpack)),
                              std::make_shared<const bytes>(encode(frame, encoding::json))};
  for (const auto& [link, node] : local_links_)
    if (auto to = caf::actor_cast<caf::actor>(link)) send(to, out);
}

void relay_actor::tick() {
  watch_members();
  core_.tick(steady_now(), effects_);
  mailman_.tick(steady_now(), letters_);
  perform();
  drop_requests(steady_now());
  auto stats = core_.stats();
  telemetry::connected(stats.connected_local, stats.connected_cluster);
  telemetry::mailboxes(mailman_.mailboxes(), mailman_.in_flight());
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
  // Performing one may bring further ones, and call this again; the outermost call flushes.
  if (std::exchange(performing_, true)) return;
  while (!effects_.empty() || !letters_.empty()) {
    for (auto& x : std::exchange(effects_, {}))
      std::visit([this](auto& effect) { perform(effect); }, x);
    for (auto& x : std::exchange(letters_, {}))
      std::visit([this](auto& effect) { perform(effect); }, x);
    if (effects_.empty() && letters_.empty()) look_up();
  }
  performing_ = false;
  flush_soon();
}

/// With what the messages that wait already will bring: under load, several deliveries for a target
/// or answers for a source are one message then, and one write.
void relay_actor::flush_soon() {
  if (flush_waits_) return;
  if (mailbox().empty()) return flush();
  flush_waits_ = true;
  send(this, flush_atom::value);
}

void relay_actor::perform(deliver_to& x) {
  to_targets_[x.target].items.push_back(std::move(x.what));
}

void relay_actor::perform(answer& x) {
  if (x.what.why.code == ec::none) {
    if (x.what.progress == progress::stored)
      telemetry::stored(x.took);
    else
      telemetry::delivered(x.took);
  }
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
  for (auto& [member, nodes] : std::exchange(hints_, {}))
    if (auto peer = peers_.find(member); peer != peers_.end())
      send(peer->second, letters_waiting{{nodes.begin(), nodes.end()}});
}

std::string relay_actor::describe() const {
  auto peers = boost::json::array{};
  for (const auto& [member, relay] : peers_)
    peers.emplace_back(member.get());
  return codec::to_text({{"stats", codec::to_json(core_.stats())},
                         {"peers", std::move(peers)},
                         {"mailboxes", mailman_.mailboxes()},
                         {"letters_in_flight", mailman_.in_flight()},
                         {"requests", requests_.size()}});
}

} // namespace bpci::oracle
