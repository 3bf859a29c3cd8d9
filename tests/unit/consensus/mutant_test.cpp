#define CAF_SUITE consensus_mutant

#include "tests/unit/consensus/table.hpp"

#include <caf/test/unit_test.hpp>

/// Built twice, with the real rules and with worse ones: what the rules are there for.
namespace bpci::consensus::testing {

namespace {

#ifdef BPCI_WORSE_RULES
constexpr auto is_real = false;
#else
constexpr auto is_real = true;
#endif

CAF_TEST(a proposer that is not bound to what was committed makes a second block of a height) {
  table t{4};
  // The commits come to 2 alone: it has a block that nobody else has.
  t.lost = [](int, int to, const consensus_message& x) {
    return std::holds_alternative<commit>(x) && to != 2;
  };
  t.work({1});
  t.run();
  CAF_REQUIRE_EQUAL(t.seats.at(2).chain.size(), 1u);
  t.crash(2);
  t.lost = nullptr;
  auto other = block_of(2, t.seats.at(1).head, t.now, 66);
  for (auto n : {1, 3, 4})
    t.tell(2, n, proposal_of(2, 1, other));
  t.run();
  auto is_split = !t.seats.at(1).chain.empty()
                  && t.seats.at(1).chain[0].seals.block_id != t.seats.at(2).chain[0].seals.block_id;
  CAF_CHECK_EQUAL(is_split, !is_real);
}

CAF_TEST(whoever is alone goes on to rounds that the others will not wait for) {
  table t{4};
  t.lost = [](int from, int to, const consensus_message&) { return from == 4 || to == 4; };
  t.work({4});
  t.run();
  for (int i = 0; i < 30; ++i) {
    t.expire(4);
    t.run();
  }
  CAF_CHECK_EQUAL(t.round_of(4) == 1u, is_real);
}

} // namespace

} // namespace bpci::consensus::testing
