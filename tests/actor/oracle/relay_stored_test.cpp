#define CAF_SUITE oracle_relay_stored_actor

#include "actors/oracle/relay_actor.hpp"
#include "runtime/cluster/agent_actor.hpp"
#include "tests/actor/oracle/oracle_fixture.hpp"

/// RELAY as an actor: stored messages on their way into mailboxes and out of them, through a ROUTER
/// that has all entities in the memory of the test.
namespace bpci::oracle {

namespace {

using namespace test;

/// As often as RELAY looks for what is overdue, and removes what was acknowledged.
constexpr auto tick = 250ms;

struct fixture : oracle_fixture {
  std::shared_ptr<std::vector<std::string>> registered =
      std::make_shared<std::vector<std::string>>(std::vector<std::string>{"bob", "carol"});
  caf::actor alpha = start_member("alpha-1");
  inbox alice = connect("alpha-1", alpha, "alice");

  fixture() {
    put_router("alpha-1");
    put_router("beta-1");
    for (const auto* member : {"alpha-1", "beta-1"})
      put(std::string{"/"} + member + path::registry,
          answering([known = registered](const find_registered& x) {
            registered_nodes out;
            for (const auto& node : x.nodes)
              if (std::ranges::find(*known, node.get()) != known->end()) out.nodes.push_back(node);
            return out;
          }));
  }

  caf::actor start_member(const std::string& name, std::shared_ptr<context> with = {}) {
    auto out = start<relay_actor>(with ? with : context_of(name));
    put("/" + name + path::relay, out);
    return out;
  }

  /// A node has connected; the inbox is its LINK.
  inbox connect(const std::string& member, const caf::actor& relay, const std::string& who,
                std::uint64_t session = 1) {
    auto link = make_inbox();
    put("/" + member + path::links + "/" + who, link.who);
    tell(relay,
         route_up{node_id{who}, member_id{member}, session_no{session}, bytes(32, 3), link.who});
    return link;
  }

  void disconnect(const std::string& who, std::uint64_t session = 1) {
    tell(alpha, route_down{node_id{who}, member_id{"alpha-1"}, session_no{session}});
  }

  void submit(const envelope_ptr& message) {
    tell_from(alice.who, alpha, submissions{{message}, to_bytes(alice_keys.pub.bytes)});
  }

  /// The node acknowledges alice's message.
  void acknowledge(const caf::actor& relay, const std::string& id, const std::string& who = "bob") {
    tell(relay, outcomes{{{node_id{"alice"}, message_id{id}, node_id{who}, {ec::none, {}}}}});
  }

  /// What alice was told since the last call.
  std::string told() {
    auto out = words_of(alice.all<outcomes>());
    alice.messages->clear();
    return out;
  }

  /// What the LINK was given since the last call.
  static std::string delivered(const inbox& link) {
    std::vector<std::string> out;
    for (const auto& some : link.all<deliveries>())
      for (const auto& one : some.items)
        out.push_back(one.message->id.get() + " from " + one.relay.get());
    link.messages->clear();
    return testing::join(out);
  }

  void introduce(const std::string& name, const caf::actor& relay) {
    tell_from(relay, alpha, route_snapshot{member_id{name}, {}, true});
    tell_from(alpha, relay, route_snapshot{member_id{"alpha-1"}, {}, false});
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(oracle_relay_stored_tests, fixture)

CAF_TEST(a stored message waits in the mailbox until its target comes and acknowledges) {
  submit(stored_letter("m1"));
  CAF_CHECK_EQUAL(told(), "alice/m1 stored at bob");
  CAF_CHECK_EQUAL(entities->letters_for("bob"), "m1");
  auto bob = connect("alpha-1", alpha, "bob");
  CAF_CHECK_EQUAL(delivered(bob), "m1 from alpha-1");
  CAF_CHECK_EQUAL(entities->letters_for("bob"), "m1");
  acknowledge(alpha, "m1");
  CAF_CHECK_EQUAL(told(), "alice/m1 none later at bob");
  pass(tick);
  CAF_CHECK_EQUAL(entities->letters_for("bob"), "");
}

CAF_TEST(a stored message for a node that is connected is pushed when it is safe) {
  auto bob = connect("alpha-1", alpha, "bob");
  submit(stored_letter("m1"));
  submit(stored_letter("m2", {"bob"}, 2));
  CAF_CHECK_EQUAL(told(), "alice/m1 stored at bob; alice/m2 stored at bob");
  CAF_CHECK_EQUAL(delivered(bob), "m1 from alpha-1; m2 from alpha-1");
}

CAF_TEST(what cannot be stored is not delivered either) {
  auto bob = connect("alpha-1", alpha, "bob");
  entities->broken = fail(ec::unavailable);
  submit(stored_letter("m1"));
  CAF_CHECK_EQUAL(told(), "alice/m1 unavailable at bob");
  CAF_CHECK_EQUAL(delivered(bob), "");
}

CAF_TEST(a target that nobody has registered is unknown) {
  submit(stored_letter("m1", {"bob", "nobody"}));
  CAF_CHECK_EQUAL(told(), "alice/m1 unknown_target at nobody; alice/m1 stored at bob");
  CAF_CHECK_EQUAL(entities->letters_for("nobody"), "");
  registered->emplace_back("nobody");
  submit(stored_letter("m2", {"nobody"}, 2));
  CAF_CHECK_EQUAL(told(), "alice/m2 stored at nobody");
}

CAF_TEST(a register that is away makes the source try again) {
  node->directory.remove("/alpha-1/oracle/registry",
                         node->directory.find("/alpha-1/oracle/registry"));
  submit(stored_letter("m1"));
  CAF_CHECK_EQUAL(told(), "alice/m1 unavailable at bob");
}

CAF_TEST(a refusal of the mailbox says when to try again) {
  entities->broken = fail(ec::retry_after, "700");
  submit(stored_letter("m1"));
  CAF_CHECK_EQUAL(told(), "alice/m1 busy (700 ms) at bob");
  entities->broken = fail(ec::busy, "the mailbox holds 10000 messages");
  submit(stored_letter("m1", {"bob"}, 2));
  CAF_CHECK_EQUAL(told(), "alice/m1 busy (1000 ms) at bob");
  entities->broken = fail(ec::timeout);
  submit(stored_letter("m1", {"bob"}, 3));
  CAF_CHECK_EQUAL(told(), "alice/m1 restarted at bob");
  entities->broken = fail(ec::none);
  submit(stored_letter("m1", {"bob"}, 4));
  CAF_CHECK_EQUAL(told(), "alice/m1 stored at bob");
}

CAF_TEST(a retry that another relay gets is stored once and another content is refused) {
  submit(stored_letter("m1"));
  end(alpha);
  alpha = start_member("alpha-1");
  connect("alpha-1", alpha, "alice");
  submit(stored_letter("m1", {"bob"}, 9)); // signed anew
  CAF_CHECK_EQUAL(entities->letters_for("bob"), "m1");
  submit(stored_letter("m2", {"bob"}, 10));
  end(alpha);
  alpha = start_member("alpha-1");
  alice = connect("alpha-1", alpha, "alice");
  submit(stored_letter("m2", {"bob"}, 11, "something else"));
  CAF_CHECK_EQUAL(told(), "alice/m2 conflict at bob");
  CAF_CHECK_EQUAL(entities->letters_for("bob"), "m1 m2");
}

CAF_TEST(what was not acknowledged is delivered again after a reconnect and after a crash) {
  auto first = connect("alpha-1", alpha, "bob");
  submit(stored_letter("m1"));
  submit(stored_letter("m2", {"bob"}, 2));
  delivered(first);
  acknowledge(alpha, "m1");
  disconnect("bob");
  auto second = connect("alpha-1", alpha, "bob", 2);
  CAF_CHECK_EQUAL(delivered(second), "m2 from alpha-1");
  end(alpha);
  alpha = start_member("alpha-1");
  // The new RELAY has not heard that m1 was acknowledged: bob drops it.
  auto third = connect("alpha-1", alpha, "bob", 2);
  CAF_CHECK_EQUAL(delivered(third), "m1 from alpha-1; m2 from alpha-1");
  acknowledge(alpha, "m1");
  acknowledge(alpha, "m2");
  pass(tick);
  CAF_CHECK_EQUAL(entities->letters_for("bob"), "");
}

CAF_TEST(the mailbox is read where its node is and the source is told wherever it is) {
  auto beta = start_member("beta-1");
  introduce("beta-1", beta);
  auto bob = connect("beta-1", beta, "bob");
  submit(stored_letter("m1"));
  CAF_CHECK_EQUAL(told(), "alice/m1 stored at bob");
  CAF_CHECK_EQUAL(delivered(bob), "m1 from beta-1");
  // beta has heard of alice when it was introduced, or hears of her now.
  tell(beta, route_up{node_id{"alice"}, member_id{"alpha-1"}, session_no{1}, {}, alice.who});
  acknowledge(beta, "m1");
  CAF_CHECK_EQUAL(told(), "alice/m1 none later at bob");
  pass(tick);
  CAF_CHECK_EQUAL(entities->letters_for("bob"), "");
}

CAF_TEST(a node that moves to another member is served there) {
  auto beta = start_member("beta-1");
  introduce("beta-1", beta);
  auto here = connect("alpha-1", alpha, "bob", 1);
  submit(stored_letter("m1"));
  CAF_CHECK_EQUAL(delivered(here), "m1 from alpha-1");
  auto there = connect("beta-1", beta, "bob", 2);
  CAF_CHECK_EQUAL(delivered(there), "m1 from beta-1");
  submit(stored_letter("m2", {"bob"}, 2));
  CAF_CHECK_EQUAL(delivered(there), "m2 from beta-1");
  CAF_CHECK_EQUAL(delivered(here), "");
}

CAF_TEST(a member that answers nothing makes its senders wait and costs no more than its credit) {
  auto with = context_of("alpha-1");
  with->relay.to_member = {2, 1'000'000};
  end(alpha);
  alpha = start_member("alpha-1", with);
  alice = connect("alpha-1", alpha, "alice");
  auto beta = make_inbox();
  tell(alpha, route_up{node_id{"bob"}, member_id{"beta-1"}, session_no{1}, {}, beta.who});
  for (const auto* id : {"m1", "m2", "m3", "m4"})
    submit(shared_letter(id));
  CAF_CHECK_EQUAL(delivered(beta), "m1 from alpha-1; m2 from alpha-1");
  CAF_CHECK_EQUAL(told(), "alice/m3 busy at bob; alice/m4 busy at bob");
}

CAF_TEST(a stored message over HTTP is answered when it is safe) {
  auto got = reply_of<outcomes>(alpha, relay_request{stored_letter("m1"), bytes(32, 3)});
  CAF_CHECK_EQUAL(words_of(got), "alice/m1 stored at bob");
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::oracle
