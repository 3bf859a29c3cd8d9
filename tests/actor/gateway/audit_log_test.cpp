#define CAF_SUITE gateway_audit_log

#include "gateways/api/audit_log.hpp"
#include "runtime/crypto/token.hpp"
#include "runtime/log/log.hpp"
#include "tests/actor/gateway/gateway_fixture.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

/// What the log says of those who call the API, by `logging.audit_logging`.
namespace bpci::gateway {

namespace {

using namespace test;
using config::audit_level;

constexpr auto body = R"({"path":"/alpha-1/oracle/relay","reason":"because"})";

struct fixture : gateway_fixture {
  std::filesystem::path file;

  fixture() {
    auto name = (std::filesystem::temp_directory_path() / "bpci-audit-XXXXXX").string();
    ::close(::mkstemp(name.data()));
    file = name;
    without_database()->labels[crypto::hash_token("of-ada")] = "ada";
  }
  ~fixture() {
    log::stop();
    std::filesystem::remove(file);
  }

  static http::request by_ada(http::request what) {
    what.headers.set("Authorization", "Bearer of-ada");
    return what;
  }

  /// The events of a call that is let in, one that acts, and one that is turned away; `why` and
  /// `from` where the line of the action has them.
  std::string said(bool enabled, audit_level level) {
    shared->config.logging.audit_logging = {enabled, level};
    std::filesystem::resize_file(file, 0);
    CAF_REQUIRE(log::start({.json = true, .file = file.string()}).has_value());
    call(by_ada(request("GET", "/api/v1/audit/actions")));
    call(by_ada(request("POST", "/api/v1/actors/kill", body)));
    call(request("GET", "/api/v1/audit/actions"));
    log::stop();
    std::string out;
    std::ifstream in{file};
    for (std::string line; std::getline(in, line);) {
      const auto said = codec::parse_json(line)->as_object();
      out += std::string{said.at("event").as_string()};
      const auto context = said.at("context").as_object();
      if (said.at("event") == "admin-action" && context.contains("why")) out += "+why+from";
      out += ' ';
    }
    return out;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(gateway_audit_log_tests, fixture)

CAF_TEST(each level says what the one before says and more) {
  CAF_CHECK_EQUAL(said(true, audit_level::basic), "admin-action admin-action-ended ");
  CAF_CHECK_EQUAL(said(true, audit_level::standard), "admin-action+why+from admin-action-ended ");
  CAF_CHECK_EQUAL(said(true, audit_level::detailed),
                  "admin-action+why+from admin-action-ended api-refused ");
  CAF_CHECK_EQUAL(said(true, audit_level::comprehensive),
                  "api-call api-call admin-action+why+from admin-action-ended api-refused ");
}

CAF_TEST(an audit that is switched off says nothing and the record is written all the same) {
  auto records = without_database();
  records->labels[crypto::hash_token("of-ada")] = "ada";
  CAF_CHECK_EQUAL(said(false, audit_level::comprehensive), "");
  CAF_REQUIRE_EQUAL(records->actions.size(), 1u);
  CAF_CHECK_EQUAL(records->actions[0].who, "ada");
}

CAF_TEST(what goes on without a record is in the log whatever is configured) {
  auto records = without_database();
  records->labels[crypto::hash_token("of-ada")] = "ada";
  CAF_CHECK_EQUAL(said(false, audit_level::basic), "");
  records->away = failure{ec::unavailable, "the database"};
  CAF_CHECK_EQUAL(said(false, audit_level::basic), "admin-action-unrecorded ");
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::gateway
