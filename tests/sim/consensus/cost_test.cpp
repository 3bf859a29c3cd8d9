#define CAF_SUITE sim_consensus_cost

#include "held.hpp"
#include "keys.hpp"

#include <iomanip>
#include <sstream>

/// What a block costs where nothing goes wrong, as the number of validators grows.
using namespace bpci::consensus::sim;

namespace {

struct cost {
  double messages = 0, kib = 0, checks = 0, signatures = 0, persists = 0;
  double ms = 0; ///< from the first transaction to the last block, by virtual time
};

/// Of a block: all validators together, but persists and checks of signatures of each.
cost cost_of(std::size_t n) {
  auto what = calm_plan(n);
  what.fsync_max = instant{0};
  what.measures = true;
  add_works(what, 20, 200 * ms, 100 * ms);
  auto before = usage();
  auto got = held(what);
  CAF_CHECK_EQUAL(got.done, 20u);
  auto blocks = static_cast<double>(got.heights);
  auto each = blocks * static_cast<double>(n);
  cost out;
  out.messages = static_cast<double>(got.sent) / blocks;
  out.kib = static_cast<double>(got.sent_bytes) / blocks / 1'024;
  out.checks = static_cast<double>(got.checked) / each;
  out.signatures = static_cast<double>(usage().signed_ - before.signed_) / each;
  out.persists = static_cast<double>(got.persists) / each;
  return out;
}

} // namespace

CAF_TEST(a block costs about two n times n messages and three records of each validator) {
  std::ostringstream table;
  table << "\n   n   messages      KiB   checks/n   signatures/n   persists/n   (of a block)\n"
        << std::fixed << std::setprecision(1);
  for (auto n : {1, 2, 3, 4, 5, 7, 10, 13, 16, 22, 31}) {
    auto x = cost_of(static_cast<std::size_t>(n));
    auto per = static_cast<double>(n) - 1;
    table << std::setw(4) << n << std::setw(11) << x.messages << std::setw(9) << x.kib
          << std::setw(11) << x.checks << std::setw(15) << x.signatures << std::setw(13)
          << x.persists << "\n";
    // A proposal, a prepare of each and a commit of each to all others.
    CAF_CHECK(x.messages <= per + 2 * per * n + 1);
    // Prepare and commit; the proposer has its proposal as well.
    CAF_CHECK(x.persists <= 2 + 1.0 / n + 0.01);
    // Each statement of each once, and each seal of the parent once more by the ledger.
    CAF_CHECK(x.checks <= 3 * n + 2);
  }
  CAF_MESSAGE(table.str());
}
