#define CAF_SUITE gateway_first_token

#include "runtime/crypto/token.hpp"
#include "tests/actor/gateway/gateway_fixture.hpp"

/// The token of the first admin is shown once, whatever happens to the answers of the database.
namespace bpci::gateway {

namespace {

using namespace test;

struct fixture : gateway_fixture {
  std::vector<std::string> shown;
  std::shared_ptr<fake_records::state> database;

  fixture() {
    end(api);
    database = without_database();
    shared->first = std::make_shared<first_token>();
    shared->show_token = [this](const std::string& token) { shown.push_back(token); };
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(gateway_first_token_tests, fixture)

CAF_TEST(the token that is shown is the one whose hash was entered) {
  start_api();
  CAF_REQUIRE_EQUAL(shown.size(), 1u);
  CAF_CHECK_EQUAL(crypto::hash_token(shown[0]), database->first_tokens.at(0));
  pass(10s);
  CAF_CHECK_EQUAL(database->first_tokens.size(), 1u);
}

CAF_TEST(a try whose answer was lost is repeated with the same token) {
  database->away = failure{ec::timeout, {}};
  start_api();
  pass(500ms);
  CAF_CHECK_EQUAL(database->first_tokens.size(), 2u);
  CAF_CHECK(shown.empty());
  database->away.reset();
  pass(500ms);
  CAF_REQUIRE_EQUAL(database->first_tokens.size(), 3u);
  CAF_CHECK_EQUAL(database->first_tokens[0], database->first_tokens[2]);
  CAF_REQUIRE_EQUAL(shown.size(), 1u);
  CAF_CHECK_EQUAL(crypto::hash_token(shown[0]), database->first_tokens[0]);
}

CAF_TEST(an API that starts again goes on with the same token) {
  database->away = failure{ec::timeout, {}};
  auto first = start_api();
  end(first);
  database->away.reset();
  auto second = start_api();
  CAF_REQUIRE_EQUAL(database->first_tokens.size(), 2u);
  CAF_CHECK_EQUAL(database->first_tokens[0], database->first_tokens[1]);
  CAF_CHECK_EQUAL(shown.size(), 1u);
  end(second);
  start_api();
  CAF_CHECK_EQUAL(shown.size(), 1u);
  CAF_CHECK_EQUAL(database->first_tokens.size(), 2u);
}

CAF_TEST(a token that is not the first of the cluster is shown to nobody) {
  database->other_is_first = true;
  start_api();
  pass(10s);
  CAF_CHECK(shown.empty());
  CAF_CHECK_EQUAL(database->first_tokens.size(), 1u);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::gateway
