#define CAF_SUITE oracle_relay_actor

#include "actors/oracle/relay_actor.hpp"
#include "runtime/cluster/agent_actor.hpp"
#include "tests/actor/oracle/oracle_fixture.hpp"

/// RELAY as an actor: its LINKs, the RELAYs of other members, and the requests of the gateway. What
/// it decides is tested in tests/unit/oracle.
namespace bpci::oracle {

namespace {

using namespace test;

/// As often as RELAY looks for what is overdue.
constexpr auto tick = 250ms;

/// RELAY measures timeouts with the real clock. This one, with the grace for requests, ends at the
/// moment at which it begins, so that everything is overdue at the next tick.
constexpr auto no_time = -1'000ms;

/// A member with its RELAY and its AGENT.
struct member {
  std::string name;
  std::shared_ptr<context> shared;
  caf::actor relay;
  caf::actor agent;
};

struct fixture : oracle_fixture {
  member alpha = make_member("alpha-1");

  member make_member(const std::string& name, std::chrono::milliseconds relay_timeout = 30s) {
    auto shared = context_of(name);
    shared->relay.relay_timeout = relay_timeout;
    auto me = cluster::node_identity{};
    me.id = member_id{name};
    me.root = shared->root;
    auto life = std::make_shared<const std::atomic<std::uint64_t>>(1);
    auto out = member{name, shared, {}, start<cluster::agent_actor>(me, life, node)};
    start_relay(out);
    return out;
  }

  void start_relay(member& at) {
    at.relay = start<relay_actor>(at.shared);
    put(at.shared->root + path::relay, at.relay);
  }

  /// MEMBERS of `at` has reached `other`.
  void reach(const member& at, const member& other) {
    tell(at.relay, cluster::peer_up{member_id{other.name}, incarnation{1}, other.agent});
  }

  void lose(const member& at, const member& other) {
    tell(at.relay, cluster::peer_down{member_id{other.name}, incarnation{1}});
  }

  /// A node has connected; the inbox is its LINK.
  inbox connect(const member& at, const std::string& who, std::uint64_t session = 1) {
    auto link = make_inbox();
    put(at.shared->root + path::links + ("/" + who), link.who);
    announce(at, who, session, link);
    return link;
  }

  void announce(const member& at, const std::string& who, std::uint64_t session,
                const inbox& link) {
    tell(at.relay,
         route_up{node_id{who}, member_id{at.name}, session_no{session}, bytes(32, 3), link.who});
  }

  /// Where the RELAY of `at` sees the node: the member's name, or "nowhere".
  std::string place_of(const member& at, const std::string& who) {
    auto found = reply_of<route_list>(at.relay, find_routes{{node_id{who}}});
    return found.routes.empty() ? "nowhere" : found.routes.front().member.get();
  }

  void submit(const member& at, const inbox& source, const envelope_ptr& message) {
    tell_from(source.who, at.relay, submissions{{message}, bytes(32, 3)});
  }

  /// A LINK says what became of alice's message.
  void settle_at(const member& at, const std::string& id, const std::string& target,
                 ec code = ec::none) {
    tell(at.relay, outcomes{{{node_id{"alice"}, message_id{id}, node_id{target}, {code, {}}}}});
  }

  static std::string delivered(const inbox& link) {
    std::vector<std::string> out;
    for (const auto& some : link.all<deliveries>())
      for (const auto& one : some.items)
        out.push_back(one.message->id.get() + " from " + one.relay.get());
    return testing::join(out);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(oracle_relay_actor_tests, fixture)

CAF_TEST(a message goes to the link of its target and the answer to the link of its source) {
  auto alice = connect(alpha, "alice");
  auto bob = connect(alpha, "bob");
  submit(alpha, alice, shared_letter("m1"));
  CAF_CHECK_EQUAL(delivered(bob), "m1 from alpha-1");
  CAF_CHECK_EQUAL(alice.count<outcomes>(), 0u);
  settle_at(alpha, "m1", "bob");
  CAF_CHECK_EQUAL(words_of(alice.all<outcomes>()), "alice/m1 none at bob");

  submit(alpha, alice, shared_letter("m2", {"nobody"}));
  CAF_CHECK_EQUAL(words_of(alice.all<outcomes>().back()), "alice/m2 unknown_target at nobody");
  auto stats = reply_of<relay_stats>(alpha.relay, get_relay_stats{});
  CAF_CHECK_EQUAL(stats.accepted, 2u);
  CAF_CHECK_EQUAL(stats.delivered, 1u);
  CAF_CHECK_EQUAL(stats.connected_local, 2u);
}

CAF_TEST(members that meet know each other s nodes and hear who comes and goes) {
  auto beta = make_member("beta-1");
  auto alice = connect(alpha, "alice");
  auto bob = connect(beta, "bob");
  reach(alpha, beta);
  CAF_CHECK_EQUAL(place_of(alpha, "bob"), "beta-1");
  CAF_CHECK_EQUAL(place_of(beta, "alice"), "alpha-1");

  submit(alpha, alice, shared_letter("m1"));
  CAF_CHECK_EQUAL(delivered(bob), "m1 from alpha-1");
  connect(beta, "carol");
  CAF_CHECK_EQUAL(place_of(alpha, "carol"), "beta-1");
  tell(beta.relay, route_down{node_id{"carol"}, member_id{"beta-1"}, session_no{1}});
  CAF_CHECK_EQUAL(place_of(alpha, "carol"), "nowhere");
  end(bob.who);
  CAF_CHECK_EQUAL(place_of(beta, "bob"), "nowhere");
  CAF_CHECK_EQUAL(place_of(alpha, "bob"), "nowhere");
}

CAF_TEST(what is open towards a member that is lost waits for the node to come elsewhere) {
  auto beta = make_member("beta-1");
  auto alice = connect(alpha, "alice");
  connect(beta, "bob");
  reach(alpha, beta);
  submit(alpha, alice, shared_letter("m1"));
  lose(alpha, beta);
  CAF_CHECK_EQUAL(place_of(alpha, "bob"), "nowhere");
  submit(alpha, alice, shared_letter("m2"));
  CAF_CHECK_EQUAL(alice.count<outcomes>(), 0u);
  auto bob = connect(alpha, "bob", 2);
  CAF_CHECK_EQUAL(delivered(bob), "m1 from alpha-1; m2 from alpha-1");
}

CAF_TEST(a member that only one side has lost is known again to both) {
  auto beta = make_member("beta-1");
  connect(alpha, "alice");
  connect(beta, "bob");
  reach(alpha, beta);
  reach(beta, alpha);
  lose(beta, alpha); // MEMBERS of alpha has restarted: beta dials its new life
  CAF_CHECK_EQUAL(place_of(beta, "alice"), "nowhere");
  reach(beta, alpha);
  CAF_CHECK_EQUAL(place_of(beta, "alice"), "alpha-1");
  CAF_CHECK_EQUAL(place_of(alpha, "bob"), "beta-1");
}

CAF_TEST(a relay that was restarted learns the nodes of the others and is told of new ones) {
  auto beta = make_member("beta-1");
  connect(alpha, "alice");
  auto bob = connect(beta, "bob");
  reach(alpha, beta);
  end(beta.relay);
  start_relay(beta);
  reach(beta, alpha);
  CAF_CHECK_EQUAL(place_of(beta, "alice"), "alpha-1");
  CAF_CHECK_EQUAL(place_of(alpha, "bob"), "nowhere"); // until its link finds the new relay
  announce(beta, "bob", 1, bob);
  CAF_CHECK_EQUAL(place_of(alpha, "bob"), "beta-1");
  connect(alpha, "carol");
  CAF_CHECK_EQUAL(place_of(beta, "carol"), "alpha-1");
}

CAF_TEST(the nodes of a relay that has ended are nowhere although nobody tells) {
  auto beta = make_member("beta-1");
  reach(alpha, beta);
  auto bob = connect(beta, "bob");
  CAF_CHECK_EQUAL(place_of(alpha, "bob"), "beta-1");
  end(beta.relay);
  CAF_CHECK_EQUAL(place_of(alpha, "bob"), "nowhere");
}

CAF_TEST(a member whose relay is away is greeted by that relay when it runs) {
  auto beta = make_member("beta-1");
  connect(alpha, "alice");
  end(beta.relay);
  node->directory.remove("/beta-1/oracle/relay", beta.relay);
  reach(alpha, beta);
  start_relay(beta);
  reach(beta, alpha);
  CAF_CHECK_EQUAL(place_of(beta, "alice"), "alpha-1");
}

CAF_TEST(a newer session at another member supersedes the link here and an older one does not ) {
  auto beta = make_member("beta-1");
  reach(alpha, beta);
  auto here = connect(alpha, "bob", 2);
  connect(beta, "bob", 1);
  CAF_CHECK_EQUAL(place_of(alpha, "bob"), "alpha-1");
  CAF_CHECK_EQUAL(here.count<superseded>(), 0u);
  connect(beta, "bob", 3);
  CAF_CHECK_EQUAL(place_of(alpha, "bob"), "beta-1");
  auto told = here.all<superseded>();
  CAF_REQUIRE_EQUAL(told.size(), 1u);
  CAF_CHECK_EQUAL(told.front().by, session_no{3});
}

CAF_TEST(the death of a link that was replaced leaves the route of its successor) {
  auto first = connect(alpha, "bob", 1);
  connect(alpha, "bob", 2);
  end(first.who);
  CAF_CHECK_EQUAL(place_of(alpha, "bob"), "alpha-1");
}

CAF_TEST(a request is answered when every one of its targets has been) {
  auto bob = connect(alpha, "bob");
  auto message = shared_letter("m1", {"bob", "nobody"});
  auto got = request_of<outcomes>(alpha.relay, relay_request{message, bytes(32, 3)});
  CAF_CHECK_EQUAL(verdict(got), "pending");
  CAF_CHECK_EQUAL(delivered(bob), "m1 from alpha-1");
  settle_at(alpha, "m1", "bob", ec::busy);
  CAF_REQUIRE_EQUAL(verdict(got), "none");
  CAF_CHECK_EQUAL(words_of(***got), "alice/m1 unknown_target at nobody; alice/m1 busy at bob");
}

CAF_TEST(of two requests for one message the newer gets the answer and the older a timeout) {
  auto beta = make_member("beta-1", no_time);
  connect(beta, "bob");
  auto message = shared_letter("m1");
  auto older = request_of<outcomes>(beta.relay, relay_request{message, bytes(32, 3)});
  auto newer = request_of<outcomes>(beta.relay, relay_request{message, bytes(32, 3)});
  CAF_CHECK_EQUAL(verdict(older), "pending");
  pass(tick);
  CAF_CHECK_EQUAL(verdict(older), "timeout");
  CAF_REQUIRE_EQUAL(verdict(newer), "none");
  CAF_CHECK_EQUAL(words_of(***newer), "alice/m1 expired at bob");
}

CAF_TEST(members that were restarted are asked again who comes and goes) {
  auto first = stand_in(path::members);
  pass(tick);
  pass(tick);
  CAF_CHECK_EQUAL(first.count<cluster::watch_members>(), 1u);
  end(first.who);
  auto second = stand_in(path::members);
  pass(tick);
  CAF_CHECK_EQUAL(second.count<cluster::watch_members>(), 1u);
}

CAF_TEST(a notice goes to every link of this member signed and encoded once) {
  auto beta = make_member("beta-1");
  reach(alpha, beta);
  auto alice = connect(alpha, "alice");
  auto bob = connect(alpha, "bob");
  auto carol = connect(beta, "carol");
  tell(alpha.relay, publish_notice{"governance", {1, 2, 3}});
  CAF_CHECK_EQUAL(carol.count<notice_out>(), 0u);
  auto at_alice = alice.all<notice_out>();
  auto at_bob = bob.all<notice_out>();
  CAF_REQUIRE_EQUAL(at_alice.size(), 1u);
  CAF_REQUIRE_EQUAL(at_bob.size(), 1u);
  CAF_CHECK(at_alice.front().msgpack == at_bob.front().msgpack);
  auto frame = decode_server_frame(*at_alice.front().msgpack, encoding::msgpack);
  auto same = decode_server_frame(*at_alice.front().json, encoding::json);
  CAF_REQUIRE(frame);
  CAF_CHECK(same && *same == *frame);
  auto news = std::get<notice>(*frame);
  CAF_CHECK_EQUAL(news.topic, "governance");
  CAF_CHECK(news.body == (bytes{1, 2, 3}));
  auto key = to_bytes(server_keys.pub.bytes);
  auto signature = crypto::signature_from_bytes(news.signature);
  CAF_REQUIRE(signature);
  CAF_CHECK(crypto::verify(server_keys.pub, signing_bytes(key, news), *signature));
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::oracle
