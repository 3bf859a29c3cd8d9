#define CAF_SUITE join_token

#include "runtime/tunnel/join_token.hpp"
#include "test_cluster.hpp"

using namespace bpci;
using namespace bpci::tunnel;
using namespace bpci::test;

namespace {

struct fixture {
  test_authority authority{"east"};
  join_token token = make_join_token(authority.it, member_id{"node-2"}, wall_now()).value();
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(join_token_tests, fixture)

CAF_TEST(a token is one line and carries everything) {
  const auto line = to_line(token);
  CAF_CHECK_EQUAL(line.find_first_of(" \n\r\t+/="), std::string::npos);
  const auto back = read_join_token("  " + line + "\r\n", wall_now());
  CAF_REQUIRE(back.has_value());
  CAF_CHECK(*back == token);
  CAF_CHECK_EQUAL(back->cluster, "east");
}

CAF_TEST(a token is taken for a day) {
  const timestamp_ms late{wall_now().get() + join_token_life_ms + 1'000};
  CAF_CHECK_EQUAL(verdict_of(read_join_token(to_line(token), late)), "expired");
}

CAF_TEST(a token whose parts do not fit is refused) {
  const auto other = make_join_token(authority.it, member_id{"node-3"}, wall_now()).value();
  auto renamed = token;
  renamed.member = member_id{"node-1"};
  CAF_CHECK_EQUAL(verdict_of(read_join_token(to_line(renamed), wall_now())), "malformed");
  auto swapped = token;
  swapped.key = other.key;
  CAF_CHECK_EQUAL(verdict_of(read_join_token(to_line(swapped), wall_now())), "conflict");
  auto foreign = token;
  foreign.authorities = test_authority{"east"}.it.certificate;
  CAF_CHECK_EQUAL(verdict_of(read_join_token(to_line(foreign), wall_now())), "not_permitted");
}

CAF_TEST(other text is no token) {
  for (const auto& line :
       {std::string{}, std::string{"bpci-join-1."}, std::string{"bpci-join-1.e30"},
        std::string{"bpci-join-1.%%%"}, to_line(token).substr(0, 400), std::string(200'000, 'A')})
    CAF_CHECK_EQUAL(verdict_of(read_join_token(line, wall_now())), "malformed");
}

CAF_TEST_FIXTURE_SCOPE_END()
