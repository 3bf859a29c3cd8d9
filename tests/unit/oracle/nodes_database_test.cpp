#define CAF_SUITE oracle_nodes_database

#include "actors/oracle/discovery_actor.hpp"
#include "actors/oracle/kinds.hpp"
#include "actors/oracle/registry_actor.hpp"
#include "actors/oracle/warden_actor.hpp"
#include "gateways/clients/cpp/sealing.hpp"
#include "messages/chain/paths.hpp"
#include "messages/codec/canonical.hpp"
#include "runtime/actor/actor_config.hpp"
#include "runtime/entity/entities_actor.hpp"
#include "runtime/entity/slot_of.hpp"
#include "runtime/storage/pg_pool_actor.hpp"
#include "runtime/supervision/supervisor_actor.hpp"
#include "runtime/time/clock.hpp"
#include "tests/unit/entity/database.hpp"
#include "tests/unit/oracle/helpers.hpp"

#include <caf/all.hpp>
#include <caf/test/unit_test.hpp>

#include <map>

/// Isolation, keys and announcements with everything that they stand on: ENTITIES and a real
/// PostgreSQL. Only ROUTER is played, by whoever hands on.
namespace bpci::oracle {

namespace {

using namespace testing;

struct fixture {
  entity::test::database db;
  actor_config cfg;
  caf::actor_system sys{cfg};
  caf::scoped_actor self{sys};
  std::shared_ptr<entity::entity_context> entities = std::make_shared<entity::entity_context>();
  std::shared_ptr<oracle::context> shared = std::make_shared<oracle::context>();
  std::map<std::string, caf::actor> services; ///< by path
  caf::actor host, registry, warden, discovery;

  fixture() {
    auto kinds = std::make_shared<entity::kinds>();
    add_kinds(*kinds);
    entities->node = std::make_shared<supervision::node_context>();
    entities->root = "/n";
    entities->kinds = kinds;
    entities->slots = std::make_shared<slots::slot_table>();
    entities->lease = std::make_shared<cluster::lease>(1h);
    entities->lease->begin(db.self);
    entities->lease->renew(boot_now());
    for (std::uint16_t i = 0; i < slots::slot_count; ++i)
      entities->slots->set({slots::slot_no{i}, db.epoch, db.self, false, {}}, true);
    shared->node = entities->node;
    shared->root = "/n";
    auto bounds = small_limits;
    bounds.rate_limit_per_sec = 1'000;
    shared->identity = std::make_shared<const server_identity>(
        server_identity{member_id{"n"}, keys_of(9), bounds});
    storage::pg_pool_options how;
    how.conninfo = db.dsn;
    how.size = 4;
    put(path::pool, sys.spawn<storage::pg_pool_actor>(how));
    start_host();
    put(path::router, sys.spawn([shared = entities](caf::event_based_actor* me) -> caf::behavior {
      return {[=](entity::command& x) {
        auto slot = entity::slot_of(x.to);
        me->delegate(shared->find("/entities/host"),
                     entity::routed_command{std::move(x), slot, {}, 0});
        return caf::delegated<entity::response>{};
      }};
    }));
    registry = put(path::registry, sys.spawn<registry_actor>(shared));
    warden = put(path::warden, sys.spawn<warden_actor>(shared));
    discovery = put(chain::path::discovery, sys.spawn<discovery_actor>(shared));
  }

  ~fixture() {
    for (const auto& [at, who] : services) {
      entities->node->directory.remove(at, who);
      send_exit_now(who, caf::exit_reason::user_shutdown);
    }
    services.clear();
    host = registry = warden = discovery = nullptr;
    self->await_all_other_actors_done();
  }

  caf::actor put(std::string_view at, const caf::actor& who) {
    services.insert_or_assign("/n" + std::string{at}, who);
    entities->node->directory.put("/n" + std::string{at}, who);
    return who;
  }

  void start_host() {
    put("/entities/actors",
        supervision::spawn_supervisor(sys, "/n/entities/actors", {}, entities->node));
    host = put("/entities/host", sys.spawn<entity::entities_actor>(entities));
  }

  /// What is in memory is gone; what is in the database is all that there is. As the supervisor
  /// above both does, rest for one.
  void restart_host() {
    for (const auto* at : {"/n/entities/host", "/n/entities/actors"}) {
      auto who = services.at(at);
      entities->node->directory.remove(at, who);
      send_exit_now(who, caf::exit_reason::user_shutdown);
      self->wait_for(who);
    }
    start_host();
  }

  template <class Reply, class Message>
  result<Reply> ask(const caf::actor& who, Message what) {
    result<Reply> out = fail(ec::internal);
    self->request(who, 20s, std::move(what))
        .receive([&](const Reply& x) { out = x; },
                 [&](const caf::error& why) { out = from_caf(why); });
    return out;
  }

  template <class Reply, class Message>
  std::string verdict(const caf::actor& who, Message what) {
    auto out = ask<Reply>(who, std::move(what));
    return std::string{name(out ? ec::none : out.error().code)};
  }

  void enter(const std::string& id, std::uint8_t key = 1) {
    auto what = registration{
        node_id{id}, "Banking", "ws://a:1", {"relay"}, crypto::to_hex(keys_of(key).pub)};
    CAF_REQUIRE(ask<node_record>(registry, what).has_value());
  }

  node_record shown(const std::string& id) {
    return ask<node_record>(warden, show_node{node_id{id}}).value();
  }

  std::string send_over_http(const std::string& id, std::uint8_t key) {
    auto message = envelope{};
    message.id = message_id{"m1"};
    message.sequence = 1;
    message.source = node_id{id};
    message.targets = nodes({"bob"});
    message.type = "DataSync";
    message.sent_at = wall_now();
    return verdict<outcomes>(
        registry, relay_order{std::make_shared<const envelope>(sign(message, keys_of(key)))});
  }

  static key_rotation rotation(const std::string& id, std::uint8_t from, std::uint8_t to) {
    return client::sign_rotation(node_id{id}, keys_of(from), keys_of(to), wall_now());
  }

  static announcement announced(const std::string& id, std::vector<std::string> can,
                                std::uint8_t key = 1) {
    return client::sign(
        {node_id{id}, "Storage", "ws://new:1", std::move(can), wall_now(), 60, {}, {}},
        keys_of(key));
  }

  std::string found(std::vector<std::string> capabilities = {}) {
    std::string out;
    for (const auto& x :
         ask<discovered>(discovery, discover{{}, std::move(capabilities), 0, {}}).value().nodes)
      out += x.announcement.node_id.get() + (x.of_operator.empty() ? " " : "* ");
    return out;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(oracle_nodes_database_tests, fixture)

CAF_TEST(a node is isolated for every member and after a restart until an admin releases it) {
  enter("bank-a");
  CAF_CHECK_EQUAL(send_over_http("bank-a", 1), "restarted"); // there is no RELAY here
  self->send(warden, accusation{node_id{"bank-a"}, session_no{1}, "bad_signature"});
  CAF_CHECK(storage::test::eventually([&] { return shown("bank-a").status == "Isolated"; }));
  restart_host();
  CAF_CHECK_EQUAL(shown("bank-a").isolated_for, "bad_signature");
  CAF_CHECK_EQUAL(send_over_http("bank-a", 1), "isolated");
  auto listed = ask<node_page>(registry, list_nodes{}).value();
  CAF_CHECK_EQUAL(listed.nodes.at(0).status, "Isolated");
  auto alerts = ask<alert_list>(warden, list_alerts{}).value();
  CAF_REQUIRE_EQUAL(alerts.isolated.size(), 1u);
  CAF_REQUIRE_EQUAL(alerts.events.size(), 1u);
  CAF_CHECK_EQUAL(alerts.events.front().event.reason, "bad_signature");

  CAF_CHECK_EQUAL(
      verdict<node_record>(warden, release_order{node_id{"bank-a"}, "a mistake", "ada"}), "none");
  CAF_CHECK_EQUAL(shown("bank-a").status, "Disconnected");
  CAF_CHECK_EQUAL(send_over_http("bank-a", 1), "restarted");
  alerts = ask<alert_list>(warden, list_alerts{}).value();
  CAF_CHECK(alerts.isolated.empty());
  CAF_CHECK_EQUAL(alerts.events.front().event.what, "released");
}

CAF_TEST(a rotated key is the only one also after a restart) {
  enter("bank-a");
  CAF_CHECK_EQUAL(verdict<node_record>(warden, rotation("bank-a", 1, 2)), "none");
  restart_host();
  CAF_CHECK_EQUAL(send_over_http("bank-a", 1), "bad_signature");
  CAF_CHECK_EQUAL(send_over_http("bank-a", 2), "restarted");
  auto now = shown("bank-a");
  CAF_CHECK_EQUAL(now.public_key, crypto::to_hex(keys_of(2).pub));
  CAF_CHECK_EQUAL(now.former_keys.size(), 1u);
  CAF_CHECK_EQUAL(verdict<node_record>(warden, rotation("bank-a", 2, 1)), "conflict");
}

CAF_TEST(of many rotations at once one wins) {
  enter("bank-a");
  std::vector<decltype(self->request(warden, 20s, key_rotation{}))> open;
  auto won = 0;
  auto lost = 0;
  for (std::uint8_t to = 2; to < 10; ++to)
    open.push_back(self->request(warden, 20s, rotation("bank-a", 1, to)));
  for (auto& one : open)
    one.receive([&](const node_record&) { ++won; },
                [&](const caf::error& why) { lost += from_caf(why).code == ec::conflict; });
  CAF_CHECK_EQUAL(won, 1);
  CAF_CHECK_EQUAL(lost, 7);
}

CAF_TEST(announced nodes are found until their key changes) {
  enter("bank-a");
  enter("bank-b", 2);
  CAF_CHECK_EQUAL(found(), "");
  CAF_CHECK_EQUAL(verdict<announced_node>(discovery, announced("bank-a", {"relay", "fast"})),
                  "none");
  CAF_CHECK_EQUAL(verdict<announced_node>(discovery, announced("bank-b", {"relay"}, 2)), "none");
  CAF_CHECK_EQUAL(verdict<announced_node>(discovery, announced("bank-c", {"relay"})),
                  "unknown_node");
  CAF_CHECK_EQUAL(found(), "bank-a bank-b ");
  CAF_CHECK_EQUAL(found({"fast", "relay"}), "bank-a ");
  CAF_CHECK_EQUAL(shown("bank-a").node_type, "Storage");
  ask<node_record>(warden, rotation("bank-a", 1, 3)).value();
  CAF_CHECK_EQUAL(found(), "bank-b ");
}

CAF_TEST(what other operators pass on is found beside what is registered here) {
  enter("bank-b", 2);
  ask<announced_node>(discovery, announced("bank-b", {"relay"}, 2)).value();
  self->send(discovery, chain::announcements_shared{
                            {7},
                            {codec::to_canonical(announced("bank-a", {"relay", "fast"}, 5)),
                             codec::to_canonical(announced("bank-b", {"relay"}, 6))}});
  CAF_CHECK(storage::test::eventually([&] { return found() == "bank-a* bank-b bank-b* "; }));
  CAF_CHECK_EQUAL(found({"fast"}), "bank-a* ");
  auto page = ask<discovered>(discovery, discover{{}, {}, 2, {}}).value();
  CAF_CHECK_EQUAL(page.next, "bank-b");
  page = ask<discovered>(discovery, discover{{}, {}, 2, page.next}).value();
  CAF_REQUIRE_EQUAL(page.nodes.size(), 1u);
  CAF_CHECK_EQUAL(page.nodes.front().of_operator, "07" + std::string(62, '0'));
  CAF_CHECK_EQUAL(page.next, "");
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::oracle
