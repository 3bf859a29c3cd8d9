#define CAF_SUITE router_actor

#include "messages/runtime/introspection.hpp"
#include "runtime/entity/slot_of.hpp"
#include "runtime/router/router_actor.hpp"
#include "tests/actor/node_fixture.hpp"

#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>

#include <thread>

/// ROUTER as an actor: its host, its peers, and how they are found. What it decides is tested in
/// router_test.cpp.
namespace bpci::router {

namespace {

using namespace test;

constexpr auto tick = 100ms;

/// ROUTER measures time with the real clock. Longer than the pause before a ROUTER is looked for
/// again.
constexpr auto a_moment = 80ms;

const entity::entity_ref ada{"counter", "ada"};

entity::command make(const std::string& key, std::chrono::milliseconds within = 60s) {
  entity::command out;
  out.to = ada;
  out.key = key;
  out.name = "add";
  out.within_ms = static_cast<std::uint64_t>(within.count());
  return out;
}

/// A node with its ROUTER. What ENTITIES is handed stands in `host`.
struct member {
  std::uint64_t who = 0;
  std::string root;
  cluster::lease_ptr lease = std::make_shared<cluster::lease>(1s);
  caf::actor router;
  inbox members;
  inbox slots;
};

struct fixture : node_fixture {
  member one = make_member(1);
  member two = make_member(2);

  member make_member(std::uint64_t who) {
    member x;
    x.who = who;
    x.root = "/m" + std::to_string(who);
    x.lease->begin(incarnation{who});
    x.members = make_inbox();
    x.slots = make_inbox();
    put(x.root + "/cluster/members", x.members.who);
    put(x.root + "/cluster/slots", x.slots.who);
    start_router(x);
    return x;
  }

  void start_router(member& x) {
    router_options how;
    how.limits.self = member_id{"m" + std::to_string(x.who)};
    how.root = x.root;
    how.node = node;
    how.lease = x.lease;
    x.router = start<router_actor>(how);
    put(x.root + "/entities/router", x.router);
  }

  /// What stands in the directory at the path after the member's root.
  caf::actor agent_of(const member& x) {
    return answering(
        [this,
         root = x.root](const cluster::find_service& what) -> caf::result<cluster::service_handle> {
          auto found = node->directory.find(root + what.name);
          if (!found) return to_caf(ec::not_found, what.name);
          return cluster::service_handle{found};
        });
  }

  void reach(const member& from, const member& to, const caf::actor& agent) {
    tell(from.router, cluster::peer_up{member_id{to.root.substr(1)}, incarnation{to.who}, agent});
  }
  void reach(const member& from, const member& to) { reach(from, to, agent_of(to)); }

  void owned(const member& known_to, std::uint64_t owner, std::uint64_t epoch) {
    tell(known_to.router,
         slots::slots_changed{
             {}, {{entity::slot_of(ada), slots::epoch_no{epoch}, incarnation{owner}, false, {}}}});
  }

  /// An ENTITIES that answers every command with its epoch as the version.
  caf::actor start_host(const member& x) {
    auto host = answering([](const entity::routed_command& what) {
      return entity::response{what.what.body, what.epoch.get(), false};
    });
    put(x.root + "/entities/host", host);
    pass(tick);
    return host;
  }

  inbox start_silent_host(const member& x) {
    auto host = make_inbox();
    put(x.root + "/entities/host", host.who);
    pass(tick);
    return host;
  }

  auto command_of(const member& x, const std::string& key) {
    return request_of<entity::response>(x.router, make(key));
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(router_actor_tests, fixture)

CAF_TEST(a command for this node is handed to its own host and answered) {
  start_host(one);
  owned(one, 1, 7);
  auto got = reply_of<entity::response>(one.router, make("a1"));
  CAF_CHECK_EQUAL(got.version, 7u);
}

CAF_TEST(it watches MEMBERS and SLOTS and finds their successors) {
  CAF_CHECK_EQUAL(one.members.count<cluster::watch_members>(), 1u);
  CAF_CHECK_EQUAL(one.slots.count<slots::watch_slots>(), 1u);
  end(one.slots.who);
  one.slots = make_inbox();
  put(one.root + "/cluster/slots", one.slots.who);
  pass(tick);
  CAF_CHECK_EQUAL(one.slots.count<slots::watch_slots>(), 1u);
}

CAF_TEST(a command for another member goes through its router and its answer comes back) {
  start_host(two);
  reach(one, two);
  owned(one, 2, 7);
  owned(two, 2, 7);
  auto got = reply_of<entity::response>(one.router, make("a1"));
  CAF_CHECK_EQUAL(got.version, 7u);
  CAF_CHECK_EQUAL(verdict_of<entity::response>(one.router, make(std::string(300, 'k'))),
                  "invalid_argument");
}

CAF_TEST(batches survive the way between nodes) {
  auto what = std::make_shared<const entity::command>(make("a1"));
  auto sent = entity::routed_commands{
      {{5, what, slots::slot_no{3}, slots::epoch_no{7}, 1, 900}, {6, what, {}, {}, 2, 0}}};
  auto answered = entity::routed_answers{
      {{5, {ec::none, {}}, {bytes{1, 2}, 9, true}}, {6, {ec::retry_after, "250"}, {}}}};
  std::vector<char> raw;
  caf::binary_serializer sink{sys, raw};
  CAF_REQUIRE(!sink(sent, answered));
  entity::routed_commands sent_back;
  entity::routed_answers answered_back;
  caf::binary_deserializer source{sys, raw};
  CAF_REQUIRE(!source(sent_back, answered_back));
  CAF_CHECK(sent_back == sent);
  CAF_CHECK(answered_back == answered);
}

CAF_TEST(a refusal of another member s entity comes back as it is) {
  auto host = answering([](const entity::routed_command&) -> caf::result<entity::response> {
    return to_caf(ec::quarantined, "a1");
  });
  put(two.root + "/entities/host", host);
  pass(tick);
  reach(one, two);
  owned(one, 2, 7);
  owned(two, 2, 7);
  auto got = command_of(one, "a1");
  CAF_REQUIRE_EQUAL(verdict(got), "quarantined");
  auto detail = (**got).error().detail;
  CAF_CHECK_EQUAL(detail, "a1");
}

CAF_TEST(what comes in together goes out together) {
  auto other = make_inbox();
  put(two.root + "/entities/router", other.who);
  reach(one, two);
  owned(one, 2, 7);
  for (auto n = 0; n < 10; ++n)
    caf::anon_send(one.router, make("a" + std::to_string(n)));
  settle();
  auto batches = other.all<entity::routed_commands>();
  CAF_REQUIRE_EQUAL(batches.size(), 1u);
  CAF_REQUIRE_EQUAL(batches.front().items.size(), 10u);
  auto last = batches.front().items.back().what->key;
  CAF_CHECK_EQUAL(last, "a9");
}

CAF_TEST(members that disagree about an owner agree through the command) {
  start_host(one);
  reach(one, two);
  reach(two, one);
  owned(one, 2, 7);
  owned(two, 1, 8);
  auto got = reply_of<entity::response>(one.router, make("a1"));
  CAF_CHECK_EQUAL(got.version, 8u);
}

CAF_TEST(a host that dies is followed by one that gets everything again) {
  auto first = start_silent_host(one);
  owned(one, 1, 7);
  auto got = command_of(one, "a1");
  CAF_CHECK_EQUAL(first.count<entity::routed_command>(), 1u);
  end(first.who);
  CAF_CHECK_EQUAL(verdict(got), "pending");
  start_host(one);
  CAF_CHECK_EQUAL(verdict(got), "none");
}

CAF_TEST(a router that dies is followed by one that gets everything again) {
  auto first = make_inbox();
  put(two.root + "/entities/router", first.who);
  reach(one, two);
  owned(one, 2, 7);
  auto got = command_of(one, "a1");
  CAF_CHECK_EQUAL(first.count<entity::routed_commands>(), 1u);
  end(first.who);
  put(two.root + "/entities/router", two.router);
  start_host(two);
  owned(two, 2, 7);
  std::this_thread::sleep_for(a_moment);
  pass(tick);
  CAF_CHECK_EQUAL(verdict(got), "none");
}

CAF_TEST(a router that dies again and again is found again as soon as the first time) {
  owned(one, 2, 7);
  auto first = make_inbox();
  put(two.root + "/entities/router", first.who);
  reach(one, two);
  for (auto n = 0; n < 4; ++n) {
    end(first.who);
    first = make_inbox();
    put(two.root + "/entities/router", first.who);
    std::this_thread::sleep_for(a_moment);
    pass(tick);
  }
  auto got = command_of(one, "a1");
  CAF_CHECK_EQUAL(first.count<entity::routed_commands>(), 1u);
}

CAF_TEST(a router that ends after its member was lost is no caller any more) {
  start_host(two);
  reach(one, two);
  reach(two, one);
  owned(one, 2, 7);
  owned(two, 2, 7);
  reply_of<entity::response>(one.router, make("a1"));
  tell(two.router, cluster::peer_down{member_id{"m1"}, incarnation{1}});
  auto callers = [&] { return reply_of<actor_state>(two.router, get_state{}).json; };
  CAF_CHECK(callers().find(R"("callers":1)") != std::string::npos);
  end(one.router);
  CAF_CHECK(callers().find(R"("callers":0)") != std::string::npos);
}

CAF_TEST(a router is watched although a former life of its member has ended) {
  auto other = make_inbox();
  put(two.root + "/entities/router", other.who);
  reach(one, two);
  tell(one.router, cluster::peer_up{member_id{"m2"}, incarnation{3}, agent_of(two)});
  tell(one.router, cluster::peer_down{member_id{"m2"}, incarnation{2}});
  auto state = [&] { return reply_of<actor_state>(one.router, get_state{}).json; };
  CAF_CHECK(state().find(R"("reached":true)") != std::string::npos);
  end(other.who);
  CAF_CHECK(state().find(R"("reached":false)") != std::string::npos);
}

CAF_TEST(a member that is lost keeps its commands waiting until its slot is taken over) {
  auto other = make_inbox();
  put(two.root + "/entities/router", other.who);
  start_host(one);
  reach(one, two);
  owned(one, 2, 7);
  auto got = command_of(one, "a1");
  tell(one.router, cluster::peer_down{member_id{"m2"}, incarnation{2}});
  CAF_CHECK_EQUAL(verdict(got), "pending");
  owned(one, 1, 8);
  CAF_CHECK_EQUAL(verdict(got), "none");
}

CAF_TEST(a host that is no owner makes SLOTS read again) {
  auto host = answering([](const entity::routed_command&) -> caf::result<entity::response> {
    return to_caf(ec::not_owner, "- 6");
  });
  put(one.root + "/entities/host", host);
  pass(tick);
  owned(one, 1, 7);
  auto got = command_of(one, "a1");
  CAF_CHECK_EQUAL(verdict(got), "pending");
  CAF_CHECK_EQUAL(one.slots.count<slots::read_slots>(), 1u);
}

CAF_TEST(a command without an owner is refused when its time is over) {
  auto got = request_of<entity::response>(one.router, make("a1", 20ms));
  std::this_thread::sleep_for(30ms);
  pass(tick);
  CAF_CHECK_EQUAL(verdict(got), "retry_after");
}

CAF_TEST(a router that ends leaves nobody waiting and holds nothing) {
  start_silent_host(one);
  owned(one, 1, 7);
  auto got = command_of(one, "a1");
  reach(one, two);
  end(one.router);
  CAF_CHECK(is_over(one.router));
}

CAF_TEST(it tells admins what is under way) {
  start_silent_host(one);
  owned(one, 1, 7);
  auto got = command_of(one, "a1");
  auto state = reply_of<actor_state>(one.router, get_state{});
  CAF_CHECK(state.json.find(R"("pending":1)") != std::string::npos);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::router
