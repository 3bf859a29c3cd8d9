#define CAF_SUITE consensus_normal_case

#include "tests/unit/consensus/table.hpp"

#include <caf/test/unit_test.hpp>

/// Blocks while nothing fails.
namespace bpci::consensus::testing {

namespace {

CAF_TEST(four validators decide a block once one of them has work and is in turn) {
  table t{4};
  t.work({1});
  t.run();
  CAF_CHECK(t.all_have(1));
  CAF_CHECK(t.seats.at(1).chain.front().what.head.proposer == id_of(1));
}

CAF_TEST(a validator alone decides what it proposes) {
  table t{1};
  for (int i = 0; i < 3; ++i) {
    t.work({1});
    t.run();
  }
  CAF_CHECK(t.all_have(3));
}

CAF_TEST(the turn goes on with every block) {
  table t{4};
  for (int i = 0; i < 6; ++i) {
    t.work({1, 2, 3, 4});
    t.run();
  }
  CAF_REQUIRE(t.all_have(6));
  std::vector<int> makers;
  for (const auto& x : t.seats.at(3).chain)
    makers.push_back(x.what.head.proposer[0]);
  CAF_CHECK_EQUAL(makers, (std::vector<int>{1, 2, 3, 4, 1, 2}));
}

CAF_TEST(without work nobody says a word and no timer runs) {
  table t{4};
  t.run();
  for (const auto& [n, s] : t.seats) {
    CAF_CHECK(s.said.empty());
    CAF_CHECK(s.timers.empty());
  }
}

} // namespace

} // namespace bpci::consensus::testing
