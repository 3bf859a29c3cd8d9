#include "actors/oracle/discovery_actor.hpp"

#include "actors/oracle/announcements.hpp"
#include "actors/oracle/bpi_node.hpp"
#include "actors/oracle/node_store.hpp"
#include "actors/oracle/peer_announcement_store.hpp"
#include "actors/oracle/telemetry.hpp"
#include "messages/chain/paths.hpp"
#include "messages/codec/canonical.hpp"
#include "messages/codec/json.hpp"
#include "messages/oracle/signing.hpp"
#include "runtime/crypto/hash.hpp"
#include "runtime/entity/call.hpp"
#include "runtime/log/log.hpp"
#include "runtime/storage/sql.hpp"
#include "runtime/time/clock.hpp"

#include <caf/typed_response_promise.hpp>

#include <algorithm>

namespace bpci::oracle {

namespace {

using share_atom = caf::atom_constant<caf::atom("share")>;
using clean_atom = caf::atom_constant<caf::atom("clean")>;

/// How soon the other operators hear of a change.
constexpr auto share_every = std::chrono::milliseconds{10'000};

/// How often what holds is counted, and what does not is dropped.
constexpr auto clean_every = std::chrono::milliseconds{15'000};

/// Announcements in one message to the other operators, and of all nodes together.
constexpr std::size_t shared_at_once = 100;
constexpr std::size_t shared_max = 1'000;

/// Of one operator; beyond, they are not looked at. They come again.
constexpr std::uint64_t peer_announcements_per_sec = 200;
constexpr std::size_t operators_max = 1'000;

constexpr std::uint64_t page_default = 100;
constexpr std::uint64_t page_max = 1'000;

/// How many nodes' rates are remembered; beyond, all are forgotten.
constexpr std::size_t rates_max = 10'000;
constexpr std::uint64_t announcements_per_sec = 2;

auto refuse(auto answer) {
  return [answer](const failure& why) mutable { answer.deliver(to_caf(why)); };
}

} // namespace

discovery_actor::discovery_actor(caf::actor_config& cfg, context_ptr shared)
    : actor_base(cfg), shared_(std::move(shared)) {}

caf::behavior discovery_actor::make_behavior() {
  delayed_send(this, share_every, share_atom::value);
  delayed_send(this, clean_every, clean_atom::value);
  return {
      [this](const announcement& x) { return announce(x); },
      [this](const discover& x) { return find(x); },
      [this](const chain::announcements_shared& x) { take(x); },
      [this](share_atom) {
        share();
        delayed_send(this, share_every, share_atom::value);
      },
      [this](clean_atom) {
        clean_up();
        delayed_send(this, clean_every, clean_atom::value);
      },
  };
}

caf::result<announced_node> discovery_actor::announce(const announcement& x) {
  auto checked = check(x, shared_->identity->limits, wall_now());
  if (!checked) return to_caf(checked.error());
  if (rates_.size() >= rates_max) rates_.clear();
  auto& rate = rates_.try_emplace(x.node_id, announcements_per_sec).first->second;
  if (auto wait = rate.take(steady_now()))
    return to_caf(ec::rate_limited, "again in " + std::to_string(wait->count()) + " ms");
  if (auto ok = check_signature(*checked); !ok) return to_caf(ok.error());
  auto router = shared_->find(path::router);
  if (!router) return to_caf(ec::unavailable, "the register");
  auto answer = make_response_promise<announced_node>();
  // From the content: the same announcement again is the same command.
  auto key = "announce/" + crypto::to_hex(crypto::sha256(signing_bytes(*checked)));
  auto ttl = static_cast<std::uint64_t>(shared_->announcement_ttl.count());
  ask<entity::response>(
      router, entity_max + entity_grace,
      entity::make_command({node_kind, x.node_id.get()}, std::move(key),
                           announce_node{*checked, ttl}, entity_max),
      [answer](const entity::response& response) mutable {
        auto told = entity::answer_of<announced_node>(response);
        if (!told) {
          answer.deliver(to_caf(told.error()));
          return;
        }
        if (!response.repeated) telemetry::announced();
        answer.deliver(std::move(*told));
      },
      refuse(answer));
  return answer;
}

caf::result<discovered> discovery_actor::find(const discover& x) {
  if (auto ok = check(x); !ok) return to_caf(ok.error());
  auto pool = shared_->find(path::pool);
  if (!pool) return to_caf(ec::unavailable, "the database");
  auto limit = x.limit == 0 ? page_default : std::min(x.limit, page_max);
  auto answer = make_response_promise<discovered>();
  storage::run<std::vector<announced_node>>(
      this, pool, query_max,
      [x, limit, after = place_of(x.after)](pqxx::work& tx) {
        return merge(store::announced_nodes(tx, x, after.node_id, limit + 1),
                     store::peer_announcements(tx, x, after.node_id, after.of_operator, limit + 1));
      })
      .then(
          [answer, limit](std::vector<announced_node> nodes) mutable {
            auto out = discovered{std::move(nodes), {}};
            if (out.nodes.size() > limit) {
              out.nodes.resize(limit);
              out.next = cursor_of(out.nodes.back());
            }
            answer.deliver(std::move(out));
          },
          refuse(answer));
  return answer;
}

// -- other operators ---------------------------------------------------------------------

void discovery_actor::share() {
  auto pool = shared_->find(path::pool);
  if (!pool || !shared_->find(chain::path::peers)) return;
  storage::run<std::vector<announced_node>>(this, pool, query_max, [](pqxx::work& tx) {
    return store::announced_nodes(tx, {}, {}, shared_max);
  }).then([this](const std::vector<announced_node>& all) { tell(all); }, [](const failure&) {});
}

void discovery_actor::tell(const std::vector<announced_node>& all) {
  auto peers = shared_->find(chain::path::peers);
  if (!peers) return;
  std::vector<announcement> ours;
  for (const auto& one : all)
    ours.push_back(one.announcement);
  chain::share_announcements message;
  auto send_it = [&] {
    auto what = std::make_shared<const chain::peer_message>(std::exchange(message, {}));
    send(peers, chain::tell_peers{{}, std::move(what), {}});
  };
  for (const auto& one : shared_with_peers_.due(ours, steady_now())) {
    message.encoded.push_back(codec::to_canonical(one));
    if (message.encoded.size() == shared_at_once) send_it();
  }
  if (!message.encoded.empty()) send_it();
}

void discovery_actor::take(const chain::announcements_shared& x) {
  if (peer_rates_.size() >= operators_max) peer_rates_.clear();
  auto& rate = peer_rates_.try_emplace(x.from, peer_announcements_per_sec).first->second;
  const auto now = steady_now();
  std::vector<announced_node> good;
  for (const auto& encoded : x.encoded) {
    if (rate.take(now)) break;
    auto one =
        check_shared(encoded, shared_->identity->limits,
                     static_cast<std::uint64_t>(shared_->announcement_ttl.count()), wall_now());
    if (one) {
      one->of_operator = crypto::to_hex(x.from);
      good.push_back(std::move(*one));
    } else if (one.error().code != ec::expired && one.error().code != ec::from_the_future) {
      if (auto peers = shared_->find(chain::path::peers))
        send(peers, chain::peer_misbehaved{x.from, "an announcement: " + to_string(one.error())});
      break;
    }
  }
  if (!good.empty()) keep(x.from, std::move(good));
}

/// What is lost here comes again.
void discovery_actor::keep(const chain::address& of_operator, std::vector<announced_node> nodes) {
  auto pool = shared_->find(path::pool);
  if (!pool) return;
  storage::run<void>(this, pool, query_max,
                     [of_operator, nodes = std::move(nodes)](pqxx::work& tx) {
                       store::keep_peer_announcements(tx, of_operator, nodes);
                     })
      .then([] {},
            [](const failure& why) {
              log::warn("announcements-not-kept", {{"code", bpci::name(why.code)}});
            });
}

void discovery_actor::clean_up() {
  auto pool = shared_->find(path::pool);
  if (!pool) return;
  storage::run<std::uint64_t>(this, pool, query_max, [](pqxx::work& tx) {
    store::drop_stale_peer_announcements(tx);
    return store::count_announced(tx);
  }).then([](std::uint64_t nodes) { telemetry::announced_now(nodes); }, [](const failure&) {});
}

std::string discovery_actor::describe() const {
  return codec::to_text({{"announcing", rates_.size()}, {"operators", peer_rates_.size()}});
}

} // namespace bpci::oracle
