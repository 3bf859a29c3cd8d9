#pragma once

#include "../entity/database.hpp"
#include "actors/governance/bridge_actor.hpp"
#include "actors/governance/kinds.hpp"
#include "actors/governance/result_notice.hpp"
#include "helpers.hpp"
#include "messages/codec/json.hpp"
#include "messages/oracle/relay.hpp"
#include "runtime/actor/actor_config.hpp"
#include "runtime/entity/call.hpp"
#include "runtime/entity/entities_actor.hpp"
#include "runtime/entity/timers_actor.hpp"
#include "runtime/storage/pg_pool_actor.hpp"
#include "runtime/supervision/supervisor_actor.hpp"
#include "runtime/time/clock.hpp"

#include <caf/all.hpp>
#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <mutex>

/// BRIDGE with the entities, timers and the database of a node; ROUTER and RELAY are played.
namespace bpci::governance::test {

using namespace testing;
using namespace std::chrono_literals;
using storage::test::eventually;

/// What BPI nodes that are connected here would be told.
struct told {
  std::mutex guard;
  std::vector<oracle::publish_notice> notices;

  std::size_t proposals() {
    std::lock_guard lock{guard};
    return static_cast<std::size_t>(
        std::ranges::count(notices, std::string{proposal_topic}, &oracle::publish_notice::topic));
  }

  /// "prop-1 Approved"
  std::vector<std::string> results() {
    std::lock_guard lock{guard};
    std::vector<std::string> out;
    for (const auto& one : notices) {
      if (one.topic != result_topic) continue;
      const auto body =
          codec::parse_json({reinterpret_cast<const char*>(one.body.data()), one.body.size()})
              .value();
      out.push_back(std::string{body.at("proposal_id").as_string()} + " "
                    + std::string{body.at("outcome").as_string()});
    }
    return out;
  }
};

struct bridge_fixture {
  entity::test::database db;
  actor_config cfg;
  caf::actor_system sys{cfg};
  caf::scoped_actor self{sys};
  std::shared_ptr<entity::entity_context> shared = std::make_shared<entity::entity_context>();
  std::shared_ptr<told> heard = std::make_shared<told>();
  std::map<std::string, caf::actor> services; ///< by path
  std::vector<caf::actor> all;
  caf::actor actors, host, bridge;

  bridge_fixture() {
    auto kinds = std::make_shared<entity::kinds>();
    add_kinds(*kinds);
    shared->node = std::make_shared<supervision::node_context>();
    shared->root = "/n";
    shared->kinds = kinds;
    shared->slots = std::make_shared<slots::slot_table>();
    shared->lease = std::make_shared<cluster::lease>(1h);
    shared->lease->begin(db.self);
    shared->lease->renew(boot_now());
    for (std::uint16_t i = 0; i < slots::slot_count; ++i)
      shared->slots->set({slots::slot_no{i}, db.epoch, db.self, false, {}}, true);
    storage::pg_pool_options how;
    how.conninfo = db.dsn;
    how.size = 4;
    put(entity::path::pool, sys.spawn<storage::pg_pool_actor>(how));
    start_entities();
    put(entity::path::router,
        sys.spawn([shared = shared](caf::event_based_actor* me) -> caf::behavior {
          return {[=](entity::command& x) {
            auto slot = entity::slot_of(x.to);
            me->delegate(shared->find(entity::path::host),
                         entity::routed_command{std::move(x), slot, {}, 0});
            return caf::delegated<entity::response>{};
          }};
        }));
    put(entity::path::timers, sys.spawn<entity::timers_actor>(shared));
    put(path::relay, sys.spawn([heard = heard](caf::event_based_actor*) -> caf::behavior {
      return {[heard](const oracle::publish_notice& x) {
        std::lock_guard lock{heard->guard};
        heard->notices.push_back(x);
      }};
    }));
    start_bridge();
    for (const auto* node : {"ann", "bob", "cid", "dan", "eve"})
      enter(node);
  }

  ~bridge_fixture() {
    for (auto x = all.rbegin(); x != all.rend(); ++x)
      send_exit_now(*x, caf::exit_reason::user_shutdown);
    self->await_all_other_actors_done();
    for (const auto& [at, who] : services)
      shared->node->directory.remove(at, who);
  }

  void put(std::string_view at, const caf::actor& who) {
    all.push_back(who);
    services.insert_or_assign("/n" + std::string{at}, who);
    shared->node->directory.put("/n" + std::string{at}, who);
  }

  void start_entities() {
    actors = supervision::spawn_supervisor(sys, "/n/entities/actors", {}, shared->node);
    put(entity::path::actors, actors);
    host = sys.spawn<entity::entities_actor>(shared);
    put(entity::path::host, host);
  }

  /// As their supervisor does: what stands behind ENTITIES is started again with it.
  void kill_entities() {
    for (const auto& x : {host, actors}) {
      send_exit_now(x, caf::exit_reason::kill);
      self->wait_for(x);
    }
    start_entities();
  }

  void start_bridge() {
    bridge =
        sys.spawn<bridge_actor>(bridge_options{.node = shared->node, .root = "/n", .rules = {}});
    all.push_back(bridge);
  }

  void enter(const std::string& node) const {
    db.sql("INSERT INTO bpi_node (node_id, node_type, endpoint, capabilities, public_key, "
           "session_no) VALUES ('"
           + node + "', 'Banking', 'ws://x:1', '{consensus}', decode('"
           + crypto::to_hex(public_key_of(node)) + "', 'hex'), 0)");
  }

  template <class Reply, class Message>
  result<Reply> ask(Message what) {
    result<Reply> out = fail(ec::none);
    self->request(bridge, 20s, std::move(what))
        .receive([&](const Reply& x) { out = x; },
                 [&](const caf::error& why) { out = from_caf(why); });
    return out;
  }

  void weigh(const std::string& node, std::uint64_t weight) {
    ask<electorate_record>(set_weight{node, weight, "admin"}).value();
  }

  void seat_four() {
    weigh("ann", 1'000);
    weigh("bob", 1'000);
    weigh("cid", 1'500);
    weigh("dan", 500);
  }

  static proposal proposed(const std::string& id, std::int64_t within_ms = 60'000) {
    auto x = a_proposal();
    x.proposal_id = id;
    x.created_at = wall_now();
    x.voting_deadline = timestamp_ms{wall_now().get() + within_ms};
    return signed_proposal(x);
  }

  result<round_record> propose(const proposal& x) {
    return ask<round_record>(submit_proposal{x, {}});
  }

  result<vote_receipt> vote_for(const proposal& x, const std::string& who, decision how) {
    return ask<vote_receipt>(submit_vote{a_vote(x, who, how)});
  }

  result<round_detail> detail(const std::string& id) {
    return ask<round_detail>(find_round{id, {}, 0});
  }

  /// The tally without its times; the code, where the round does not answer.
  std::string shown(const std::string& id) {
    const auto got = detail(id);
    if (!got) return std::string{name(got.error().code)};
    const auto& x = *got;
    std::string out{boost::describe::enum_to_string(x.round.standing, "")};
    out += " " + std::to_string(x.round.tally.approve_weight) + "/"
           + std::to_string(x.round.tally.total_weight);
    for (const auto& one : x.ballots)
      if (one.vote) out += " " + one.who.node;
    return out;
  }
};

inline std::string code_of(const auto& x) {
  return x ? "ok"
           : std::string{name(x.error().code)} + " "
                 + x.error().detail.substr(0, x.error().detail.find(':'));
}

} // namespace bpci::governance::test
