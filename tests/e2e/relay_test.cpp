#define CAF_SUITE e2e_relay

#include "js_node.hpp"
#include "messages/codec/json.hpp"
#include "runtime/time/clock.hpp"
#include "three_nodes.hpp"
#include "traffic.hpp"

#include <caf/test/unit_test.hpp>

using namespace bpci;
using namespace bpci::e2e;

namespace {

namespace json = boost::json;

constexpr auto flow_max = milliseconds{60'000};

/// The wish is one second; what fails is only what never comes back.
constexpr auto back_max = milliseconds{5'000};

constexpr std::size_t rate = 2'000;

std::string text_of(const json::value& x, std::string_view member) {
  const auto* object = x.if_object();
  const auto* found = object ? object->if_contains(member) : nullptr;
  return found && found->is_string() ? std::string{found->as_string()} : std::string{};
}

struct fixture : three_nodes {
  /// `/node-3/oracle/links/...` of a BPI node; null if there is none.
  json::value link_row(const std::string& id) {
    for (const auto& row : cluster->tree(1, id))
      if (text_of(row, "type") == "LINK") return row;
    return nullptr;
  }

  void kill_by_command(std::size_t number, const std::string& path) {
    const auto done = cluster->cli(number, {"actors", "kill", path, "--reason", "a test"});
    CAF_MESSAGE(done.out << done.err);
    CAF_CHECK_EQUAL(done.exit_code, 0);
  }

  /// Kills the LINK of a client, and waits until the client is linked again.
  void kill_link_of(cpp_node& who) {
    const auto before = link_row(who.who().id);
    CAF_REQUIRE(before.is_object());
    const auto path = text_of(before, "path");
    const auto connections = who.connections();
    const auto begun = steady_now();
    kill_by_command(1, path);
    CAF_REQUIRE(!who.wait_for_connection(connections + 1, back_max).empty());
    const auto took = std::chrono::ceil<milliseconds>(who.connected_at(connections + 1) - begun);
    CAF_MESSAGE(path << " was linked again " << took.count() << " ms after the command began");
    const auto after = link_row(who.who().id);
    CAF_REQUIRE(after.is_object());
    CAF_CHECK_EQUAL(text_of(after, "state"), "running");
    CAF_CHECK_NOT_EQUAL(codec::to_text(after.at("actor_id")),
                        codec::to_text(before.at("actor_id")));
  }

  void check_nothing_lost(traffic& flow) {
    const auto counted = flow.finish(flow_max);
    CAF_MESSAGE(to_string(counted));
    CAF_CHECK_EQUAL(counted.lost, 0u);
    CAF_CHECK_EQUAL(counted.doubled, 0u);
    CAF_CHECK_EQUAL(counted.acknowledged, counted.sent);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(relay_tests, fixture)

CAF_TEST(a message in JavaScript crosses the cluster and is verified at each end) {
  if (!js_node::possible()) return;
  const auto ada = cluster->registered("ada");
  const auto bob = cluster->registered("bob");
  js_node sender;
  js_node receiver;
  CAF_CHECK_EQUAL(text_of(sender.connect({node(1).socket_url()}, ada, {bob}), "member"), "node-1");
  CAF_CHECK_EQUAL(text_of(receiver.connect({node(3).socket_url()}, bob, {ada}), "member"),
                  "node-3");
  sender.send("greeting-1", bob.id, "how do you do");
  const auto received = receiver.next("received");
  CAF_CHECK_EQUAL(text_of(received, "source"), ada.id);
  CAF_CHECK_EQUAL(text_of(received, "id"), "greeting-1");
  CAF_CHECK_EQUAL(text_of(received, "body"), "how do you do");
  const auto sent = sender.next("sent");
  CAF_REQUIRE(sent.is_object());
  CAF_CHECK_EQUAL(text_of(sent.at("outcomes"), bob.id), "none");

  CAF_MESSAGE("both links stand in the tree, by each way to it");
  CAF_CHECK_EQUAL(text_of(link_row(ada.id), "path"), "/node-1/oracle/links/" + ada.id);
  CAF_CHECK_EQUAL(text_of(link_row(bob.id), "path"), "/node-3/oracle/links/" + bob.id);
  const auto shown = cluster->cli(2, {"actors", "tree", "--filter", "LINK", "--all", "-o", "json"});
  CAF_CHECK_EQUAL(shown.exit_code, 0);
  CAF_CHECK(shown.out.find("/node-1/oracle/links/" + ada.id) != std::string::npos);
  CAF_CHECK(shown.out.find("/node-3/oracle/links/" + bob.id) != std::string::npos);
}

CAF_TEST(a message in JSON and one in msgpack meet) {
  if (!js_node::possible()) return;
  const auto ada = cluster->registered("ada");
  const auto bob = cluster->registered("bob");
  js_node receiver;
  CAF_REQUIRE(receiver.connect({node(2).socket_url() + "?encoding=json"}, bob, {ada}).is_object());
  cpp_node sender{ada, {node(1).socket_url()}};
  auto answer =
      sender.client().send({.targets = {node_id{bob.id}}, .type = "Note", .body = {'h', 'i'}});
  CAF_REQUIRE(answer.wait_for(flow_max) == std::future_status::ready);
  CAF_CHECK(answer.get().delivered());
  CAF_CHECK_EQUAL(text_of(receiver.next("received"), "body"), "hi");
}

CAF_TEST(a killed link is back at once and loses nothing) {
  traffic flow{cluster->registered("from"),
               {node(1).socket_url()},
               cluster->registered("to"),
               {node(3).socket_url()}};
  flow.begin(rate);
  CAF_REQUIRE(flow.wait_for_received(rate, flow_max));
  kill_link_of(flow.receiver());
  CAF_REQUIRE(flow.wait_for_received(flow.received() + rate, flow_max));
  kill_link_of(flow.sender());
  CAF_REQUIRE(flow.wait_for_received(flow.received() + rate, flow_max));
  check_nothing_lost(flow);
  CAF_CHECK_EQUAL(flow.receiver().connections(), 2u);
  CAF_CHECK_EQUAL(flow.sender().connections(), 2u);
}

CAF_TEST(a killed relay loses nothing that was acknowledged) {
  traffic flow{cluster->registered("from"),
               {node(1).socket_url()},
               cluster->registered("to"),
               {node(3).socket_url()}};
  flow.begin(rate);
  CAF_REQUIRE(flow.wait_for_received(rate, flow_max));
  CAF_MESSAGE("the relay of the sender");
  kill_by_command(2, "/node-1/oracle/relay");
  CAF_REQUIRE(flow.wait_for_received(flow.received() + rate, flow_max));
  CAF_MESSAGE("the relay of the receiver");
  kill_by_command(2, "/node-3/oracle/relay");
  CAF_REQUIRE(flow.wait_for_received(flow.received() + rate, flow_max));
  check_nothing_lost(flow);
  CAF_MESSAGE("the links have stayed");
  CAF_CHECK_EQUAL(flow.sender().connections(), 1u);
  CAF_CHECK_EQUAL(flow.receiver().connections(), 1u);
}

CAF_TEST(batches lose nothing and double nothing when their links and relays are killed) {
  constexpr std::size_t at_once = 50;
  traffic flow{cluster->registered("from"),
               {node(1).socket_url()},
               cluster->registered("to"),
               {node(3).socket_url()},
               at_once};
  flow.begin(2 * rate); // below the limit of a node, with room for what is sent again
  CAF_REQUIRE(flow.wait_for_received(2 * rate, flow_max));
  kill_link_of(flow.receiver());
  CAF_REQUIRE(flow.wait_for_received(flow.received() + rate, flow_max));
  kill_link_of(flow.sender());
  CAF_REQUIRE(flow.wait_for_received(flow.received() + rate, flow_max));
  kill_by_command(2, "/node-1/oracle/relay");
  CAF_REQUIRE(flow.wait_for_received(flow.received() + rate, flow_max));
  kill_by_command(2, "/node-3/oracle/relay");
  CAF_REQUIRE(flow.wait_for_received(flow.received() + rate, flow_max));
  const auto transmitted = flow.sender().client().stats();
  CAF_CHECK(transmitted.batches > 0);
  check_nothing_lost(flow);
}

CAF_TEST_FIXTURE_SCOPE_END()
