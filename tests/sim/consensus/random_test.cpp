#define CAF_SUITE sim_consensus_random

#include "scenarios.hpp"

#include <caf/test/unit_test.hpp>

#include <ctime>

using namespace bpci::consensus::sim;

namespace {

void try_seeds(std::uint64_t count, const shape& how) {
  totals sum;
  auto began = std::clock();
  auto failed = run_seeds(count, how, sum);
  auto took = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
  CAF_MESSAGE(to_string(sum) << "; " << static_cast<double>(sum.runs) / took
                             << " runs a second of CPU");
  if (!failed.empty()) CAF_FAIL(failed);
  CAF_CHECK(sum.runs > 0);
}

} // namespace

CAF_TEST(honest validators agree whatever happens to them) {
  try_seeds(3'000, {});
}

CAF_TEST(honest validators agree whatever less than a third says) {
  try_seeds(2'200, {.traitors = true});
}

CAF_TEST(after any trouble everybody decides within the bound) {
  try_seeds(1'700, {.live = true});
}

CAF_TEST(after any trouble everybody decides within the bound in spite of traitors) {
  try_seeds(1'300, {.live = true, .traitors = true});
}

CAF_TEST(honest validators agree while the validators change) {
  try_seeds(700, {.traitors = true, .changes = true});
}

CAF_TEST(after any trouble everybody decides while the validators change) {
  try_seeds(600, {.live = true, .traitors = true, .changes = true});
}

CAF_TEST(up to thirty one validators agree and decide within the bound) {
  try_seeds(40, {.live = true, .traitors = true, .least = 8, .most = 31});
}

CAF_TEST(where a third lies a disagreement is noticed and the liars are named) {
  try_seeds(460, {.live = true, .crashes = false, .hopeless = true, .least = 4});
}
