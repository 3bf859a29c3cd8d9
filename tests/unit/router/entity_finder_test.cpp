#define CAF_SUITE entity_finder

#include "messages/runtime/introspection.hpp"
#include "runtime/entity/slot_of.hpp"
#include "runtime/router/entity_finder.hpp"
#include "runtime/router/router_actor.hpp"
#include "tests/actor/node_fixture.hpp"

/// "Why is this actor here?" and "what does it hold?", with actors that stand in for SLOTS, MEMBERS
/// and ENTITIES.
namespace bpci::router {

namespace {

using namespace test;

const entity::entity_ref ada{"counter", "ada"};

struct fixture : node_fixture {
  caf::actor router;

  fixture() {
    put("/m1/cluster/slots", slots_like());
    put("/m1/cluster/members", members_like());
    put("/m1/entities/host", host_like());
    router_options how;
    how.limits.self = member_id{"m1"};
    how.root = "/m1";
    how.node = node;
    how.lease = std::make_shared<cluster::lease>(1s);
    how.lease->begin(incarnation{1});
    router = start<router_actor>(how);
    pass(100ms);
    tell(router, slots::slots_changed{
                     {}, {{entity::slot_of(ada), slots::epoch_no{7}, incarnation{1}, false, {}}}});
  }

  caf::actor slots_like() {
    return keep(sys.spawn([](caf::event_based_actor*) -> caf::behavior {
      return {[](const slots::watch_slots&) {},
              [](const slots::slot_query& x) {
                slots::slot_status at;
                at.slot = slots::slot_no{static_cast<std::uint16_t>(x.after)};
                at.owner = member_id{"m1"};
                at.epoch = "0.7";
                return slots::slot_page{{at}, x.after + 1};
              },
              [](const slots::move_query& x) {
                slots::slot_move move;
                move.slot = slots::slot_no{static_cast<std::uint16_t>(x.slot)};
                move.reason = "claimed: never owned";
                return slots::move_page{{move}, 0};
              }};
    }));
  }

  caf::actor members_like() {
    auto agent = answering(
        [this](const cluster::find_service& what) -> caf::result<cluster::service_handle> {
          auto found = node->directory.find("/m1" + what.name);
          if (!found) return to_caf(ec::not_found, what.name);
          return cluster::service_handle{found};
        });
    return keep(sys.spawn([agent](caf::event_based_actor*) -> caf::behavior {
      return {[](const cluster::watch_members&) {},
              [](const cluster::list_members&) {
                cluster::member_list all;
                for (auto [id, state] : {std::pair{"m1", cluster::member_state::up},
                                         std::pair{"m2", cluster::member_state::draining},
                                         std::pair{"m3", cluster::member_state::up}}) {
                  auto& x = all.members.emplace_back().member;
                  x.id = member_id{id};
                  x.state = state;
                }
                return all;
              },
              [agent](const cluster::list_agents&) {
                return cluster::agent_list{{{member_id{"m1"}, incarnation{1}, agent}}};
              }};
    }));
  }

  /// Two pages: the name that is looked for stands on the second.
  caf::actor host_like() {
    return keep(sys.spawn([](caf::event_based_actor*) -> caf::behavior {
      return {[](const entity::entity_query& x) {
                entity::entity_page page;
                auto second = !x.after.empty();
                page.rows.push_back(
                    {{x.kind, second ? "ada" : "a-" + x.filter}, {}, second ? 5u : 1u, {}});
                if (!second) page.next = "more";
                return page;
              },
              [](const entity::show_entity& x) {
                return actor_state{"{\"of\":\"" + to_string(x.what) + "\"}"};
              }};
    }));
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(entity_finder_tests, fixture)

CAF_TEST(the place of an entity says where it is and why) {
  auto place = reply_of<entity::entity_place>(router, entity::find_entity{ada});
  CAF_CHECK(place.slot.slot == entity::slot_of(ada));
  CAF_CHECK_EQUAL(place.slot.epoch, "0.7");
  CAF_CHECK(place.exists);
  CAF_CHECK_EQUAL(place.version, 5u);
  CAF_CHECK_EQUAL(place.history.size(), 1u);
  // A member that is draining may not have it.
  CAF_CHECK_EQUAL(place.scores.size(), 2u);
  CAF_CHECK(!place.active);
}

CAF_TEST(an entity that is in memory has a path) {
  put("/m1/entities/actors/counter:ada", make_inbox().who);
  auto place = reply_of<entity::entity_place>(router, entity::find_entity{ada});
  CAF_CHECK(place.active);
  CAF_CHECK_EQUAL(place.path, "/m1/entities/actors/counter:ada");
}

CAF_TEST(what an entity holds is told by the node that owns it) {
  auto state = reply_of<actor_state>(router, entity::show_entity{ada});
  CAF_CHECK_EQUAL(state.json, R"({"of":"counter/ada"})");
  CAF_CHECK_EQUAL(verdict_of<actor_state>(router, entity::show_entity{{"no kind", "ada"}}),
                  "invalid_argument");
  CAF_CHECK_EQUAL(verdict_of<actor_state>(router, entity::show_entity{{"counter", "unowned"}}),
                  "retry_after");
}

CAF_TEST(a place that cannot be told whole is not told) {
  node->directory.remove("/m1/cluster/slots", node->directory.find("/m1/cluster/slots"));
  CAF_CHECK_EQUAL(verdict_of<entity::entity_place>(router, entity::find_entity{ada}),
                  "unavailable");
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::router
