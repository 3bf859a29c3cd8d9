#define CAF_SUITE gateway_api_actor

#include "messages/oracle/relay.hpp"
#include "messages/runtime/cluster.hpp"
#include "messages/runtime/supervision.hpp"
#include "runtime/cluster/agent_actor.hpp"
#include "runtime/storage/sql.hpp"
#include "tests/actor/gateway/gateway_fixture.hpp"

/// API: who may call, and that every request is answered once, whoever is away.
namespace bpci::gateway {

namespace {

using namespace test;

constexpr auto letter = R"({"id":"m1","sequence":1,"source":"alice","targets":["bob"],)"
                        R"("type":"DataSync","priority":"Normal","sent_at":1,"body":"",)"
                        R"("signature":""})";

/// The relay timeout of the default configuration, and what the gateway adds.
constexpr auto relay_answer_max = 34s;

struct fixture : gateway_fixture {
  static http::request with_token(http::request what) {
    what.headers.set("Authorization", "Bearer of-the-cluster");
    return what;
  }

  /// A request that the route understands.
  static http::request example_of(const http::route_info& x) {
    auto path = x.pattern;
    for (auto [name, value] : {std::pair{"{path...}", "alpha-1/oracle/relay"},
                               {"{slot}", "17"},
                               {"{kind}", "mailbox"},
                               {"{id}", "bob"},
                               {"{member}", "beta-1"}})
      if (auto at = path.find(name); at != std::string::npos)
        path.replace(at, std::string_view{name}.size(), value);
    auto body = std::string{R"({"path":"/alpha-1/oracle/relay","reason":"a test","id":"m1",)"
                            R"("slots":"12,40-60","to":"beta-1"})"};
    if (path.ends_with("/nodes/register"))
      body = R"({"node_id":"a","node_type":"b","endpoint":"ws://c","capabilities":[],)"
             R"("public_key":"d"})";
    if (path.ends_with("/oracle/relay") && x.method == "POST") body = letter;
    return request(x.method, path, x.method == "GET" ? "" : body);
  }

  /// Actors can be acted on without a record, but for the record the others need the database.
  static std::string expected_without_actors(const http::route_info& x) {
    if (x.need == http::permission::admin && !x.pattern.starts_with("/api/v1/actors/"))
      return "503 unavailable";
    if (x.pattern == "/api/v1/audit/actions") return "503 unavailable";
    if (x.pattern == "/health" || x.pattern == "/metrics") return "200";
    if (x.pattern == "/health/ready") return "503 unavailable";
    return "503 restarted";
  }

  reply_ptr relay() { return call(request("POST", "/api/v1/oracle/relay", letter)); }

  caf::actor agent_of(const std::string& member) {
    auto me = cluster::node_identity{};
    me.id = member_id{member};
    me.root = "/" + member;
    supervision::node_context_ptr its = std::make_shared<supervision::node_context>();
    supervision::tree_registry::entry row;
    row.row.path = me.root;
    its->tree.put(row);
    return start<cluster::agent_actor>(me, std::make_shared<const std::atomic<std::uint64_t>>(1),
                                       its);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(gateway_api_actor_tests, fixture)

CAF_TEST(a route that is open needs no token) {
  auto got = call(request("GET", "/health"));
  CAF_CHECK_EQUAL(got->verdict(), "200");
  CAF_CHECK_EQUAL(codec::to_text(got->body().at("data")), R"({"status":"ok"})");
}

CAF_TEST(a route that is not open is closed to those without a token) {
  CAF_CHECK_EQUAL(call(request("GET", "/api/v1/actors"))->verdict(), "401 not_authenticated");
  auto other_scheme = request("GET", "/api/v1/actors");
  other_scheme.headers.set("Authorization", "Basic YTpi");
  CAF_CHECK_EQUAL(call(other_scheme)->verdict(), "401 not_authenticated");
}

CAF_TEST(a token that cannot be looked up opens nothing) {
  auto ask = with_token(request("GET", "/api/v1/actors"));
  CAF_CHECK_EQUAL(call(ask)->verdict(), "503 unavailable");
  put("/alpha-1/storage/pool",
      answering([](const storage::job_ptr&) -> caf::result<storage::job_ptr> {
        return to_caf(ec::busy);
      }));
  CAF_CHECK_EQUAL(call(ask)->verdict(), "503 busy");
  stand_in(path::pool);
  auto got = call(ask);
  CAF_CHECK_EQUAL(got->verdict(), "pending");
  pass(3s);
  CAF_CHECK_EQUAL(got->verdict(), "504 timeout");
}

CAF_TEST(tokens that nobody knows cannot fill the queue of the database) {
  auto pool = make_inbox();
  put("/alpha-1/storage/pool", pool.who);
  auto with = [](std::size_t n) {
    auto what = request("GET", "/api/v1/actors");
    what.headers.set("Authorization", "Bearer invented-" + std::to_string(n));
    return what;
  };
  constexpr std::size_t most = 16;
  std::vector<reply_ptr> got;
  for (std::size_t n = 0; n < most; ++n)
    got.push_back(call(with(n)));
  CAF_CHECK_EQUAL(call(with(most))->verdict(), "503 busy");
  auto same = call(with(0));
  CAF_CHECK_EQUAL(same->verdict(), "pending");
  CAF_CHECK_EQUAL(pool.count<storage::job_ptr>(), most);
  pass(3s);
  CAF_CHECK_EQUAL(same->verdict(), "504 timeout");
  CAF_CHECK_EQUAL(got.front()->verdict(), "504 timeout");
  CAF_CHECK_EQUAL(call(with(most))->verdict(), "pending");
}

CAF_TEST(calls that wait for their token when the API ends are dropped) {
  stand_in(path::pool);
  auto got = call(with_token(request("GET", "/api/v1/actors")));
  CAF_CHECK_EQUAL(got->verdict(), "pending");
  end(api);
  CAF_CHECK_EQUAL(got->verdict(), "dropped");
}

CAF_TEST(every route says at once that its actors are away) {
  open_all_routes();
  for (const auto& x : all_routes()) {
    auto got = call(example_of(x.info));
    CAF_CHECK_EQUAL(x.info.method + " " + x.info.pattern + " " + got->verdict(),
                    x.info.method + " " + x.info.pattern + " " + expected_without_actors(x.info));
  }
}

CAF_TEST(a message over HTTP is answered with what became of it at every target) {
  put("/alpha-1/oracle/registry", answering([](const oracle::relay_order& x) {
        return oracle::outcomes{
            {{x.message->source, x.message->id, node_id{"bob"}, {ec::expired, {}}}}};
      }));
  auto got = relay();
  CAF_REQUIRE_EQUAL(got->verdict(), "200");
  auto first = got->body().at("data").at("results").as_array().at(0);
  CAF_CHECK_EQUAL(first.at("target").as_string(), "bob");
  CAF_CHECK_EQUAL(first.at("code").as_string(), "expired");
}

CAF_TEST(a body that is no message is refused by name) {
  auto got = call(request("POST", "/api/v1/oracle/relay", "{"));
  CAF_CHECK_EQUAL(got->verdict(), "400 malformed");
  CAF_CHECK_EQUAL(call(request("POST", "/api/v1/oracle/relay", "[]"))->verdict(),
                  "422 invalid_argument");
}

CAF_TEST(a registry that stays silent costs the request its deadline) {
  stand_in(path::registry);
  auto got = relay();
  pass(relay_answer_max - 1ms);
  CAF_CHECK_EQUAL(got->verdict(), "pending");
  pass(1ms);
  CAF_CHECK_EQUAL(got->verdict(), "504 timeout");
}

CAF_TEST(a registry that dies with a request in hand is no reason to wait) {
  auto registry = stand_in(path::registry);
  auto got = relay();
  end(registry.who);
  CAF_CHECK_EQUAL(got->verdict(), "503 restarted");
}

CAF_TEST(an API that is killed drops its requests though another actor has them in hand) {
  auto promise = std::make_shared<caf::typed_response_promise<oracle::outcomes>>();
  put("/alpha-1/oracle/registry",
      keep(sys.spawn([promise](caf::event_based_actor* self) -> caf::behavior {
        return {[self, promise](const oracle::relay_order&) -> caf::result<oracle::outcomes> {
          *promise = self->make_response_promise<oracle::outcomes>();
          return *promise;
        }};
      })));
  auto got = relay();
  CAF_CHECK_EQUAL(got->verdict(), "pending");
  end(api);
  CAF_CHECK_EQUAL(got->verdict(), "dropped");
  *promise = {}; // it holds who asked
}

CAF_TEST(the tree shows all members that answer and names the others) {
  open_all_routes();
  auto gone = make_inbox();
  auto silent = make_inbox();
  make_members({{"alpha-1", agent_of("alpha-1")}, {"beta-1", gone.who}, {"gamma-1", silent.who}},
               {"delta-1"});
  end(gone.who);
  auto got = call(request("GET", "/api/v1/actors"));
  CAF_CHECK_EQUAL(got->verdict(), "pending");
  pass(1'500ms);
  CAF_REQUIRE_EQUAL(got->verdict(), "200");
  auto data = got->body().at("data").as_object();
  CAF_CHECK_EQUAL(codec::to_text(data.at("unreachable")), R"(["beta-1","delta-1","gamma-1"])");
  CAF_REQUIRE_EQUAL(data.at("rows").as_array().size(), 1u);
  CAF_CHECK_EQUAL(data.at("rows").as_array().at(0).at("path").as_string(), "/alpha-1");
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::gateway
