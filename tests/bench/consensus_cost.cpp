#include "tests/bench/consensus_cost.hpp"

#include "tests/sim/consensus/keys.hpp"
#include "tests/sim/consensus/scenarios.hpp"

#include <ctime>
#include <stdexcept>

namespace bpci::bench {

namespace sim = consensus::sim;

namespace {

double thread_cpu_microseconds() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) * 1e6 + static_cast<double>(used.tv_nsec) / 1e3;
}

} // namespace

block_cost cost_of_block(std::size_t validators, std::size_t blocks) {
  constexpr auto every = 200 * sim::ms;
  auto what = sim::calm_plan(validators);
  what.measures = true;
  sim::add_works(what, blocks, every, 100 * sim::ms);
  what.ends = every * (static_cast<std::int64_t>(blocks) + 10);
  const auto signed_before = sim::usage().signed_;
  const auto begun = thread_cpu_microseconds();
  const auto got = sim::run(what);
  const auto used = thread_cpu_microseconds() - begun;
  if (!got.violations.empty()) throw std::logic_error(got.violations.front());
  if (got.done != blocks || got.heights == 0) throw std::logic_error("a block was not decided");
  const auto each = static_cast<double>(got.heights) * static_cast<double>(validators);
  return {.cpu_us = used / each,
          .messages = static_cast<double>(got.sent) / each,
          .kib = static_cast<double>(got.sent_bytes) / each / 1'024,
          .checks = static_cast<double>(got.checked) / each,
          .signatures = static_cast<double>(sim::usage().signed_ - signed_before) / each,
          .records = static_cast<double>(got.persists) / each};
}

} // namespace bpci::bench
