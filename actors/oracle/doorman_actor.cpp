#include "actors/oracle/doorman_actor.hpp"

#include "actors/oracle/bpi_node.hpp"
#include "actors/oracle/telemetry.hpp"
#include "messages/chain/paths.hpp"
#include "messages/codec/json.hpp"
#include "messages/oracle/peer_link.hpp"
#include "runtime/crypto/hash.hpp"
#include "runtime/entity/call.hpp"
#include "runtime/log/log.hpp"
#include "runtime/supervision/supervisor_actor.hpp"
#include "runtime/time/clock.hpp"

namespace bpci::oracle {

namespace {

/// The time for a hello is up.
struct time_is_up {
  std::weak_ptr<connection> from;
};

/// How long LINKS may take to start one.
constexpr auto start_link_max = std::chrono::milliseconds{2'000};

/// How long KEEPER may take to say whether a peer is let in.
constexpr auto admit_max = std::chrono::milliseconds{3'000};

/// What a peer is told as it is; all else is a fault of this node's.
bool is_said_to_peers(ec code) {
  return code == ec::not_permitted || code == ec::not_owner || code == ec::busy
         || code == ec::rate_limited;
}

bytes fresh_nonce() {
  auto nonce = crypto::random_nonce();
  return {nonce.begin(), nonce.end()};
}

supervision::child_spec link_spec(const context_ptr& shared, const node_id& node) {
  return {.id = node.get(),
          .type = "LINK",
          .spawn = [shared, node](const supervision::spawn_context& in) -> result<caf::actor> {
            return in.system.spawn<link_actor>(shared, node);
          },
          .policy = supervision::policy::transient,
          .stop_max = std::chrono::seconds{2}};
}

} // namespace

} // namespace bpci::oracle

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::oracle::time_is_up)

namespace bpci::oracle {

doorman_actor::doorman_actor(caf::actor_config& cfg, context_ptr shared)
    : actor_base(cfg), shared_(std::move(shared)) {}

caf::behavior doorman_actor::make_behavior() {
  return {
      [this](const connection_opened& x) { open(x.from); },
      [this](const frames_received& x) { receive(x); },
      [](const connection_writable&) {},
      [this](const connection_closed& x) { visitors_.erase(x.from); },
      [this](const time_is_up& x) {
        auto from = x.from.lock();
        auto found = from ? visitors_.find(from) : visitors_.end();
        if (found != visitors_.end() && !found->second.answered)
          turn_away(from, {ec::handshake_timeout, {}});
      },
  };
}

void doorman_actor::on_exit() {
  for (auto& [from, who] : visitors_)
    from->close(ec::restarted, {});
  visitors_.clear();
}

void doorman_actor::open(const connection_ptr& from) {
  if (visitors_.size() >= shared_->max_handshakes)
    return turn_away(from, {ec::busy, "too many handshakes at once"});
  auto asked = make_challenge(*shared_->identity, fresh_nonce(), wall_now());
  from->write(encode(server_frame{asked}, from->how()));
  visitors_.emplace(from, visitor{std::move(asked), false});
  auto limit = std::chrono::milliseconds{shared_->identity->limits.handshake_timeout_ms};
  delayed_send(this, limit, time_is_up{from});
}

void doorman_actor::receive(const frames_received& x) {
  x.from->grant(x.frames.size());
  auto found = visitors_.find(x.from);
  // Whoever has seen the welcome speaks to the next owner: this came too early, or is too late.
  if (found == visitors_.end()) return x.from->close(ec::handshake_required, {});
  // One frame is all that may come before the welcome.
  if (found->second.answered || x.frames.size() > 1)
    return turn_away(x.from, {ec::handshake_required, "wait for the welcome"});
  check(x.from, found->second, x.frames.front());
}

void doorman_actor::check(const connection_ptr& from, visitor& who, const raw_frame& raw) {
  auto frame = decode_client_frame(raw.data, raw.how);
  if (!frame) return turn_away(from, frame.error());
  const auto* answer = std::get_if<hello>(&*frame);
  if (!answer) return turn_away(from, {ec::handshake_required, {}});
  auto client = check_hello(who.asked, *answer);
  if (!client) return turn_away(from, client.error());
  who.answered = true;
  if (client->is_peer) return admit(from, *client);
  register_session(from, who.asked.nonce, std::move(*client));
}

/// Under the nonce, which no other handshake has: a session is counted once, however often the
/// command has to be sent.
void doorman_actor::register_session(const connection_ptr& from, const bytes& nonce,
                                     proven_client who) {
  auto router = shared_->find(path::router);
  if (!router) return turn_away(from, {ec::unavailable, "the register"});
  auto refuse = [this, from, node = who.node](const failure& why) {
    if (why.code == ec::isolated) return turn_away_isolated(from, node, why);
    turn_away(from, why.code == ec::unknown_node ? why : failure{ec::unavailable, "the register"});
  };
  auto what =
      entity::make_command({node_kind, who.node.get()}, crypto::to_hex(nonce),
                           open_session{{who.key.bytes.begin(), who.key.bytes.end()}}, entity_max);
  ask<entity::response>(
      router, entity_max + entity_grace, std::move(what),
      [this, from, who, refuse](const entity::response& x) {
        auto opened = entity::answer_of<session_opened>(x);
        if (!opened) return refuse(opened.error());
        hand_over(from, who, opened->session);
      },
      refuse);
}

void doorman_actor::hand_over(const connection_ptr& from, proven_client who, session_no session) {
  if (!visitors_.contains(from)) return; // gone meanwhile
  auto links = shared_->find(path::links);
  if (!links) return turn_away(from, {ec::restarted, {}});
  ask<caf::actor>(
      links, start_link_max, supervision::start_child{link_spec(shared_, who.node)},
      [this, from, who, session](const caf::actor& link) {
        if (visitors_.erase(from) > 0) send(link, open_link{from, who, session});
      },
      [this, from](const failure& why) {
        turn_away(from, {ec::restarted, why.detail});
      });
}

void doorman_actor::admit(const connection_ptr& from, const proven_client& who) {
  if (from->how() != encoding::msgpack)
    return turn_away(from, {ec::unsupported, "peers speak msgpack"});
  auto keeper = shared_->find(chain::path::keeper);
  if (!keeper) return turn_away(from, {ec::not_permitted, "this node holds no chain"});
  ask<peer_admitted>(
      keeper, admit_max, admit_peer{who.key.bytes, from->remote_address()},
      [this, from, who](const peer_admitted& x) { let_in(from, who, x.owner); },
      [this, from](const failure& why) {
        turn_away(from, is_said_to_peers(why.code) ? why : failure{ec::unavailable, "the chain"});
      });
}

/// The owner first: what answers the welcome is for it. It hears of the connection last, as it may
/// write to it or hand it on at once, and the welcome is the first thing that the client sees.
void doorman_actor::let_in(const connection_ptr& from, const proven_client& who,
                           const caf::actor& owner) {
  if (visitors_.erase(from) == 0) return; // gone meanwhile
  auto frame = make_welcome(*shared_->identity, who.signed_with, session_no{1}, 0, wall_now());
  from->set_owner(owner);
  from->write(encode(server_frame{std::move(frame)}, from->how()));
  send(owner, peer_connected{from, who.key.bytes, who.signed_with});
}

/// With the time to wait, for which its entity is asked; without it when that does not answer.
void doorman_actor::turn_away_isolated(const connection_ptr& from, const node_id& node,
                                       const failure& why) {
  auto router = shared_->find(path::router);
  if (!router) return turn_away(from, why);
  ask<entity::response>(
      router, entity_max + entity_grace,
      entity::make_command({node_kind, node.get()}, {}, read_node{}, entity_max),
      [this, from, why](const entity::response& x) {
        auto record = entity::answer_of<node_record>(x);
        if (!record || !record->isolated_until) return turn_away(from, why);
        auto left = record->isolated_until->get() - wall_now().get();
        turn_away(from, why, std::chrono::milliseconds{std::max<std::int64_t>(left, 1)});
      },
      [this, from, why](const failure&) { turn_away(from, why); });
}

void doorman_actor::turn_away(const connection_ptr& from, const failure& why,
                              std::optional<std::chrono::milliseconds> retry_after) {
  telemetry::refused(bpci::name(why.code));
  log::info("handshake-refused", {{"address", from->remote_address()},
                                  {"code", bpci::name(why.code)},
                                  {"detail", why.detail}});
  from->write(encode(server_frame{make_refusal(why, {}, {}, retry_after)}, from->how()));
  from->close(why.code, why.detail);
  visitors_.erase(from);
}

std::string doorman_actor::describe() const {
  return codec::to_text({{"handshakes", visitors_.size()}});
}

} // namespace bpci::oracle
