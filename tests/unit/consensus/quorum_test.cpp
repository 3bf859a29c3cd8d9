#define CAF_SUITE consensus_quorum

#include "actors/consensus/quorum.hpp"

#include <caf/test/unit_test.hpp>

#include <limits>

/// How much is enough.
namespace bpci::consensus {

namespace {

constexpr auto most = std::numeric_limits<std::uint64_t>::max();

CAF_TEST(of one to seven validators with equal weights a quorum is this many) {
  const std::uint64_t expected[] = {1, 2, 2, 3, 4, 4, 5};
  for (std::uint64_t n = 1; n <= 7; ++n) {
    CAF_CHECK_EQUAL(quorum_of(n), expected[n - 1]);
    CAF_CHECK(is_quorum(expected[n - 1], n));
    CAF_CHECK(!is_quorum(expected[n - 1] - 1, n));
  }
}

CAF_TEST(two quorums share more than those who may be faulty and a weak set is never all faulty) {
  for (std::uint64_t n = 1; n <= 2'000; ++n) {
    auto faulty = (n - 1) / 3;
    auto quorum = quorum_of(n);
    CAF_REQUIRE(2 * quorum - n > faulty);
    CAF_REQUIRE(quorum <= n - faulty);
    CAF_REQUIRE(!is_weak(faulty, n));
    CAF_REQUIRE(is_weak(faulty + 1, n));
  }
}

CAF_TEST(exactly two thirds are a quorum and exactly a third is weak) {
  CAF_CHECK(is_quorum(66, 99));
  CAF_CHECK(!is_quorum(65, 99));
  CAF_CHECK(is_weak(33, 99));
  CAF_CHECK(!is_weak(32, 99));
  // A silent third and a bit stops the chain; a third less a bit does not.
  CAF_CHECK(!is_quorum(66, 100));
  CAF_CHECK(is_quorum(67, 100));
}

CAF_TEST(weights up to the last of 64 bits do not overflow) {
  CAF_CHECK(is_quorum(most, most));
  CAF_CHECK(is_quorum(most / 3 * 2, most)); // 3 divides 2^64 - 1
  CAF_CHECK(!is_quorum(most / 3 * 2 - 1, most));
  CAF_CHECK(is_weak(most / 3, most));
  CAF_CHECK(!is_weak(most / 3 - 1, most));
  CAF_CHECK_EQUAL(quorum_of(most), most / 3 * 2);
}

CAF_TEST(nothing is neither a quorum of nothing nor a weak set of it) {
  CAF_CHECK(!is_quorum(0, 0));
  CAF_CHECK(!is_weak(0, 0));
}

} // namespace

} // namespace bpci::consensus
