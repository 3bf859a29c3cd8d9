#include "scenarios.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace bpci::consensus::sim {

namespace {

#ifdef BPCI_SANITIZE
constexpr std::uint64_t part = 20; ///< the sanitizers make it that much slower
#else
constexpr std::uint64_t part = 1;
#endif

} // namespace

plan calm_plan(std::vector<std::uint64_t> weights) {
  plan out;
  out.weights = std::move(weights);
  out.delay_min = out.delay_max = 10 * ms;
  out.fsync_max = out.execute_max = instant{0};
  out.ends = 20 * seconds;
  return out;
}

plan calm_plan(std::size_t n) {
  return calm_plan(std::vector<std::uint64_t>(n, 1));
}

void add_works(plan& to, std::size_t count, instant every, instant from) {
  auto id = static_cast<std::uint64_t>(to.works.size());
  for (std::size_t i = 0; i < count; ++i)
    to.works.push_back({.at = from + i * every, .id = ++id});
}

std::string report(const plan& what) {
  auto first = run(what);
  auto fails = [&](const plan& less) {
    auto got = run(less);
    return !got.violations.empty();
  };
  auto shortest = shrunk(what, fails);
  auto got = run(shortest, true);
  auto text = "seed " + std::to_string(what.seed) + ": "
              + (first.violations.empty() ? "nothing" : first.violations.front()) + "; of "
              + std::to_string(what.faults.size()) + " faults "
              + std::to_string(shortest.faults.size()) + " are needed\n";
  return text + to_string(shortest, got);
}

std::string violation_of(const plan& what, verdict* out) {
  auto got = run(what);
  auto text = got.violations.empty() ? std::string{} : report(what);
  if (out) *out = std::move(got);
  return text;
}

namespace {

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const auto* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

} // namespace

std::uint64_t scaled(std::uint64_t runs) {
  return std::max<std::uint64_t>(runs / part, 1);
}

void totals::add(const verdict& x) {
  ++runs;
  heights += x.heights;
  steps += x.steps;
  restarts += x.restarts;
  proofs += x.proofs;
  halts += x.halts;
  disagreements += x.disagreed;
  wronged += x.wronged;
  slowest = std::max(slowest, x.recovery);
  largest = std::max(largest, x.engine_bytes);
}

std::string to_string(const totals& x) {
  return std::to_string(x.runs) + " seeds, " + std::to_string(x.heights) + " blocks, "
         + std::to_string(x.steps) + " steps, " + std::to_string(x.restarts) + " restarts, "
         + std::to_string(x.proofs) + " proofs, " + std::to_string(x.disagreements)
         + " disagreements, " + std::to_string(x.halts) + " halts (with "
         + std::to_string(x.wronged) + " honest ones named beside liars), slowest recovery "
         + std::to_string(x.slowest.count() / 1'000) + " ms, largest engine "
         + std::to_string(x.largest / 1'024) + " KiB";
}

namespace {

/// Every how many of them are this process's: `BPCI_SIM_PART=1/2` and `2/2` are two halves.
struct part_of_seeds {
  std::uint64_t first = 1, step = 1;
};

part_of_seeds my_part() {
  part_of_seeds out;
  if (const auto* text = std::getenv("BPCI_SIM_PART")) {
    char* rest = nullptr;
    out.first = std::max<std::uint64_t>(std::strtoull(text, &rest, 10), 1);
    if (*rest == '/') out.step = std::max<std::uint64_t>(std::strtoull(rest + 1, nullptr, 10), 1);
  }
  return out;
}

void show_progress(std::uint64_t seed, std::uint64_t last, const totals& sum) {
  if (seed % 512 > 1 || !isatty(STDERR_FILENO)) return;
  std::fprintf(stderr, "\r  %llu of %llu seeds, %llu blocks   ",
               static_cast<unsigned long long>(seed), static_cast<unsigned long long>(last),
               static_cast<unsigned long long>(sum.heights));
}

} // namespace

std::string run_seeds(std::uint64_t count, const shape& how, totals& sum) {
  const auto only = number_from("BPCI_SIM_SEED", 0);
  const auto all = number_from("BPCI_SIM_SEEDS", scaled(seeds_of_ci));
  auto mine = my_part();
  if (only) mine = {only, 1};
  const auto last = only ? only : std::max<std::uint64_t>(all * count / seeds_of_ci, 1);
  for (auto seed = mine.first; seed <= last; seed += mine.step) {
    auto what = random_plan(seed, how);
    auto got = run(what);
    if (!got.violations.empty()) return report(what);
    sum.add(got);
    show_progress(seed, last, sum);
  }
  return {};
}

} // namespace bpci::consensus::sim
