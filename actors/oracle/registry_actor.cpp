#include "actors/oracle/registry_actor.hpp"

#include "actors/oracle/bpi_node.hpp"
#include "actors/oracle/checks.hpp"
#include "actors/oracle/node_store.hpp"
#include "actors/oracle/registry.hpp"
#include "actors/oracle/telemetry.hpp"
#include "messages/codec/json.hpp"
#include "runtime/crypto/hash.hpp"
#include "runtime/entity/call.hpp"
#include "runtime/log/log.hpp"
#include "runtime/storage/sql.hpp"
#include "runtime/time/clock.hpp"

#include <caf/typed_response_promise.hpp>

#include <algorithm>

namespace bpci::oracle {

namespace {

constexpr std::uint64_t page_default = 100;
constexpr std::uint64_t page_max = 1'000;

/// How many senders' rates are remembered; beyond, all are forgotten, which forgives at most one
/// second's worth to each.
constexpr std::size_t rates_max = 10'000;

/// How long RELAY may take to say what it knows.
constexpr auto relay_answer_max = std::chrono::milliseconds{1'000};

/// How many targets one look-up may name.
constexpr std::size_t find_max = 10'000;

/// Whether the register says what is to be registered.
bool says(const node_record& x, const registration& wanted) {
  return x.node_type == wanted.node_type && x.endpoint == wanted.endpoint
         && x.capabilities == wanted.capabilities && x.public_key == wanted.public_key;
}

void mark_isolated(std::vector<node_record>& nodes) {
  const auto now = wall_now();
  for (auto& node : nodes)
    if (node.isolated_until && *node.isolated_until > now) node.status = "Isolated";
}

template <class T>
auto refuse(caf::typed_response_promise<T> answer) {
  return [answer](const failure& why) mutable { answer.deliver(to_caf(why)); };
}

} // namespace

registry_actor::registry_actor(caf::actor_config& cfg, context_ptr shared)
    : actor_base(cfg), shared_(std::move(shared)) {}

caf::behavior registry_actor::make_behavior() {
  return {
      [this](const registration& x) { return enter(x); },
      [this](const find_registered& x) { return find(x); },
      [this](const list_nodes& x) { return list(x); },
      [this](const get_oracle_stats&) { return stats(); },
      [this](const relay_order& x) { return order(x); },
  };
}

caf::result<node_record> registry_actor::enter(const registration& x) {
  auto checked = oracle::check(x);
  if (!checked) return to_caf(checked.error());
  auto what = checked->what;
  what.public_key = crypto::to_hex(checked->key);
  auto answer = make_response_promise<node_record>();
  // From the content: the same registration again, after a lost answer, is the same command.
  enter_under(what, "register/" + crypto::to_hex(crypto::sha256(codec::to_msgpack(what))), answer);
  return answer;
}

void registry_actor::enter_under(const registration& what, const std::string& key,
                                 caf::typed_response_promise<node_record> answer) {
  auto router = shared_->find(path::router);
  if (!router) {
    answer.deliver(to_caf(ec::unavailable, "the register"));
    return;
  }
  ask<entity::response>(
      router, entity_max + entity_grace,
      entity::make_command({node_kind, what.node_id.get()}, key, enter_node{what}, entity_max),
      [this, what, key, answer](const entity::response& x) mutable {
        auto record = entity::answer_of<node_record>(x);
        if (!record) {
          answer.deliver(to_caf(record.error()));
          return;
        }
        if (x.repeated) return check_repeated(what, key, answer);
        log::info("node-registered", {{"node", what.node_id.get()}, {"type", what.node_type}});
        answer.deliver(std::move(*record));
      },
      refuse(answer));
}

/// The same was registered before; if something else was meanwhile, it has to be done anew.
void registry_actor::check_repeated(const registration& what, const std::string& key,
                                    caf::typed_response_promise<node_record> answer) {
  auto router = shared_->find(path::router);
  if (!router) {
    answer.deliver(to_caf(ec::unavailable, "the register"));
    return;
  }
  ask<entity::response>(
      router, entity_max + entity_grace,
      entity::make_command({node_kind, what.node_id.get()}, {}, read_node{}, entity_max),
      [this, what, key, answer](const entity::response& x) mutable {
        auto record = entity::answer_of<node_record>(x);
        if (!record)
          answer.deliver(to_caf(record.error()));
        else if (says(*record, what))
          answer.deliver(std::move(*record));
        else
          enter_under(what, key + "/" + std::to_string(x.version), answer);
      },
      refuse(answer));
}

caf::result<registered_nodes> registry_actor::find(const find_registered& x) {
  if (x.nodes.size() > find_max)
    return to_caf(ec::too_large, "at most " + std::to_string(find_max) + " nodes");
  auto pool = shared_->find(path::pool);
  if (!pool) return to_caf(ec::unavailable, "the database");
  auto answer = make_response_promise<registered_nodes>();
  storage::run<std::vector<node_id>>(
      this, pool, query_max,
      [nodes = x.nodes](pqxx::work& tx) { return store::known_nodes(tx, nodes); })
      .then(
          [answer](std::vector<node_id> known) mutable {
            answer.deliver(registered_nodes{std::move(known)});
          },
          refuse(answer));
  return answer;
}

caf::result<node_page> registry_actor::list(const list_nodes& x) {
  auto pool = shared_->find(path::pool);
  if (!pool) return to_caf(ec::unavailable, "the database");
  auto limit = x.limit == 0 ? page_default : std::min(x.limit, page_max);
  auto answer = make_response_promise<node_page>();
  storage::run<std::vector<node_record>>(
      this, pool, query_max,
      [x, limit](pqxx::work& tx) { return store::list_nodes(tx, x.after, x.type, limit + 1); })
      .then(
          [this, answer, limit](std::vector<node_record> nodes) {
            auto page = node_page{std::move(nodes), {}};
            if (page.nodes.size() > limit) {
              page.nodes.resize(limit);
              page.next = page.nodes.back().node_id;
            }
            add_status(std::move(page), answer);
          },
          refuse(answer));
  return answer;
}

/// Who is connected is RELAY's to know; without it the page says what the register knows.
void registry_actor::add_status(node_page page, caf::typed_response_promise<node_page> answer) {
  find_routes question;
  for (auto& node : page.nodes) {
    node.status = "Disconnected";
    node.events.clear();
    question.nodes.push_back(node.node_id);
  }
  auto relay = shared_->find(path::relay);
  if (!relay) {
    mark_isolated(page.nodes);
    answer.deliver(std::move(page));
    return;
  }
  auto shown = std::make_shared<node_page>(std::move(page));
  ask<route_list>(
      relay, relay_answer_max, question,
      [shown, answer](const route_list& found) mutable {
        for (const auto& route : found.routes) {
          auto node = std::ranges::find(shown->nodes, route.node, &node_record::node_id);
          node->status = "Connected";
          node->connected_at = route.member;
        }
        mark_isolated(shown->nodes);
        answer.deliver(std::move(*shown));
      },
      [shown, answer](const failure&) mutable {
        mark_isolated(shown->nodes);
        answer.deliver(std::move(*shown));
      });
}

caf::result<oracle_stats> registry_actor::stats() {
  auto pool = shared_->find(path::pool);
  auto relay = shared_->find(path::relay);
  if (!pool) return to_caf(ec::unavailable, "the database");
  if (!relay) return to_caf(ec::restarted, "the relay");
  auto answer = make_response_promise<oracle_stats>();
  auto with_count = [this, relay, answer](std::uint64_t registered) {
    ask<relay_stats>(
        relay, relay_answer_max, get_relay_stats{},
        [this, registered, answer](const relay_stats& x) mutable {
          answer.deliver(oracle_stats{shared_->identity->member, registered, x.connected_cluster,
                                      x.connected_local, x.accepted, x.delivered, x.refused,
                                      x.expired, x.duplicates, x.in_flight, x.stored,
                                      shared_->encryption});
        },
        refuse(answer));
  };
  storage::run<std::uint64_t>(this, pool, query_max, store::count_nodes)
      .then(with_count, refuse(answer));
  return answer;
}

// -- messages over HTTP ----------------------------------------------------------------

caf::result<outcomes> registry_actor::order(const relay_order& x) {
  if (auto ok = check(*x.message); !ok) {
    telemetry::refused(bpci::name(ok.error().code));
    return to_caf(ok.error());
  }
  auto pool = shared_->find(path::pool);
  if (!pool) return to_caf(ec::unavailable, "the database");
  auto answer = make_response_promise<outcomes>();
  storage::run<crypto::public_key>(
      this, pool, query_max,
      [source = x.message->source](pqxx::work& tx) { return store::find_key(tx, source); })
      .then([this, message = x.message, answer](
                const crypto::public_key& key) mutable { check_and_relay(message, key, answer); },
            refuse(answer));
  return answer;
}

/// What a link checks before the signature, but for the sequence: there is no session.
result<void> registry_actor::check(const envelope& x) {
  const auto& limits = shared_->identity->limits;
  if (auto ok = check_shape(x, limits); !ok) return ok;
  if (auto ok = check_age(x, limits, wall_now()); !ok) return ok;
  if (shared_->node->quarantine.contains(x.id)) return fail(ec::quarantined, x.id.get());
  if (rates_.size() >= rates_max) rates_.clear();
  auto& rate = rates_.try_emplace(x.source, limits.rate_limit_per_sec).first->second;
  if (auto wait = rate.take(steady_now()))
    return fail(ec::rate_limited, "again in " + std::to_string(wait->count()) + " ms");
  return {};
}

void registry_actor::check_and_relay(const envelope_ptr& message, const crypto::public_key& key,
                                     caf::typed_response_promise<outcomes> answer) {
  if (auto ok = check_signature(*message, key); !ok) {
    telemetry::refused(bpci::name(ok.error().code));
    answer.deliver(to_caf(ok.error()));
    return;
  }
  auto relay = shared_->find(path::relay);
  if (!relay) {
    answer.deliver(to_caf(ec::restarted, "the relay"));
    return;
  }
  constexpr auto grace = std::chrono::milliseconds{2'000};
  ask<outcomes>(
      relay, shared_->relay.relay_timeout + grace,
      relay_request{message, {key.bytes.begin(), key.bytes.end()}},
      [answer](const outcomes& x) mutable { answer.deliver(x); }, refuse(answer));
}

std::string registry_actor::describe() const {
  return codec::to_text({{"http_senders", rates_.size()}});
}

} // namespace bpci::oracle
