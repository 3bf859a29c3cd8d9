#define CAF_SUITE gateway_inter_app_routes

#include "gateways/routes/inter_app_routes.hpp"
#include "messages/interapp/gate.hpp"
#include "messages/interapp/signing.hpp"
#include "runtime/crypto/hash.hpp"
#include "tests/actor/gateway/gateway_fixture.hpp"

/// The routes of inter-app communication: what they ask of the actors, and what they make of it.
namespace bpci::gateway {

namespace {

using namespace test;

constexpr auto base = "/api/v1/inter-app";

struct fixture : gateway_fixture {
  std::shared_ptr<fake_records::state> records = without_database();

  fixture() { open_all(); }

  void open_all() {
    auto table = inter_app_routes();
    for (auto& x : table)
      x.info.need = http::permission::open;
    door = std::make_shared<front_door>(shared, std::move(table));
  }

  reply_ptr get(const std::string& path) { return call(request("GET", base + path)); }

  /// With a query, as the HTTP server reads it.
  reply_ptr get(const std::string& path, std::vector<http::name_value> query) {
    auto what = request("GET", base + path);
    what.query = std::move(query);
    return call(std::move(what));
  }

  reply_ptr post(const std::string& path, const std::string& body) {
    return call(request("POST", base + path, body));
  }

  static interapp::agreement some_agreement() {
    interapp::agreement out;
    out.agreement_id = interapp::agreement_id{"a1"};
    out.terms.app1.app_id = interapp::app_id{"bank"};
    out.terms.app2.app_id = interapp::app_id{"payments"};
    return out;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(gateway_inter_app_routes_tests, fixture)

CAF_TEST(who may use a route is said by its table) {
  std::string open;
  for (const auto& x : inter_app_routes())
    if (x.info.need == http::permission::open) open += x.info.method + " " + x.info.pattern + "\n";
  CAF_CHECK_EQUAL(open, "POST /api/v1/inter-app/agreements/{id}/sign\n"
                        "GET /api/v1/inter-app/health\n");
}

CAF_TEST(every route says at once that its actors are away) {
  for (const auto& x : inter_app_routes()) {
    auto path = x.info.pattern;
    if (auto at = path.find("{id}"); at != std::string::npos) path.replace(at, 4, "a1");
    auto got =
        call(request(x.info.method, path, x.info.method == "POST" ? R"({"reason":"a test"})" : ""));
    CAF_CHECK_EQUAL(x.info.pattern + " " + got->verdict(), x.info.pattern + " 503 restarted");
  }
}

CAF_TEST(the body of document 2 establishes an agreement and is told what to sign) {
  auto asked = std::make_shared<interapp::establish>();
  put("/alpha-1/inter-app/registry", answering([asked](const interapp::establish& x) {
        *asked = x;
        return some_agreement();
      }));
  auto got = post("/establish", R"json({"app1_id":"banking-app","app2_id":"payment-processor",
    "communication_type":"ServiceCall","permissions":["Read(accounts)","Execute(transfer)"],
    "security_requirements":{"encryption_level":"High","authentication_required":true}})json");
  CAF_REQUIRE_EQUAL(got->verdict(), "200");
  CAF_CHECK_EQUAL(asked->app2_id, interapp::app_id{"payment-processor"});
  CAF_CHECK_EQUAL(asked->permissions.size(), 2u);
  CAF_CHECK(asked->security_requirements.encryption_level == interapp::encryption_level::High);
  CAF_CHECK(!asked->security_requirements.authorization_required);
  auto data = got->body().at("data").as_object();
  auto x = some_agreement();
  const auto bytes = interapp::agreement_bytes(x.agreement_id, x.terms);
  auto expected = crypto::to_hex(std::span{bytes});
  CAF_CHECK_EQUAL(std::string{data.at("signing_bytes").as_string()}, expected);
  CAF_CHECK_EQUAL(std::string{data.at("state").as_string()}, "proposed");
}

CAF_TEST(what is not known in a body is refused by name) {
  put("/alpha-1/inter-app/registry",
      answering([](const interapp::establish&) { return some_agreement(); }));
  CAF_CHECK_EQUAL(post("/establish", R"({"communication_type":"Telepathy"})")->verdict(),
                  "422 invalid_argument");
  CAF_CHECK_EQUAL(post("/establish", "{")->verdict(), "400 malformed");
}

CAF_TEST(a revocation is on record with its reason and is refused without one) {
  auto asked = std::make_shared<interapp::revoke>();
  put("/alpha-1/inter-app/registry", answering([asked](const interapp::revoke& x) {
        *asked = x;
        return some_agreement();
      }));
  CAF_CHECK_EQUAL(post("/agreements/a1/revoke", "{}")->verdict(), "422 invalid_argument");
  auto got = post("/agreements/a1/revoke", R"({"reason":"fraud"})");
  CAF_CHECK_EQUAL(got->verdict(), "200");
  CAF_REQUIRE_EQUAL(records->actions.size(), 1u);
  auto row = records->actions.front();
  CAF_CHECK_EQUAL(row.action, "revoke-agreement");
  CAF_CHECK_EQUAL(row.target, "agreement/a1");
  CAF_CHECK_EQUAL(row.result, "done");
  CAF_CHECK_EQUAL(asked->what.reason, "fraud");
}

CAF_TEST(a verdict is an answer whether it permits or not ) {
  auto asked = std::make_shared<interapp::submit_message>();
  put("/alpha-1/inter-app/gate", answering([asked](const interapp::submit_message& x) {
        *asked = x;
        interapp::message_report out;
        out.verdict = {false, interapp::finding_code::permission_missing, "Execute(refund)", 7};
        return out;
      }));
  auto got = post("/agreements/a1/messages",
                  R"json({"message_id":"m1","from_app":"bank","to_app":"payments",
    "permission":"Execute(refund)","encryption_level":"High","sent_at":5,"payload":"AQI=",
    "signature":"","envelope":{"id":"e1","type":"inter-app","body":"AQI="}})json");
  CAF_REQUIRE_EQUAL(got->verdict(), "200");
  CAF_CHECK_EQUAL(asked->message.agreement_id, interapp::agreement_id{"a1"});
  CAF_CHECK(asked->envelope && asked->envelope->id == message_id{"e1"});
  auto data = got->body().at("data").as_object();
  CAF_CHECK_EQUAL(std::string{data.at("status").as_string()}, "refused");
  CAF_CHECK_EQUAL(std::string{data.at("code").as_string()}, "permission_missing");
  CAF_CHECK_EQUAL(data.at("audit_entry").to_number<int>(), 7);
  CAF_CHECK(!data.at("next_step").as_string().empty());
  CAF_CHECK_EQUAL(post("/agreements/a1/messages", R"({"agreement_id":"a2"})")->verdict(),
                  "422 invalid_argument");
}

CAF_TEST(an audit is asked for by page and time) {
  auto asked = std::make_shared<interapp::read_audit>();
  put("/alpha-1/inter-app/registry", answering([asked](const interapp::read_audit& x) {
        *asked = x;
        interapp::audit_report out;
        out.faults = {{3, interapp::finding_code::audit_changed}};
        return out;
      }));
  auto got = get("/agreements/a1/audit",
                 {{"after", "4"}, {"limit", "10"}, {"from", "1000"}, {"until", "2000"}});
  CAF_REQUIRE_EQUAL(got->verdict(), "200");
  auto expected = interapp::read_audit{interapp::agreement_id{"a1"}, 4,    10, timestamp_ms{1'000},
                                       timestamp_ms{2'000},          false};
  CAF_CHECK(*asked == expected);
  auto fault = got->body().at("data").at("faults").as_array().at(0).as_object();
  CAF_CHECK_EQUAL(std::string{fault.at("code").as_string()}, "audit_changed");
  CAF_CHECK_EQUAL(get("/agreements/a1/audit", {{"from", "noon"}})->verdict(),
                  "422 invalid_argument");
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::gateway
