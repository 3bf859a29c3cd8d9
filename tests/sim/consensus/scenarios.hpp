#pragma once

#include "random_plan.hpp"
#include "shrink.hpp"
#include "world.hpp"

/// What the scenario tests have in common.
namespace bpci::consensus::sim {

constexpr auto ms = instant{1'000};
constexpr auto seconds = instant{1'000'000};

/// `n` validators of weight 1, without chance: each message takes 10 ms, all else no time.
plan calm_plan(std::size_t n);
plan calm_plan(std::vector<std::uint64_t> weights);

/// Transactions for all, one each `every`, from `from` on.
void add_works(plan& to, std::size_t count, instant every, instant from = instant{0});

/// A failed run as one reads it: the plan, cut down, and its trace.
std::string report(const plan& what);

/// "": nothing was violated; otherwise the report.
std::string violation_of(const plan& what, verdict* out = nullptr);

struct totals {
  std::uint64_t runs = 0, heights = 0, steps = 0, restarts = 0, proofs = 0, halts = 0,
                disagreements = 0, wronged = 0;
  instant slowest{};       ///< recovery
  std::size_t largest = 0; ///< engine, in bytes
  void add(const verdict& x);
};
std::string to_string(const totals& x);

/// As many, or fewer where sanitizers make everything slow.
std::uint64_t scaled(std::uint64_t runs);

/// All random tests together run so many, unless `BPCI_SIM_SEEDS` says how many.
constexpr std::uint64_t seeds_of_ci = 10'000;

/// Runs `count` of these, or as large a part of what `BPCI_SIM_SEEDS` says; `BPCI_SIM_SEED=N` that
/// one alone. The report of the first that fails, or nothing.
std::string run_seeds(std::uint64_t count, const shape& how, totals& sum);

} // namespace bpci::consensus::sim
