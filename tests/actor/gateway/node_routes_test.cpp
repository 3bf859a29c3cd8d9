#define CAF_SUITE gateway_node_routes

#include "messages/oracle/conduct.hpp"
#include "messages/oracle/discovery.hpp"
#include "messages/oracle/rotation.hpp"
#include "runtime/crypto/token.hpp"
#include "tests/actor/gateway/gateway_fixture.hpp"

/// Isolation and keys of BPI nodes over HTTP: who may do what, and what is recorded.
namespace bpci::gateway {

namespace {

using namespace test;

struct fixture : gateway_fixture {
  std::shared_ptr<fake_records::state> database = without_database();
  std::shared_ptr<std::vector<std::string>> told = std::make_shared<std::vector<std::string>>();

  fixture() {
    database->labels[crypto::hash_token("of-the-cluster")] = "ada";
    auto note = [told = told](const std::string& what) {
      told->push_back(what);
      oracle::node_record out;
      out.node_id = node_id{"bank-a"};
      return out;
    };
    put("/alpha-1/oracle/warden",
        playing({[note](const oracle::isolate_order& x) {
                   return note(x.by + " isolates " + x.node.get() + " for "
                               + std::to_string(x.for_secs) + ": " + x.reason);
                 },
                 [note](const oracle::release_order& x) -> caf::result<oracle::node_record> {
                   note(x.by + " releases " + x.node.get());
                   return to_caf(ec::conflict, "it is not isolated");
                 },
                 [note](const oracle::key_rotation& x) {
                   return note("rotates " + x.node_id.get() + " to " + x.new_public_key);
                 },
                 [note](const oracle::key_order& x) {
                   return note(x.by + " sets " + x.node.get() + " to " + x.public_key);
                 },
                 [note](const oracle::show_node& x) { return note("shows " + x.node.get()); },
                 [](const oracle::list_alerts&) {
                   return oracle::alert_list{
                       {},
                       {{node_id{"bank-a"}, {timestamp_ms{5}, "isolated", "replayed", "m1", {}}}}};
                 }}));
  }

  /// DISCOVERY, which notes what it is asked.
  void make_discovery() {
    put("/alpha-1/oracle/discovery",
        playing({[told = told](const oracle::announcement& x) {
                   told->push_back("announces " + x.node_id.get());
                   return oracle::announced_node{x, timestamp_ms{9}, {}};
                 },
                 [told = told](const oracle::discover& x) {
                   std::string all;
                   for (const auto& one : x.capabilities)
                     all += " " + one;
                   told->push_back("discovers " + x.type + all + " after " + x.after);
                   return oracle::discovered{};
                 }}));
  }

  reply_ptr as_admin(const std::string& method, const std::string& path, const std::string& body) {
    auto what = request(method, "/api/v1/oracle/" + path, body);
    what.headers.set("Authorization", "Bearer of-the-cluster");
    return call(std::move(what));
  }

  std::string last_told() { return told->empty() ? "" : told->back(); }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(gateway_node_routes_tests, fixture)

CAF_TEST(an admin isolates a node and it is on record) {
  auto got = as_admin("POST", "nodes/bank-a/isolate", R"({"reason":"4711","for_secs":60})");
  CAF_CHECK_EQUAL(got->verdict(), "200");
  CAF_CHECK_EQUAL(last_told(), "ada isolates bank-a for 60: 4711");
  CAF_REQUIRE_EQUAL(database->actions.size(), 1u);
  CAF_CHECK_EQUAL(database->actions[0].action, "isolate");
  CAF_CHECK_EQUAL(database->actions[0].target, "bpi-node/bank-a");
  CAF_CHECK_EQUAL(database->actions[0].result, "done");
}

CAF_TEST(what WARDEN refuses is recorded as refused) {
  auto got = as_admin("POST", "nodes/bank-a/release", R"({"reason":"a mistake"})");
  CAF_CHECK_EQUAL(got->verdict(), "409 conflict");
  CAF_CHECK_EQUAL(database->actions.at(0).result, "conflict");
}

CAF_TEST(an admin sets a key and gives a reason) {
  CAF_CHECK_EQUAL(as_admin("PUT", "nodes/bank-a/key", R"({"public_key":"ab"})")->verdict(),
                  "422 invalid_argument");
  auto got = as_admin("PUT", "nodes/bank-a/key", R"({"public_key":"ab","reason":"lost"})");
  CAF_CHECK_EQUAL(got->verdict(), "200");
  CAF_CHECK_EQUAL(last_told(), "ada sets bank-a to ab");
  CAF_CHECK_EQUAL(database->actions.size(), 1u);
}

CAF_TEST(none of it is for others) {
  for (auto [method, path] : {std::pair{"POST", "nodes/bank-a/isolate"},
                              {"POST", "nodes/bank-a/release"},
                              {"PUT", "nodes/bank-a/key"},
                              {"GET", "alerts"}}) {
    auto got = call(request(method, std::string{"/api/v1/oracle/"} + path, R"({"reason":"x"})"));
    CAF_CHECK_EQUAL(got->verdict(), "401 not_authenticated");
  }
  CAF_CHECK(told->empty());
}

CAF_TEST(without a record nothing is done) {
  database->away = fail(ec::unavailable);
  as_admin("POST", "nodes/bank-a/isolate", R"({"reason":"4711"})");
  CAF_CHECK(told->empty());
}

CAF_TEST(a node rotates its key without a token) {
  auto body = R"({"old_public_key":"aa","new_public_key":"bb","issued_at":5,)"
              R"("old_signature":"","new_signature":""})";
  auto got = call(request("POST", "/api/v1/oracle/nodes/bank-a/rotate-key", body));
  CAF_CHECK_EQUAL(got->verdict(), "200");
  CAF_CHECK_EQUAL(last_told(), "rotates bank-a to bb");
  auto other = R"({"node_id":"bank-b","old_public_key":"aa","new_public_key":"bb","issued_at":5})";
  got = call(request("POST", "/api/v1/oracle/nodes/bank-a/rotate-key", other));
  CAF_CHECK_EQUAL(got->verdict(), "422 invalid_argument");
}

CAF_TEST(alerts are shown to who may read) {
  auto got = as_admin("GET", "alerts", {});
  CAF_CHECK_EQUAL(got->verdict(), "200");
  auto data = got->body().at("data");
  CAF_CHECK_EQUAL(data.at("events").at(0).at("event").at("reason").as_string(), "replayed");
}

CAF_TEST(one node is shown) {
  CAF_CHECK_EQUAL(as_admin("GET", "nodes/bank-a", {})->verdict(), "200");
  CAF_CHECK_EQUAL(last_told(), "shows bank-a");
}

CAF_TEST(a node announces itself without a token and is found by all of several capabilities) {
  make_discovery();
  auto body =
      R"({"node_id":"bank-a","node_type":"Banking","endpoint":"ws://a:1","capabilities":[],)"
      R"("issued_at":5,"ttl_secs":60,"public_key":"","signature":""})";
  CAF_CHECK_EQUAL(call(request("POST", "/api/v1/oracle/announcements", body))->verdict(), "200");
  CAF_CHECK_EQUAL(last_told(), "announces bank-a");
  auto what = request("GET", "/api/v1/oracle/discover");
  CAF_CHECK_EQUAL(call(what)->verdict(), "401 not_authenticated");
  what.headers.set("Authorization", "Bearer of-the-cluster");
  what.query = {{"type", "Banking"}, {"capability", "a"}, {"capability", "b,c"}, {"after", "x"}};
  CAF_CHECK_EQUAL(call(what)->verdict(), "200");
  CAF_CHECK_EQUAL(last_told(), "discovers Banking a b c after x");
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::gateway
