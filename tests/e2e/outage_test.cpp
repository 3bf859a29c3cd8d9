#define CAF_SUITE e2e_outage

#include "raw_link.hpp"
#include "runtime/time/clock.hpp"
#include "three_nodes.hpp"
#include "traffic.hpp"

#include <caf/test/unit_test.hpp>
#include <pqxx/connection>
#include <pqxx/transaction>

#include <algorithm>
#include <csignal>

using namespace bpci;
using namespace bpci::e2e;

namespace {

constexpr auto flow_max = milliseconds{60'000};
constexpr auto reconnect_max = milliseconds{30'000};
/// Some attempts, each of which waits for the database for a while.
constexpr auto refusal_max = milliseconds{5'000};
constexpr auto repair_max = milliseconds{60'000};

constexpr std::size_t rate = 500;

bool holds(const std::vector<failure>& all, ec code) {
  return std::ranges::any_of(all, [&](const auto& x) { return x.code == code; });
}

bool is_alive(pid_t who) {
  return kill(who, 0) == 0;
}

struct fixture : three_nodes {
  void check_nothing_lost(const char* whose, traffic& flow) {
    const auto counted = flow.finish(flow_max);
    CAF_MESSAGE(whose << ": " << to_string(counted));
    CAF_CHECK_EQUAL(counted.lost, 0u);
    CAF_CHECK_EQUAL(counted.doubled, 0u);
    CAF_CHECK_EQUAL(counted.acknowledged, counted.sent);
  }

  /// The state of the newest row of a member, also of one that the API no longer lists.
  std::string state_in_database(const std::string& member) {
    pqxx::connection database{"host=" + (node(1).data_dir() / "postgres/socket").string()
                              + " dbname=bpci user=bpci connect_timeout=10"};
    pqxx::work tx{database};
    return tx
        .exec_params1("SELECT state FROM member WHERE member_id = $1 "
                      "ORDER BY incarnation DESC LIMIT 1",
                      member)[0]
        .as<std::string>();
  }

  void act_on_database(const std::string& verb) {
    const auto body = R"({"path": "/node-1/storage/postgres", "reason": "a test"})";
    const auto answer = cluster->call(1, "POST", "/api/v1/actors/" + verb, body);
    CAF_REQUIRE(answer.has_value());
    CAF_CHECK_EQUAL(answer->status, 200);
  }

  std::int64_t incarnation_of(const std::string& member) {
    const auto row = cluster->member_seen(1, member);
    if (row.is_null()) return 0;
    return row.at("member").at("incarnation").to_number<std::int64_t>();
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(outage_tests, fixture)

CAF_TEST(those at other nodes go on when a node dies and its own clients move) {
  const std::vector<std::string> middle{node(2).socket_url(), node(3).socket_url()};
  traffic elsewhere{cluster->registered("from"),
                    {node(1).socket_url()},
                    cluster->registered("to"),
                    {node(3).socket_url()}};
  traffic to_middle{
      cluster->registered("from"), {node(1).socket_url()}, cluster->registered("to"), middle};
  traffic from_middle{
      cluster->registered("from"), middle, cluster->registered("to"), {node(1).socket_url()}};
  const auto before = incarnation_of("node-2");
  for (auto* flow : {&elsewhere, &to_middle, &from_middle})
    flow->begin(rate);
  for (auto* flow : {&elsewhere, &to_middle, &from_middle})
    CAF_REQUIRE(flow->wait_for_received(500, flow_max));

  CAF_CHECK_EQUAL(node(2).stop(SIGKILL), 128 + SIGKILL);
  CAF_CHECK_EQUAL(to_middle.receiver().wait_for_connection(2, reconnect_max), middle[1]);
  CAF_CHECK_EQUAL(from_middle.sender().wait_for_connection(2, reconnect_max), middle[1]);
  for (auto* flow : {&elsewhere, &to_middle, &from_middle})
    CAF_REQUIRE(flow->wait_for_received(flow->received() + 1'000, flow_max));
  check_nothing_lost("elsewhere", elsewhere);
  check_nothing_lost("to the dead node", to_middle);
  check_nothing_lost("from the dead node", from_middle);
  CAF_CHECK_EQUAL(elsewhere.sender().connections(), 1u);
  CAF_CHECK_EQUAL(elsewhere.receiver().connections(), 1u);

  CAF_MESSAGE("it comes back as a new incarnation");
  node(2).start();
  CAF_REQUIRE(eventually(repair_max, [&] { return cluster->complete(); }));
  CAF_CHECK(incarnation_of("node-2") > before);
  raw_link ada{node(2), cluster->registered("ada")};
  raw_link bob{node(1), cluster->registered("bob")};
  CAF_CHECK(passes(ada, bob));
  CAF_CHECK(passes(bob, ada));
}

CAF_TEST(links go on without the database and handshakes wait for it) {
  traffic flow{cluster->registered("from"),
               {node(1).socket_url()},
               cluster->registered("to"),
               {node(3).socket_url()}};
  const auto ada = cluster->registered("ada");
  const auto bob = cluster->registered("bob");
  flow.begin(rate);
  CAF_REQUIRE(flow.wait_for_received(500, flow_max));
  act_on_database("pause");
  CAF_REQUIRE(eventually(repair_max, [&] { return node(1).postmaster() == 0; }));
  raw_link turned_away{node(2), ada, {.begin = false}};
  const auto no = turned_away.handshake();
  CAF_REQUIRE(no.has_error());
  CAF_CHECK_EQUAL(std::string{name(no.error().code)}, "unavailable");
  const auto end = turned_away.end();
  CAF_MESSAGE(end.detail);
  CAF_CHECK(end.detail.find("code 1013") != std::string::npos);

  client::bpi_client patient{
      {.urls = {node(2).socket_url()}, .node_id = node_id{bob.id}, .keys = bob.keys()}};
  const auto not_yet = patient.connect(refusal_max);
  CAF_REQUIRE(not_yet.has_error());
  CAF_CHECK_EQUAL(std::string{name(not_yet.error().code)}, "unavailable");
  CAF_REQUIRE(flow.wait_for_received(flow.received() + 500, flow_max));
  act_on_database("resume");
  CAF_CHECK(patient.connect(repair_max).has_value());
  CAF_CHECK(eventually(repair_max, [&] { return cluster->complete(); }));
  check_nothing_lost("meanwhile", flow);
  CAF_CHECK_EQUAL(flow.sender().connections(), 1u);
  CAF_CHECK_EQUAL(flow.receiver().connections(), 1u);
}

CAF_TEST(a database that dies is started again and the links notice nothing) {
  traffic flow{cluster->registered("from"),
               {node(1).socket_url()},
               cluster->registered("to"),
               {node(3).socket_url()}};
  const auto ada = cluster->registered("ada");
  flow.begin(rate);
  CAF_REQUIRE(flow.wait_for_received(500, flow_max));
  const auto postmaster = node(1).postmaster();
  CAF_REQUIRE(postmaster > 0);
  const auto begun = steady_now();
  CAF_REQUIRE(kill(postmaster, SIGKILL) == 0);
  cpp_node newcomer{ada, {node(1).socket_url()}};
  const auto took = std::chrono::ceil<milliseconds>(newcomer.connected_at(1) - begun);
  CAF_MESSAGE("a client that came then was let in after "
              << took.count() << " ms and " << newcomer.losses().size() << " refusals");
  CAF_CHECK(eventually(repair_max, [&] {
    const auto now = node(1).postmaster();
    return now > 0 && now != postmaster && cluster->complete();
  }));
  CAF_REQUIRE(flow.wait_for_received(flow.received() + 500, flow_max));
  check_nothing_lost("meanwhile", flow);
  CAF_CHECK_EQUAL(flow.sender().connections(), 1u);
  CAF_CHECK_EQUAL(flow.receiver().connections(), 1u);

  CAF_MESSAGE("everything that needs the database works at each node");
  for (std::size_t i = 1; i <= cluster->size(); ++i) {
    CAF_CHECK(raw_link(node(i), ada).is_open());
    CAF_CHECK(cluster->get(i, "/api/v1/oracle/nodes").is_object());
  }
}

CAF_TEST(a node that is told to stop says goodbye) {
  const std::vector<std::string> urls{node(3).socket_url(), node(2).socket_url()};
  raw_link guest{node(3), cluster->registered("guest")};
  cpp_node mover{cluster->registered("mover"), urls};
  CAF_CHECK_EQUAL(node(3).stop(SIGTERM), 0);
  const auto end = guest.end();
  CAF_CHECK_EQUAL(std::string{name(end.why)}, "shutting_down");
  CAF_CHECK(end.detail.find("1001") != std::string::npos);
  CAF_CHECK_EQUAL(mover.wait_for_connection(2, reconnect_max), urls[1]);
  CAF_CHECK(holds(mover.losses(), ec::shutting_down));
  CAF_CHECK_EQUAL(state_in_database("node-3"), "left");

  node(3).start();
  CAF_CHECK_EQUAL(node(3).token_shown(), "");
  CAF_CHECK(eventually(repair_max, [&] { return cluster->complete(); }));
  CAF_CHECK(eventually(repair_max, [&] { return state_in_database("node-3") == "up"; }));
}

CAF_TEST(the node with the database stops it and starts again on the same data) {
  const auto postmaster = node(1).postmaster();
  CAF_REQUIRE(is_alive(postmaster));
  const auto ada = cluster->registered("ada");
  raw_link guest{node(1), ada};
  CAF_CHECK_EQUAL(node(1).stop(SIGTERM), 0);
  CAF_CHECK(!is_alive(postmaster));
  CAF_CHECK_EQUAL(std::string{name(guest.end().why)}, "shutting_down");

  node(1).start();
  CAF_CHECK_EQUAL(node(1).token_shown(), "");
  CAF_CHECK(eventually(repair_max, [&] { return cluster->complete(); }));
  CAF_MESSAGE("the token and the registrations are those of before");
  CAF_CHECK(cluster->get(1, "/api/v1/oracle/stats").is_object());
  raw_link again{node(1), ada};
  raw_link bob{node(2), cluster->registered("bob")};
  CAF_CHECK(passes(again, bob));
}

CAF_TEST_FIXTURE_SCOPE_END()
