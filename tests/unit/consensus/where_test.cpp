#define CAF_SUITE consensus_where

#include "tests/unit/consensus/bench.hpp"

#include <caf/test/unit_test.hpp>

/// "Why is it stuck?" Validator 2 of four is asked.
namespace bpci::consensus::testing {

namespace {

std::string missing(const bench& b) {
  std::string out;
  for (const auto& x : b.where().missing)
    out += std::to_string(x[0]);
  return out;
}

CAF_TEST(it says what it waits for and for whom) {
  bench b;
  b.begin_with();
  CAF_CHECK_EQUAL(b.doing(), "waiting for work");
  CAF_CHECK_EQUAL(missing(b), "");
  b.step(work_due{});
  CAF_CHECK_EQUAL(b.doing(), "waiting for the proposal");
  CAF_CHECK_EQUAL(missing(b), "1");
  b.tell(proposal_of(1, 0, b.one));
  CAF_CHECK_EQUAL(b.doing(), "waiting for prepares of round 0");
  CAF_CHECK_EQUAL(missing(b), "134");
  b.tell(prepare_of(1, 1, 0, b.id));
  b.tell(prepare_of(3, 1, 0, b.id));
  CAF_CHECK_EQUAL(b.doing(), "waiting for commits of round 0");
  b.tell(commit_by(1, 1, 0, b.id));
  CAF_CHECK_EQUAL(missing(b), "34");
  b.expire(0);
  CAF_CHECK_EQUAL(b.doing(), "waiting for a quorum to ask for round 1");
  CAF_CHECK_EQUAL(missing(b), "134");
  CAF_CHECK(b.where().prepared == b.id);
  b.tell(commit_by(3, 1, 0, b.id));
  CAF_CHECK_EQUAL(b.doing(), "storing the block");
}

CAF_TEST(it knows who is in which round and what it has said there) {
  bench b{4};
  b.begin_with();
  b.tell(prepare_of(3, 1, 0, b.id));
  b.tell(change_of(1, 1, 6));
  auto all = b.where().validators;
  CAF_REQUIRE_EQUAL(all.size(), 4u);
  CAF_CHECK(all[0].round == round_no{6});
  CAF_CHECK(!all[0].wants_change); // of the present round
  CAF_CHECK(!all[1].round);
  CAF_CHECK(all[2].round == round_no{0});
  CAF_CHECK(all[2].prepared);
  CAF_CHECK(b.where().proposer == id_of(1));
}

CAF_TEST(it says that a block is invalid or being checked) {
  bench b;
  b.checks = false;
  b.begin_with();
  b.tell(proposal_of(1, 0, b.one));
  CAF_CHECK_EQUAL(b.doing(), "checking the block");
  b.step(block_checked{height{1}, b.id, false});
  CAF_CHECK_EQUAL(b.doing(), "waiting for the next round: the block is invalid");
}

} // namespace

} // namespace bpci::consensus::testing
