#define CAF_SUITE sim_cluster

#include "world.hpp"

#include <caf/test/unit_test.hpp>

#include <cstdlib>

using namespace bpci::sim;

namespace {

/// `BPCI_SIM_SEEDS=N` runs more of them, `BPCI_SIM_SEED=N` that one alone.
std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const auto* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

#ifdef BPCI_SANITIZE
constexpr std::uint64_t part = 20; ///< the sanitizers make it that much slower
#else
constexpr std::uint64_t part = 1;
#endif

template <class Change>
void run_seeds(std::uint64_t count, Change&& change) {
  const auto only = number_from("BPCI_SIM_SEED", 0);
  const auto last = only ? only : number_from("BPCI_SIM_SEEDS", count / part);
  verdict sum;
  for (auto seed = only ? only : 1; seed <= last; ++seed) {
    plan what;
    what.seed = seed;
    change(what);
    const auto got = run(what);
    if (!got.violations.empty()) CAF_FAIL(to_string(what, got));
    sum.commits += got.commits;
    sum.faults += got.faults;
    sum.evictions += got.evictions;
    CAF_CHECK(got.commits > 0);
  }
  CAF_MESSAGE(last << " seeds, " << sum.commits << " commits, " << sum.faults << " faults, "
                   << sum.evictions << " evictions");
}

} // namespace

CAF_TEST(three nodes lose nothing and become whole whatever happens) {
  run_seeds(1'500, [](plan&) {});
}

CAF_TEST(five nodes lose nothing and become whole whatever happens) {
  run_seeds(200, [](plan& x) { x.nodes = 5; });
}

CAF_TEST(a database that comes and goes evicts nobody) {
  run_seeds(300, [](plan& x) { x.kills = x.stops = x.freezes = x.cuts = x.database_cuts = false; });
}

CAF_TEST(a fence that is only checked loses commits) {
  std::size_t broken = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    plan what;
    what.seed = seed;
    what.how = fence::only_checked;
    broken += !run(what).violations.empty();
  }
  CAF_MESSAGE(broken << " of 50 seeds");
  CAF_CHECK(broken > 0);
}
