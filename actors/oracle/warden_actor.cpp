#include "actors/oracle/warden_actor.hpp"

#include "actors/oracle/bpi_node.hpp"
#include "actors/oracle/node_store.hpp"
#include "actors/oracle/rotation.hpp"
#include "actors/oracle/telemetry.hpp"
#include "messages/codec/json.hpp"
#include "messages/oracle/relay.hpp"
#include "runtime/crypto/hash.hpp"
#include "runtime/entity/call.hpp"
#include "runtime/log/log.hpp"
#include "runtime/storage/sql.hpp"
#include "runtime/time/clock.hpp"

#include <caf/typed_response_promise.hpp>

namespace bpci::oracle {

namespace {

/// An accusation is to be tried again.
struct try_again {
  accusation what;
  std::uint32_t tries;
};

/// A link that was being opened while its node was told to go.
struct close_again {
  node_id node;
  session_no up_to;
  failure why;
};

using count_atom = caf::atom_constant<caf::atom("count")>;

/// How often the isolated nodes are counted.
constexpr auto count_every = std::chrono::milliseconds{15'000};

/// How long RELAY may take to say where a node is.
constexpr auto relay_answer_max = std::chrono::milliseconds{1'000};

/// A handshake that was let in before takes at most so long until RELAY knows of it.
constexpr auto handshake_max = entity_max + entity_grace + std::chrono::milliseconds{3'000};

/// Accusations that wait for the database, and how long and how often they are tried.
constexpr std::size_t accusations_max = 1'000;
constexpr std::uint32_t tries_max = 20;
constexpr auto retry_first = std::chrono::milliseconds{500};
constexpr auto retry_last = std::chrono::milliseconds{30'000};

/// How many nodes' rates are remembered; beyond, all are forgotten.
constexpr std::size_t rates_max = 10'000;
constexpr std::uint64_t rotations_per_sec = 10;

constexpr std::size_t isolated_max = 1'000;
constexpr std::size_t events_max = 100;

std::chrono::milliseconds retry_after(std::uint32_t tries) {
  return isolation_of(retry_first, retry_last, tries);
}

auto refuse(auto answer) {
  return [answer](const failure& why) mutable { answer.deliver(to_caf(why)); };
}

/// Lasts until the times of an entity no longer matter.
std::string fresh_key(std::string_view what) {
  return std::string{what} + "/" + crypto::random_token();
}

} // namespace

} // namespace bpci::oracle

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::oracle::try_again)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::oracle::close_again)

namespace bpci::oracle {

warden_actor::warden_actor(caf::actor_config& cfg, context_ptr shared)
    : actor_base(cfg), shared_(std::move(shared)) {}

caf::behavior warden_actor::make_behavior() {
  delayed_send(this, count_every, count_atom::value);
  return {
      [this](const accusation& x) { take(x); },
      [this](const try_again& x) { isolate(x.what, x.tries); },
      [this](const close_again& x) { close_link_now(x.node, x.up_to, x.why); },
      [this](const isolate_order& x) { return isolate(x); },
      [this](const release_order& x) { return release(x); },
      [this](const key_rotation& x) { return rotate(x); },
      [this](const key_order& x) { return set_key(x); },
      [this](const show_node& x) { return show(x); },
      [this](const list_alerts&) { return alerts(); },
      [this](count_atom) {
        count_isolated();
        delayed_send(this, count_every, count_atom::value);
      },
  };
}

void warden_actor::command(const entity::command& what,
                           std::function<void(const node_record&, bool repeated)> ok,
                           std::function<void(const failure&)> bad) {
  auto router = shared_->find(path::router);
  if (!router) return bad({ec::unavailable, "the register"});
  ask<entity::response>(
      router, entity_max + entity_grace, what,
      [ok = std::move(ok), bad](const entity::response& x) {
        auto record = entity::answer_of<node_record>(x);
        if (record)
          ok(*record, x.repeated);
        else
          bad(record.error());
      },
      bad);
}

// -- isolation -------------------------------------------------------------------------

void warden_actor::take(const accusation& x) {
  if (accusations_ >= accusations_max) {
    log::warn("accusation-dropped", {{"node", x.node.get()}, {"reason", x.reason}});
    return;
  }
  ++accusations_;
  isolate(x, 0);
}

/// Under the member and the session: however often it is said, it is one isolation.
void warden_actor::isolate(const accusation& x, std::uint32_t tries) {
  const auto& by = shared_->identity->member.get();
  const auto& rules = shared_->conduct;
  auto what = isolate_node{x.reason, by, x.session, static_cast<std::uint64_t>(rules.base.count()),
                           static_cast<std::uint64_t>(rules.max.count())};
  auto key = "isolate/" + by + "/" + std::to_string(x.session.get());
  command(
      entity::make_command({node_kind, x.node.get()}, std::move(key), what, entity_max),
      [this, by](const node_record& node, bool repeated) {
        --accusations_;
        if (!repeated) raise_alarm(node, by);
      },
      [this, x, tries](const failure& why) {
        if (retryable(why.code) && tries + 1 < tries_max) {
          delayed_send(this, retry_after(tries), try_again{x, tries + 1});
          return;
        }
        --accusations_;
        log::error("isolation-failed", {{"node", x.node.get()},
                                        {"reason", x.reason},
                                        {"code", bpci::name(why.code)},
                                        {"detail", why.detail}});
      });
}

/// Nothing is said when the session was found to be settled, or another one was first.
void warden_actor::raise_alarm(const node_record& node, const std::string& by) {
  if (!node.isolated_until || node.events.empty()) return;
  const auto& last = node.events.back();
  if (last.what != "isolated" || last.by != by) return;
  // By a code, or by an admin, whose words are as many as there are cases.
  const auto code = code_from_name(node.isolated_for);
  const auto known = bpci::name(code) == node.isolated_for;
  telemetry::isolated(known ? node.isolated_for : "admin");
  log::error("node-isolated", {{"node", node.node_id.get()},
                               {"reason", node.isolated_for},
                               {"by", by},
                               {"times", node.isolations},
                               {"for_ms", node.isolated_until->get() - last.at.get()}});
  close_link(node.node_id, session_no{node.sessions}, {ec::isolated, node.isolated_for});
  count_isolated();
}

caf::result<node_record> warden_actor::isolate(const isolate_order& x) {
  if (!is_valid_id(x.node.get())) return to_caf(ec::invalid_argument, "the id of a node");
  const auto max = static_cast<std::uint64_t>(shared_->conduct.max.count());
  if (x.for_secs > max / 1'000)
    return to_caf(ec::invalid_argument, "for_secs: at most " + std::to_string(max / 1'000));
  auto answer = make_response_promise<node_record>();
  auto what = isolate_node{
      x.reason, x.by, {}, static_cast<std::uint64_t>(shared_->conduct.base.count()), max};
  if (x.for_secs > 0) what.base_ms = what.max_ms = x.for_secs * 1'000;
  command(
      entity::make_command({node_kind, x.node.get()}, fresh_key("isolate"), what, entity_max),
      [this, answer, by = x.by](const node_record& node, bool) mutable {
        raise_alarm(node, by);
        answer.deliver(node);
      },
      refuse(answer));
  return answer;
}

caf::result<node_record> warden_actor::release(const release_order& x) {
  if (!is_valid_id(x.node.get())) return to_caf(ec::invalid_argument, "the id of a node");
  auto answer = make_response_promise<node_record>();
  command(
      entity::make_command({node_kind, x.node.get()}, fresh_key("release"),
                           release_node{x.reason, x.by}, entity_max),
      [this, answer, by = x.by](const node_record& node, bool) mutable {
        log::info("node-released", {{"node", node.node_id.get()}, {"by", by}});
        count_isolated();
        answer.deliver(node);
      },
      refuse(answer));
  return answer;
}

caf::result<node_record> warden_actor::show(const show_node& x) {
  if (!is_valid_id(x.node.get())) return to_caf(ec::invalid_argument, "the id of a node");
  auto answer = make_response_promise<node_record>();
  command(
      entity::make_command({node_kind, x.node.get()}, {}, read_node{}, entity_max),
      [this, answer](const node_record& node, bool) { add_status(node, answer); }, refuse(answer));
  return answer;
}

/// Without RELAY a node that is not isolated counts as disconnected.
void warden_actor::add_status(node_record node, node_answer answer) {
  const auto isolated = node.isolated_until && *node.isolated_until > wall_now();
  node.status = isolated ? "Isolated" : "Disconnected";
  auto relay = shared_->find(path::relay);
  if (!relay || isolated) {
    answer.deliver(std::move(node));
    return;
  }
  ask<route_list>(
      relay, relay_answer_max, find_routes{{node.node_id}},
      [node, answer](const route_list& found) mutable {
        for (const auto& route : found.routes) {
          node.status = "Connected";
          node.connected_at = route.member;
        }
        answer.deliver(std::move(node));
      },
      [node, answer](const failure&) mutable { answer.deliver(std::move(node)); });
}

caf::result<alert_list> warden_actor::alerts() {
  auto pool = shared_->find(path::pool);
  if (!pool) return to_caf(ec::unavailable, "the database");
  auto answer = make_response_promise<alert_list>();
  storage::run<alert_list>(this, pool, query_max,
                           [](pqxx::work& tx) {
                             return alert_list{store::isolated_nodes(tx, isolated_max),
                                               store::last_events(tx, events_max)};
                           })
      .then(
          [answer](alert_list found) mutable {
            for (auto& node : found.isolated) {
              node.status = "Isolated";
              node.events.clear();
            }
            answer.deliver(std::move(found));
          },
          refuse(answer));
  return answer;
}

void warden_actor::count_isolated() {
  auto pool = shared_->find(path::pool);
  if (!pool) return;
  storage::run<std::uint64_t>(this, pool, query_max, store::count_isolated)
      .then([](std::uint64_t nodes) { telemetry::isolated_now(nodes); }, [](const failure&) {});
}

// -- links -----------------------------------------------------------------------------

/// Now, and again when a handshake that was under way has become a link.
void warden_actor::close_link(const node_id& node, session_no up_to, const failure& why) {
  close_link_now(node, up_to, why);
  delayed_send(this, handshake_max, close_again{node, up_to, why});
}

void warden_actor::close_link_now(const node_id& node, session_no up_to, const failure& why) {
  auto relay = shared_->find(path::relay);
  if (!relay) return; // the second time it will be there
  ask<route_list>(
      relay, relay_answer_max, find_routes{{node}},
      [this, up_to, why](const route_list& found) {
        for (const auto& route : found.routes)
          if (route.session <= up_to) send(route.link, expel{up_to, why});
      },
      [node](const failure& no) {
        log::warn("link-not-closed", {{"node", node.get()}, {"code", bpci::name(no.code)}});
      });
}

// -- keys ------------------------------------------------------------------------------

caf::result<node_record> warden_actor::rotate(const key_rotation& x) {
  auto checked = check(x, shared_->identity->limits, wall_now());
  if (!checked) return to_caf(checked.error());
  if (rates_.size() >= rates_max) rates_.clear();
  auto& rate = rates_.try_emplace(x.node_id, rotations_per_sec).first->second;
  if (auto wait = rate.take(steady_now()))
    return to_caf(ec::rate_limited, "again in " + std::to_string(wait->count()) + " ms");
  if (auto ok = check_signatures(*checked); !ok) return to_caf(ok.error());
  auto answer = make_response_promise<node_record>();
  // From the content: the same rotation again, after a lost answer, is the same command.
  const auto key = "rotate/" + crypto::to_hex(crypto::sha256(signing_bytes(*checked)));
  change_key(x.node_id, key, {checked->old_public_key, checked->new_public_key, {}, {}}, answer);
  return answer;
}

caf::result<node_record> warden_actor::set_key(const key_order& x) {
  if (!is_valid_id(x.node.get())) return to_caf(ec::invalid_argument, "the id of a node");
  auto key = crypto::public_key_from_hex(x.public_key);
  if (!key) return to_caf(ec::invalid_argument, "public_key: " + key.error().detail);
  auto answer = make_response_promise<node_record>();
  change_key(x.node, fresh_key("key"), {{}, crypto::to_hex(*key), x.reason, x.by}, answer);
  return answer;
}

/// Sessions are counted on, so those up to now are those under the old key.
void warden_actor::change_key(const node_id& node, const std::string& key,
                              const struct change_key& what, node_answer answer) {
  command(
      entity::make_command({node_kind, node.get()}, key, what, entity_max),
      [this, by = what.by, answer](const node_record& now, bool repeated) mutable {
        if (!repeated) {
          log::info("node-key-changed",
                    {{"node", now.node_id.get()}, {"by", by.empty() ? "the node itself" : by}});
          telemetry::key_changed(by.empty() ? "rotated" : "set");
        }
        close_link(now.node_id, session_no{now.settled_sessions},
                   {ec::superseded, "the key has changed"});
        answer.deliver(now);
      },
      refuse(answer));
}

std::string warden_actor::describe() const {
  return codec::to_text({{"accusations", accusations_}, {"rotating", rates_.size()}});
}

} // namespace bpci::oracle
