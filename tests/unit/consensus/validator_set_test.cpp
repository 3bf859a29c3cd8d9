#define CAF_SUITE consensus_validator_set

#include "actors/consensus/set_rules.hpp"
#include "tests/unit/consensus/helpers.hpp"

#include <caf/test/unit_test.hpp>

#include <limits>
#include <stdexcept>

/// Who decides, who proposes, and what may be changed.
namespace bpci::consensus::testing {

namespace {

constexpr auto most = std::numeric_limits<std::uint64_t>::max();

std::vector<validator> weights(std::vector<std::pair<int, std::uint64_t>> all) {
  std::vector<validator> out;
  for (auto [n, weight] : all)
    out.push_back({id_of(n), weight});
  return out;
}

std::string proposers(const validator_set& set, int parent, std::uint32_t rounds) {
  std::string out;
  for (std::uint32_t r = 0; r < rounds; ++r)
    out += std::to_string(set.proposer(parent == 0 ? address{} : id_of(parent), round_no{r})[0]);
  return out;
}

CAF_TEST(a set without anybody or with anybody twice or without weight is refused) {
  CAF_CHECK(check_validators(weights({{1, 1}, {2, 5}})).has_value());
  CAF_CHECK(check_validators({}).has_error());
  CAF_CHECK(check_validators(weights({{1, 1}, {2, 0}})).has_error());
  CAF_CHECK(check_validators(weights({{1, 1}, {2, 1}, {1, 3}})).has_error());
  CAF_CHECK_EQUAL(code_of(check_validators({})), ec::invalid_argument);
}

CAF_TEST(a total that 64 bits do not hold is refused) {
  CAF_CHECK(check_validators(weights({{1, most - 1}, {2, 1}})).has_value());
  CAF_CHECK(check_validators(weights({{1, most - 1}, {2, 2}})).has_error());
  CAF_CHECK(check_validators(weights({{1, most}, {2, most}, {3, 2}})).has_error());
}

CAF_TEST(a set that was not checked is a fault of the program) {
  auto thrown = false;
  try {
    validator_set{weights({{1, 0}})};
  } catch (const std::invalid_argument&) {
    thrown = true;
  }
  CAF_CHECK(thrown);
}

CAF_TEST(one block changes less than a third of the weight) {
  auto before = weights({{1, 10}, {2, 10}, {3, 10}});
  auto ok = [&](std::vector<std::pair<int, std::uint64_t>> after) {
    return check_set_change(before, weights(std::move(after))).has_value();
  };
  CAF_CHECK(ok({{1, 10}, {2, 10}, {3, 10}}));
  CAF_CHECK(ok({{1, 10}, {2, 10}, {3, 1}}));
  CAF_CHECK(ok({{1, 10}, {2, 10}, {3, 10}, {4, 9}}));
  CAF_CHECK(ok({{1, 14}, {2, 6}, {3, 11}}));
  CAF_CHECK(!ok({{1, 10}, {2, 10}}));
  CAF_CHECK(!ok({{1, 10}, {2, 10}, {3, 10}, {4, 10}}));
  CAF_CHECK(!ok({{1, 15}, {2, 5}, {3, 10}}));
  CAF_CHECK(check_set_change(weights({{1, most}}), weights({{1, 1}, {2, most - 1}})).has_error());
}

CAF_TEST(the hash of a set does not depend on its order but on everything else) {
  auto id = validators_hash(weights({{1, 1}, {2, 2}}));
  CAF_CHECK(id == validators_hash(weights({{2, 2}, {1, 1}})));
  CAF_CHECK(id != validators_hash(weights({{1, 2}, {2, 1}})));
  CAF_CHECK(id != validators_hash(weights({{1, 1}})));
  CAF_CHECK(id == validator_set{weights({{2, 2}, {1, 1}})}.id());
}

CAF_TEST(a validator weighs what it weighs and a stranger nothing) {
  auto set = validator_set{weights({{5, 7}, {1, 2}})};
  CAF_CHECK_EQUAL(set.weight_of(id_of(5)), 7u);
  CAF_CHECK_EQUAL(set.weight_of(id_of(3)), 0u);
  CAF_CHECK(!set.contains(id_of(3)));
  CAF_CHECK_EQUAL(set.total(), 9u);
  CAF_CHECK(set.is_quorum(7));
  CAF_CHECK(!set.is_weak(2));
}

CAF_TEST(the turn begins behind the maker of the parent and goes round with the rounds) {
  auto set = validator_set{validators(4)};
  CAF_CHECK_EQUAL(proposers(set, 0, 6), "123412"); // behind the genesis block
  CAF_CHECK_EQUAL(proposers(set, 2, 5), "34123");
  CAF_CHECK_EQUAL(proposers(set, 4, 3), "123");
  CAF_CHECK_EQUAL(set.proposer(id_of(1), round_no{4'294'967'295})[0], 1); // (1 + 3) mod 4
}

CAF_TEST(a maker that is no validator any more is followed by the first behind its place) {
  auto set = validator_set{weights({{1, 1}, {3, 1}, {5, 1}})};
  CAF_CHECK_EQUAL(proposers(set, 2, 4), "3513");
  CAF_CHECK_EQUAL(proposers(set, 4, 3), "513");
  CAF_CHECK_EQUAL(proposers(set, 9, 3), "135");
}

CAF_TEST(whoever weighs more is not in turn more often) {
  auto set = validator_set{weights({{1, 100}, {2, 1}})};
  CAF_CHECK_EQUAL(proposers(set, 0, 4), "1212");
}

} // namespace

} // namespace bpci::consensus::testing
