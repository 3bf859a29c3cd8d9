#define CAF_SUITE cli_inter_app

#include "gateways/cli/surroundings.hpp"
#include "gateways/clients/cpp/inter_app.hpp"
#include "messages/codec/json.hpp"
#include "messages/interapp/signing.hpp"

#include <caf/test/unit_test.hpp>

#include <filesystem>
#include <map>
#include <sstream>
#include <unistd.h>

/// `bpci inter-app`, with a node that is played.
namespace bpci::cli {

namespace {

namespace json = boost::json;

struct fixture {
  std::filesystem::path home =
      std::filesystem::temp_directory_path() / ("bpci-inter-app-" + std::to_string(::getpid()));
  std::ostringstream out;
  std::ostringstream err;
  std::vector<api_call> calls;
  std::vector<json::value> answers; ///< the data of each, the last one for all that follow

  fixture() { std::filesystem::create_directories(home); }
  ~fixture() { std::filesystem::remove_all(home); }

  int run(std::vector<std::string> words) {
    out.str({});
    err.str({});
    calls.clear();
    surroundings around{.out = out, .err = err};
    around.variable = [this](const std::string& name) -> std::optional<std::string> {
      if (name != "HOME") return std::nullopt;
      return home.string();
    };
    around.call = [this](const api_call& x) -> result<http::response> {
      calls.push_back(x);
      auto at = std::min(calls.size(), answers.size()) - 1;
      return http::json_response(json::object{{"data", answers.at(at)}});
    };
    around.now = [] { return timestamp_ms{1'800'000'000'000}; };
    words.insert(words.begin(), {"bpci", "inter-app"});
    return bpci::cli::run(words, around);
  }

  json::object sent() const { return codec::parse_json(calls.back().body)->as_object(); }

  std::string sent(const char* member) const { return std::string{sent().at(member).as_string()}; }

  bool shows(std::string_view x) const { return out.str().find(x) != std::string::npos; }

  /// Registers both apps of an agreement, which makes their keys.
  interapp::agreement between(const std::string& app1, const std::string& app2) {
    interapp::agreement x;
    x.agreement_id = interapp::agreement_id{"agreement-001"};
    for (auto* side : {&x.terms.app1, &x.terms.app2}) {
      side->app_id = interapp::app_id{side == &x.terms.app1 ? app1 : app2};
      answers = {json::object{}};
      run({"register-app", "--app-id", side->app_id.get(), "--app-type", "WebApp"});
      side->public_key = sent("public_key");
    }
    x.terms.app1_permissions = {"Read(accounts)"};
    return x;
  }

  /// An audit of three entries, as a node shows it.
  json::object report() {
    interapp::audit_report x;
    x.agreement_id = interapp::agreement_id{"agreement-001"};
    x.verified = true;
    std::string before(64, '0');
    for (std::uint64_t seq = 1; seq <= 3; ++seq) {
      interapp::audit_entry one;
      one.seq = seq;
      one.who = "banking-app";
      one.previous = before;
      one.hash = crypto::to_hex(crypto::sha256(interapp::audit_bytes(x.agreement_id, one)));
      before = one.hash;
      x.entries.push_back(one);
    }
    x.head = {3, before};
    return codec::to_json(x).as_object();
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(cli_inter_app_tests, fixture)

// -- the command lines of document 2 -------------------------------------------------

CAF_TEST(an app is registered under a key that is made for it) {
  answers = {json::object{}};
  CAF_CHECK_EQUAL(run({"register-app", "--app-id", "trading-platform", "--app-type", "WebApp",
                       "--capabilities", "real_time_data,order_execution"}),
                  0);
  CAF_REQUIRE_EQUAL(calls.size(), 1u);
  CAF_CHECK_EQUAL(calls.front().method + " " + calls.front().path, "POST /api/v1/inter-app/apps");
  CAF_CHECK_EQUAL(sent("app_id"), "trading-platform");
  CAF_CHECK_EQUAL(sent().at("capabilities").as_array().size(), 2u);
  const auto key = sent("public_key");
  CAF_CHECK(std::filesystem::exists(home / ".config/bpci/keys/apps/trading-platform.key"));
  run({"register-app", "--app-id", "trading-platform", "--app-type", "WebApp"});
  CAF_CHECK_EQUAL(sent("public_key"), key);
}

CAF_TEST(an agreement is proposed with the permissions of document 2) {
  answers = {codec::to_json(interapp::agreement{})};
  CAF_CHECK_EQUAL(run({"establish", "--app1", "banking-app", "--app2", "audit-system", "--type",
                       "DataExchange", "--permissions", "Read(transactions),Write(audit_logs)",
                       "--valid-until", "2026-12-31T23:59:59Z"}),
                  0);
  CAF_CHECK_EQUAL(calls.back().path, "/api/v1/inter-app/establish");
  CAF_CHECK_EQUAL(sent("app1_id"), "banking-app");
  CAF_CHECK_EQUAL(sent("communication_type"), "DataExchange");
  CAF_CHECK_EQUAL(codec::to_text(sent().at("permissions")),
                  R"json(["Read(transactions)","Write(audit_logs)"])json");
  CAF_CHECK_EQUAL(sent().at("valid_until").to_number<std::int64_t>(), 1'798'761'599'000);
}

CAF_TEST(a time that is none is a mistake of the command line) {
  for (const auto* bad : {"tomorrow", "2026-02-30", "2026-12-31T24:00:00Z", "2026-12-31T23:59:59",
                          "2026-12-31 23:59:59Z", "-2026-12-31", "2026-1-1"}) {
    CAF_MESSAGE("time: " << bad);
    CAF_CHECK_EQUAL(run({"establish", "--app1", "a", "--app2", "b", "--type", "ServiceCall",
                         std::string{"--valid-until="} + bad}),
                    2);
    CAF_CHECK(calls.empty());
  }
}

CAF_TEST(an agreement is signed over the terms that are shown) {
  auto x = between("banking-app", "payment-processor");
  answers = {codec::to_json(x)};
  CAF_CHECK_EQUAL(run({"sign", "--agreement-id", "agreement-001", "--app-id", "banking-app"}), 0);
  CAF_REQUIRE_EQUAL(calls.size(), 2u);
  CAF_CHECK_EQUAL(calls.back().path, "/api/v1/inter-app/agreements/agreement-001/sign");
  auto signature = crypto::signature_from_hex(sent("signature")).value();
  auto key = crypto::public_key_from_hex(x.terms.app1.public_key).value();
  CAF_CHECK(crypto::verify(key, interapp::agreement_bytes(x.agreement_id, x.terms), signature));
  CAF_CHECK_EQUAL(
      run({"sign", "--agreement-id", "agreement-001", "--app-id", "banking-app", "--dry-run"}), 0);
  CAF_CHECK_EQUAL(calls.size(), 1u);
  CAF_CHECK(shows("Read(accounts)"));
}

CAF_TEST(nothing is signed for an app whose key is not here or another agreement) {
  auto x = between("banking-app", "payment-processor");
  answers = {codec::to_json(x)};
  CAF_CHECK_EQUAL(run({"sign", "--agreement-id", "agreement-001", "--app-id", "nobody"}), 2);
  CAF_CHECK_EQUAL(calls.size(), 1u);
  CAF_CHECK_EQUAL(run({"sign", "--agreement-id", "other", "--app-id", "banking-app"}), 1);
  CAF_CHECK_EQUAL(calls.size(), 1u);
}

CAF_TEST(an agreement is ended with a reason and where asked for with a signature) {
  auto x = between("banking-app", "payment-processor");
  answers = {codec::to_json(x)};
  CAF_CHECK_EQUAL(run({"revoke", "--agreement-id", "agreement-001", "--reason", "fraud"}), 0);
  CAF_CHECK(!sent().contains("signature"));
  CAF_CHECK_EQUAL(run({"revoke", "--agreement-id", "agreement-001", "--reason", "fraud", "--app-id",
                       "banking-app"}),
                  0);
  auto signature = crypto::signature_from_hex(sent("signature")).value();
  auto key = crypto::public_key_from_hex(x.terms.app1.public_key).value();
  auto bytes = interapp::revocation_bytes(x.agreement_id, x.terms.app1.app_id, "fraud");
  CAF_CHECK(crypto::verify(key, bytes, signature));
}

CAF_TEST(agreements are listed and one without an end does not end now) {
  auto x = between("banking-app", "payment-processor");
  answers = {json::object{{"agreements", json::array{codec::to_json(x)}}, {"next", ""}}};
  CAF_CHECK_EQUAL(run({"list", "--state", "active"}), 0);
  CAF_CHECK(calls.back().path.find("state=active") != std::string::npos);
  CAF_CHECK(shows("agreement-001"));
  CAF_CHECK(!shows("now"));
  CAF_CHECK_EQUAL(run({"list", "--state", "sleepy"}), 2);
}

CAF_TEST(an agreement that is not valid fails the command and is explained) {
  interapp::validation x;
  x.is_valid = true;
  answers = {codec::to_json(x)};
  CAF_CHECK_EQUAL(run({"validate", "--agreement-id", "agreement-001"}), 0);
  x.is_valid = false;
  x.findings = {interapp::make_finding(interapp::finding_code::audit_changed, "entry 7")};
  answers = {codec::to_json(x)};
  CAF_CHECK_EQUAL(run({"validate", "--agreement-id", "agreement-001"}), 1);
  CAF_CHECK(shows("entry 7"));
  CAF_CHECK_EQUAL(run({"validate", "--agreement-id", "agreement-001", "-o", "json"}), 1);
  CAF_CHECK(shows("audit_changed"));
}

CAF_TEST(an audit is believed only as far as its hashes can be computed again) {
  answers = {report()};
  CAF_CHECK_EQUAL(run({"audit", "--agreement-id", "agreement-001"}), 0);
  CAF_CHECK(shows("\nverified"));
  auto forged = report();
  forged["entries"].as_array().at(1).as_object()["who"] = "somebody else";
  answers = {forged}; // the node still says that it is verified
  CAF_CHECK_EQUAL(run({"audit", "--agreement-id", "agreement-001", "-o", "json"}), 1);
  CAF_CHECK(
      codec::to_text(*codec::parse_json(out.str())).find(R"({"seq":2,"code":"audit_changed"})")
      != std::string::npos);
}

CAF_TEST(all pages of an audit are one report) {
  auto first = report();
  auto second = report();
  first["next"] = 2;
  first["entries"].as_array().pop_back();
  second["entries"].as_array() = json::array{report().at("entries").as_array().at(2)};
  answers = {first, second};
  CAF_CHECK_EQUAL(run({"audit", "--agreement-id", "agreement-001", "--all", "-o", "json"}), 0);
  CAF_CHECK_EQUAL(calls.size(), 2u);
  CAF_CHECK(calls.back().path.find("after=2") != std::string::npos);
  CAF_CHECK_EQUAL(codec::parse_json(out.str())->at("entries").as_array().size(), 3u);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::cli
