#define CAF_SUITE governance_tally

#include "actors/governance/tally.hpp"

#include <caf/test/unit_test.hpp>

#include <array>
#include <limits>
#include <random>
#include <sstream>

/// What votes come to.
namespace bpci::governance {

namespace {

/// "3 votes, 67 %, 50 %": the least votes, the threshold and the participation.
proposal terms(std::uint64_t votes, std::uint64_t threshold, std::uint64_t participation = 0) {
  proposal x;
  x.minimum_votes = votes;
  x.required_threshold = threshold;
  x.minimum_participation = participation;
  return x;
}

tally of(std::uint64_t total, std::uint64_t votes, std::uint64_t approve, std::uint64_t reject = 0,
         std::uint64_t abstain = 0) {
  return {10, total, votes, approve, reject, abstain};
}

} // namespace

CAF_TEST(sixty seven percent pass and 66 point 99 do not ) {
  const auto at67 = terms(1, 6'700);
  CAF_CHECK(decide(at67, of(10'000, 3, 6'700)) == standing::Approved);
  CAF_CHECK(decide(at67, of(10'000, 3, 6'699)) == standing::Active);
  CAF_CHECK(decide_at_deadline(at67, of(10'000, 3, 6'699)) == standing::Rejected);
  // Thousandths of a weight count.
  CAF_CHECK(decide(at67, of(100'000'000, 3, 66'999'999)) == standing::Active);
  CAF_CHECK(decide(at67, of(100'000'000, 3, 67'000'000)) == standing::Approved);
}

CAF_TEST(two of three equal voters are not 67 percent) {
  CAF_CHECK(decide(terms(1, 6'700), of(3'000, 2, 2'000)) == standing::Active);
  CAF_CHECK(decide(terms(1, 6'667), of(3'000, 2, 2'000)) == standing::Active);
  CAF_CHECK(decide(terms(1, 6'667), of(3'000, 3, 3'000)) == standing::Approved);
}

CAF_TEST(the largest electorate does not overflow) {
  const auto most = std::numeric_limits<std::uint64_t>::max();
  CAF_CHECK(reaches(most, most, whole));
  CAF_CHECK(!reaches(most - 1, most, whole));
  CAF_CHECK_EQUAL(least_part(most, whole), most);
}

CAF_TEST(no proposal passes without its least votes) {
  const auto needs5 = terms(5, 6'700);
  CAF_CHECK(decide(needs5, of(1'000, 4, 1'000)) == standing::Active);
  CAF_CHECK(decide(needs5, of(1'000, 5, 1'000)) == standing::Approved);
  CAF_CHECK(decide_at_deadline(needs5, of(1'000, 4, 1'000)) == standing::Expired);
}

CAF_TEST(abstentions count for the votes and the participation and for nothing else) {
  const auto x = terms(3, 6'700, 9'000);
  CAF_CHECK(decide(x, of(1'000, 2, 700)) == standing::Active);
  CAF_CHECK(decide(x, of(1'000, 3, 700, 0, 199)) == standing::Active);
  CAF_CHECK(decide(x, of(1'000, 3, 700, 0, 200)) == standing::Approved);
  CAF_CHECK(decide(x, of(1'000, 3, 600, 0, 400)) == standing::Rejected);
}

CAF_TEST(a round ends early when the threshold cannot be reached any more) {
  const auto x = terms(2, 6'700);
  CAF_CHECK(decide(x, of(1'000, 2, 0, 330)) == standing::Active);
  CAF_CHECK(decide(x, of(1'000, 2, 0, 331)) == standing::Rejected);
  CAF_CHECK(decide(x, of(1'000, 1, 0, 331)) == standing::Active);
}

CAF_TEST(at the deadline too little participation is a timeout and enough a rejection) {
  const auto x = terms(1, 6'700, 5'000);
  CAF_CHECK(decide_at_deadline(x, of(1'000, 1, 499)) == standing::Expired);
  CAF_CHECK(decide_at_deadline(x, of(1'000, 1, 500)) == standing::Rejected);
  CAF_CHECK(decide_at_deadline(x, of(1'000, 0, 0)) == standing::Expired);
  CAF_CHECK(decide_at_deadline(terms(0, 6'700), of(0, 0, 0)) == standing::Expired);
}

CAF_TEST(what is lacking is what would approve it) {
  const auto x = terms(4, 6'700, 8'000);
  const auto now = of(1'000, 2, 300, 100);
  const auto missing = lacking_for(x, now);
  CAF_CHECK_EQUAL(missing.votes, 2u);
  CAF_CHECK_EQUAL(missing.approve_weight, 370u);
  CAF_CHECK_EQUAL(missing.weight, 400u);
  const auto reached = lacking_for(x, of(1'000, 4, 670, 130));
  const auto nothing = lacking{};
  CAF_CHECK(reached == nothing);
}

CAF_TEST(no order of the votes changes what they come to and no two outcomes are both reached) {
  std::mt19937_64 chance{20'261'128};
  for (auto round = 0; round < 2'000; ++round) {
    std::array<std::pair<decision, std::uint64_t>, 9> votes;
    std::uint64_t total = 0;
    for (auto& [what, weight] : votes) {
      what = static_cast<decision>(chance() % 3);
      weight = 1 + chance() % 3'000;
      total += weight;
    }
    const auto x = terms(1 + chance() % 9, threshold_min + chance() % 3'334, chance() % 10'001);
    auto forwards = of(total, 0, 0);
    auto backwards = forwards;
    auto ended = standing::Active;
    for (std::size_t i = 0; i < votes.size(); ++i) {
      add(forwards, votes[i].first, votes[i].second);
      add(backwards, votes[votes.size() - 1 - i].first, votes[votes.size() - 1 - i].second);
      const auto now = decide(x, forwards);
      // What was decided stays decided, whatever comes later.
      if (ended != standing::Active) CAF_REQUIRE(now == ended);
      ended = now;
    }
    CAF_REQUIRE(forwards == backwards);
    CAF_REQUIRE(cast_weight(forwards) == total);
    CAF_REQUIRE(participation(forwards) == whole);
    // All have voted, so it is decided.
    CAF_REQUIRE(ended != standing::Active);
  }
}

} // namespace bpci::governance
