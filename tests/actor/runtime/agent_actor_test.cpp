#define CAF_SUITE cluster_agent_actor

#include "messages/runtime/introspection.hpp"
#include "messages/runtime/supervision.hpp"
#include "runtime/cluster/agent_actor.hpp"
#include "runtime/time/clock.hpp"
#include "tests/actor/node_fixture.hpp"

/// AGENT: what the other members of a cluster find at a node.
namespace bpci::cluster {

namespace {

using namespace bpci::test;
using namespace supervision;

struct fixture : node_fixture {
  std::shared_ptr<std::atomic<std::uint64_t>> life =
      std::make_shared<std::atomic<std::uint64_t>>(0);
  std::shared_ptr<std::atomic<std::uint64_t>> lag = std::make_shared<std::atomic<std::uint64_t>>(0);
  caf::actor agent = start<agent_actor>(identity(), life, node, lag);

  static node_identity identity() {
    node_identity me;
    me.cluster = "bpci";
    me.id = member_id{"alpha-1"};
    me.root = "/alpha-1";
    return me;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(cluster_agent_actor_tests, fixture)

CAF_TEST(an agent names the life that its node has when it is asked) {
  *life = 7;
  auto x = reply_of<agent_identity>(agent, who_are_you{});
  CAF_CHECK_EQUAL(x, (agent_identity{"bpci", member_id{"alpha-1"}, incarnation{7}}));
}

CAF_TEST(a probe is answered with the life of the node and how late its timers come) {
  *life = 7;
  *lag = 40;
  auto x = reply_of<probe_answer>(agent, probe{});
  CAF_CHECK_EQUAL(x, (probe_answer{incarnation{7}, 40}));
}

CAF_TEST(what members ask of each other goes to the members of the node) {
  auto question = probe_for_me{incarnation{9}};
  CAF_CHECK_EQUAL(verdict_of<probe_answer>(agent, question), "shutting_down");
  put("/alpha-1/cluster/members", answering([](const probe_for_me& x) {
        return probe_answer{x.target, 1};
      }));
  CAF_CHECK_EQUAL(reply_of<probe_answer>(agent, question), (probe_answer{incarnation{9}, 1}));
  auto members = make_inbox();
  put("/alpha-1/cluster/members", members.who);
  tell(agent, look_again{});
  CAF_CHECK_EQUAL(members.count<look_again>(), 1u);
}

CAF_TEST(a service is found in its present incarnation) {
  auto question = find_service{"/oracle/relay"};
  CAF_CHECK_EQUAL(verdict_of<service_handle>(agent, question), "not_found");
  auto first = make_inbox();
  put("/alpha-1/oracle/relay", first.who);
  CAF_CHECK_EQUAL(reply_of<service_handle>(agent, question), service_handle{first.who});
  auto second = make_inbox();
  put("/alpha-1/oracle/relay", second.who);
  CAF_CHECK_EQUAL(reply_of<service_handle>(agent, question), service_handle{second.who});
}

CAF_TEST(the tree is read without asking the actors in it) {
  for (const auto* path : {"/alpha-1", "/alpha-1/oracle", "/alpha-1/oracle/relay"}) {
    tree_registry::entry row;
    row.row.path = path;
    node->tree.put(row);
  }
  auto page = reply_of<tree_page>(agent, tree_query{"relay", "", 0});
  CAF_REQUIRE_EQUAL(page.rows.size(), 1u);
  CAF_CHECK_EQUAL(page.rows.front().path, "/alpha-1/oracle/relay");
}

CAF_TEST(an actor shows its state through the agent) {
  put("/alpha-1/agent", agent);
  auto x = reply_of<actor_state>(agent, show_actor{"/alpha-1/agent"});
  CAF_CHECK(x.json.find(R"("member":"alpha-1")") != std::string::npos);
  CAF_CHECK_EQUAL(verdict_of<actor_state>(agent, show_actor{"/alpha-1/nobody"}), "not_found");
}

CAF_TEST(an actor that has just died is shown as restarted) {
  auto gone = make_inbox();
  put("/alpha-1/gone", gone.who);
  end(gone.who);
  CAF_CHECK_EQUAL(verdict_of<actor_state>(agent, show_actor{"/alpha-1/gone"}), "restarted");
}

CAF_TEST(what changes the tree goes to the root and a node without one is shutting down) {
  auto order = kill_child{"/alpha-1/oracle/relay", "admin", "a test"};
  CAF_CHECK_EQUAL(verdict_of<child_action_done>(agent, order), "shutting_down");
  put("/alpha-1", answering([](const kill_child& x) { return child_action_done{x.path, 42}; }));
  auto done = reply_of<child_action_done>(agent, order);
  CAF_CHECK_EQUAL(done.actor_id, 42u);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::cluster
