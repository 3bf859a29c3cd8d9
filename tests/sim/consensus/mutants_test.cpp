#define CAF_SUITE sim_consensus_mutants

#include "mutant_rules.hpp"
#include "scenarios.hpp"

#include <caf/test/unit_test.hpp>

/// A simulator that finds nothing has to show that it would. Each test takes one rule away and runs
/// what a named test runs with all of them.
using namespace bpci::consensus::sim;

namespace {

/// In how many seeds a run is violated, until it has been in three; 0: never.
struct damage {
  std::uint64_t first = 0;
  std::uint64_t broken = 0;
  std::string how;
};

template <class Plan>
damage find_damage(Plan make) {
  damage out;
  for (std::uint64_t seed = 1; seed <= scaled(4'000) && out.broken < 3; ++seed) {
    auto got = run(make(seed));
    if (got.violations.empty()) continue;
    if (out.broken++ == 0) {
      out.first = seed;
      out.how = got.violations.front();
    }
  }
  return out;
}

std::string to_string(const damage& x) {
  return "found with seed " + std::to_string(x.first) + ": " + x.how;
}

} // namespace

CAF_TEST(with all rules nothing is found) {
  auto found = find_damage([](std::uint64_t seed) {
    return random_plan(seed % 500, {.live = seed % 2 == 0, .traitors = true});
  });
  CAF_CHECK_EQUAL(found.broken, 0u);
}

// "honest validators agree whatever happens to them" fails
CAF_TEST(who sends before it has persisted contradicts itself) {
  auto found = find_damage([](std::uint64_t seed) {
    auto what = random_plan(seed, {});
    what.mistakes.careless_disk = true;
    return what;
  });
  CAF_MESSAGE(to_string(found));
  CAF_CHECK(found.broken > 0);
}

// "honest validators agree whatever less than a third says" fails
CAF_TEST(who accepts what is not justified forks) {
  set_mutant(mutant::unjustified);
  auto found =
      find_damage([](std::uint64_t seed) { return random_plan(seed, {.traitors = true}); });
  set_mutant(mutant::none);
  CAF_MESSAGE(to_string(found));
  CAF_CHECK(found.broken > 0);
}

// "honest validators agree whatever less than a third says" fails
CAF_TEST(who counts a commit before it is on the disk and sent forks) {
  set_mutant(mutant::commits_early);
  auto found =
      find_damage([](std::uint64_t seed) { return random_plan(seed, {.traitors = true}); });
  set_mutant(mutant::none);
  CAF_MESSAGE(to_string(found));
  CAF_CHECK(found.broken > 0);
}

// "after any trouble everybody decides within the bound" fails
CAF_TEST(who runs the timer of a round alone is late for ever) {
  set_mutant(mutant::timer_not_gated);
  auto found = find_damage([](std::uint64_t seed) { return random_plan(seed, {.live = true}); });
  set_mutant(mutant::none);
  CAF_MESSAGE(to_string(found));
  CAF_CHECK(found.broken > 0);
}

// "honest validators agree whatever less than a third says" fails
CAF_TEST(who believes blocks without seals forks) {
  auto found = find_damage([](std::uint64_t seed) {
    auto what = random_plan(seed, {.traitors = true});
    what.mistakes.careless_sync = true;
    return what;
  });
  CAF_MESSAGE(to_string(found));
  CAF_CHECK(found.broken > 0);
}
