#include "actors/oracle/link_actor.hpp"

#include "actors/oracle/telemetry.hpp"
#include "messages/codec/json.hpp"
#include "messages/oracle/conduct.hpp"
#include "runtime/log/log.hpp"
#include "runtime/time/clock.hpp"

namespace bpci::oracle {

namespace {

using check_idle_atom = caf::atom_constant<caf::atom("idle")>;
using announce_atom = caf::atom_constant<caf::atom("announce")>;
using tick_atom = caf::atom_constant<caf::atom("tick")>;

/// How often a LINK with a backlog looks for credit that has come back.
constexpr auto tick_every = std::chrono::milliseconds{1'000};

/// How soon a LINK looks again for a RELAY that is being restarted.
constexpr auto relay_retry = std::chrono::milliseconds{20};

/// False: there is no room for it.
bool write_to(connection& to, const delivery& what) {
  if (!what.is_batch()) return to.write(encode_deliver(*what.message, what.source_key, to.how()));
  if (to.how() == encoding::msgpack) return to.write(what.frame);
  return to.write(part_as_json(*what.frame));
}

} // namespace

link_actor::link_actor(caf::actor_config& cfg, context_ptr shared, node_id node)
    : actor_base(cfg),
      shared_(std::move(shared)),
      node_(std::move(node)),
      core_({node_, shared_->identity->limits, shared_->backlog_max, shared_->conduct}) {
  set_exit_handler([this](caf::exit_msg& x) {
    if (x.reason == caf::exit_reason::user_shutdown) farewell_ = ec::shutting_down;
    quit(std::move(x.reason));
  });
}

caf::behavior link_actor::make_behavior() {
  delayed_send(this, shared_->link_idle, check_idle_atom::value, generation_);
  return {
      [this](const open_link& x) { take(x); },
      [this](const frames_received& x) { receive(x); },
      [this](const connection_writable& x) {
        if (x.from != connection_) return;
        core_.on_writable(steady_now(), effects_);
        perform();
      },
      [this](const connection_closed& x) { lose(x); },
      [this](const deliveries& x) {
        auto now = steady_now();
        // All of them are of the RELAY that has sent them.
        if (!x.items.empty())
          relays_[x.items.front().relay] = caf::actor_cast<caf::actor>(current_sender());
        for (const auto& one : x.items)
          core_.on_delivery(one, now, effects_);
        perform();
      },
      [this](const outcomes& x) {
        core_.on_outcomes(x.items, effects_);
        perform();
      },
      [this](const notice_out& x) {
        // Whoever has no room for it does without.
        if (connection_)
          connection_->write(connection_->how() == encoding::json ? x.json : x.msgpack);
      },
      [this](const superseded& x) {
        if (!connection_ || x.by <= session_) return;
        connection_->close(ec::superseded, "session " + std::to_string(x.by.get()));
      },
      [this](const expel& x) {
        if (connection_ && session_ <= x.up_to) connection_->close(x.why.code, x.why.detail);
      },
      [this](announce_atom) { announce(); },
      [this](tick_atom) {
        ticking_ = false;
        core_.tick(steady_now(), effects_);
        perform();
      },
      [this](check_idle_atom, std::uint64_t generation) { check_idle(generation); },
  };
}

void link_actor::on_exit() {
  if (connection_) connection_->close(farewell_, {});
  connection_ = nullptr;
  relay_ = nullptr; // handles of each other would keep both in memory
  relays_.clear();
}

// -- connections -------------------------------------------------------------------

void link_actor::take(const open_link& x) {
  if (connection_ && x.session < session_) {
    x.connection->close(ec::superseded, "session " + std::to_string(session_.get()));
    return;
  }
  if (connection_) connection_->close(ec::superseded, "session " + std::to_string(x.session.get()));
  ++generation_;
  connection_ = x.connection;
  session_ = x.session;
  key_.assign(x.client.key.bytes.begin(), x.client.key.bytes.end());
  auto resume_from = core_.attach(x.client.key, x.client.last_sequence);
  connection_->set_owner(caf::actor{this});
  auto frame =
      make_welcome(*shared_->identity, x.client.signed_with, session_, resume_from, wall_now());
  connection_->write(encode(server_frame{std::move(frame)}, connection_->how()));
  log::info("link-open", {{"node", node_.get()},
                          {"session", session_.get()},
                          {"address", connection_->remote_address()}});
  announce();
}

void link_actor::lose(const connection_closed& x) {
  if (x.from != connection_) return;
  log::info("link-closed", {{"node", node_.get()},
                            {"session", session_.get()},
                            {"code", bpci::name(x.why.code)},
                            {"detail", x.why.detail}});
  ++generation_;
  connection_ = nullptr;
  core_.detach();
  withdraw();
  delayed_send(this, shared_->link_idle, check_idle_atom::value, generation_);
}

/// Only the check that was sent at the last loss counts.
void link_actor::check_idle(std::uint64_t generation) {
  if (!connection_ && generation == generation_) quit();
}

void link_actor::announce() {
  if (!connection_) return;
  auto relay = shared_->find(path::relay);
  if (!relay) {
    delayed_send(this, relay_retry, announce_atom::value);
    return;
  }
  if (relay != relay_) {
    relay_ = relay;
    monitor<caf::message_priority::high>(relay_);
  }
  send(relay_, route_up{node_, shared_->identity->member, session_, key_, caf::actor{this}});
}

void link_actor::withdraw() {
  if (relay_) send(relay_, route_down{node_, shared_->identity->member, session_});
}

void link_actor::on_down(const caf::down_msg& what) {
  if (!relay_ || what.source != relay_.address()) return;
  relay_ = nullptr;
  core_.relay_lost(effects_);
  perform();
  delayed_send(this, relay_retry, announce_atom::value);
}

// -- frames --------------------------------------------------------------------------

void link_actor::receive(const frames_received& x) {
  if (x.from != connection_) return;
  auto now = moment{wall_now(), steady_now()};
  for (const auto& raw : x.frames)
    receive_one(raw, now);
  auto connection = connection_; // performing may end it
  perform();
  connection->grant(x.frames.size());
}

void link_actor::receive_one(const raw_frame& raw, moment now) {
  if (raw.how == encoding::msgpack && view_batch(raw.data, batch_))
    return unless_quarantined(message_id{std::string{batch_.id}},
                              [&] { core_.on_batch(batch_, now, effects_); });
  auto frame = decode_client_frame(raw.data, raw.how);
  if (!frame) return core_.on_garbage(frame.error(), now, effects_);
  auto take = [&] { core_.on_frame(std::move(*frame), now, effects_); };
  if (const auto* message = std::get_if<oracle::send>(&*frame))
    return unless_quarantined(message->envelope.id, take);
  if (const auto* batch = std::get_if<send_batch>(&*frame))
    return unless_quarantined(batch->id, take);
  take();
}

template <class Handle>
void link_actor::unless_quarantined(message_id id, Handle handle) {
  if (shared_->node->quarantine.contains(id))
    return core_.refuse(id, {ec::quarantined, {}}, effects_);
  handling(id, handle);
}

// -- effects -------------------------------------------------------------------------

void link_actor::perform() {
  // Performing one may bring further ones.
  while (!effects_.empty()) {
    auto effects = std::exchange(effects_, {});
    for (auto& x : effects)
      std::visit([this](auto& effect) { perform(effect); }, x);
    while (!unwritten_.empty()) {
      core_.write_failed(std::move(unwritten_.back()));
      unwritten_.pop_back();
    }
  }
  flush();
}

void link_actor::perform(write& x) {
  if (const auto* no = std::get_if<refusal>(&x.frame)) telemetry::refused(no->code);
  if (!connection_) return;
  // An answer can't wait behind a full queue: the client sends again when it reads again.
  if (!connection_->write(encode(x.frame, connection_->how())))
    connection_->close(ec::slow_reader, "the write queue is full");
}

void link_actor::perform(write_delivery& x) {
  if (!unwritten_.empty() || !connection_ || !write_to(*connection_, x.what))
    unwritten_.push_back(std::move(x.what));
}

void link_actor::perform(submit& x) {
  submitted_.emplace_back(std::move(x.message), std::move(x.batch));
}

void link_actor::perform(settle& x) {
  settled_[x.relay].items.push_back(std::move(x.what));
}

void link_actor::perform(hang_up& x) {
  if (connection_) connection_->close(x.why.code, x.why.detail);
}

/// Closed at once, for what it sends further is of no use; WARDEN makes it lasting.
void link_actor::perform(accuse& x) {
  auto reason = std::string{bpci::name(x.reason)};
  if (auto warden = shared_->find(path::warden)) send(warden, accusation{node_, session_, reason});
  if (connection_) connection_->close(ec::isolated, reason);
}

void link_actor::flush() {
  if (!submitted_.empty()) {
    if (relay_)
      send(relay_, submissions{std::exchange(submitted_, {}), key_});
    else
      for (const auto& x : std::exchange(submitted_, {}))
        for (const auto& target : x.message->targets)
          core_.on_outcome({node_, x.message->id, target, {ec::restarted, "the relay"}}, effects_);
  }
  for (auto& [member, items] : std::exchange(settled_, {}))
    if (auto relay = relays_.find(member); relay != relays_.end()) send(relay->second, items);
  if (!effects_.empty()) return perform();
  if (core_.backlog() == 0 || std::exchange(ticking_, true)) return;
  delayed_send(this, tick_every, tick_atom::value);
}

std::string link_actor::describe() const {
  return codec::to_text({{"node", node_.get()},
                         {"connected", connection_ != nullptr},
                         {"address", connection_ ? connection_->remote_address() : ""},
                         {"session", session_.get()},
                         {"last_sequence", core_.last_sequence()},
                         {"in_flight", core_.in_flight()},
                         {"unacknowledged", core_.unacknowledged()},
                         {"backlog", core_.backlog()},
                         {"violations", core_.score(steady_now())},
                         {"accepted", core_.stats().accepted},
                         {"refused", core_.stats().refused},
                         {"delivered", core_.stats().delivered}});
}

} // namespace bpci::oracle
