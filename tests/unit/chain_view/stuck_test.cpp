#define CAF_SUITE chain_view_stuck

#include "gateways/chain/stuck.hpp"

#include <caf/test/unit_test.hpp>

using namespace bpci;
using namespace bpci::gateway;

namespace {

consensus::address id_of(std::uint8_t n) {
  consensus::address out{};
  out.fill(n);
  return out;
}

/// Validator 1 of four, at height 812 in round 3.
chain::engine_status status(std::string doing, std::vector<std::uint8_t> missing) {
  chain::engine_status out;
  out.self = id_of(0x11);
  out.is_validator = out.signs = true;
  out.where.at = height{812};
  out.where.round = consensus::round_no{3};
  out.where.doing = std::move(doing);
  for (const std::uint8_t n : {0x11, 0x22, 0xa1, 0xc3})
    out.where.validators.push_back({id_of(n), 1, consensus::round_no{3}, {}, {}, {}, {}});
  for (auto n : missing)
    out.where.missing.push_back(id_of(n));
  return out;
}

} // namespace

CAF_TEST(who is missing is named with what is wrong with him) {
  auto x = status("waiting for prepares of round 3", {0xa1, 0xc3});
  x.unlinked = {id_of(0xa1)};
  x.where.validators[3].round = consensus::round_no{2};
  CAF_CHECK_EQUAL(summary_of(x), "Height 812, round 3: waits for prepares of 2 of 4 validators; "
                                 "missing a1a1a1a1.. (no link), c3c3c3c3.. (in round 2).");
  x.where.doing = "waiting for commits of round 3";
  x.where.validators[3].round.reset();
  x.unlinked.clear();
  CAF_CHECK_EQUAL(summary_of(x), "Height 812, round 3: waits for commits of 2 of 4 validators; "
                                 "missing a1a1a1a1.. (not yet), c3c3c3c3.. (silent).");
}

CAF_TEST(a proposal and a change of rounds are waited for by name) {
  CAF_CHECK_EQUAL(summary_of(status("waiting for the proposal", {0x11})),
                  "Height 812, round 3: waits for the proposal of 11111111.. (this node).");
  CAF_CHECK_EQUAL(summary_of(status("waiting for a quorum to ask for round 3", {0x22})),
                  "Height 812, round 3: waits for 1 of 4 validators to ask for this round; "
                  "missing 22222222.. (not yet).");
  CAF_CHECK_EQUAL(summary_of(status("checking the block", {})),
                  "Height 812, round 3: checking the block.");
}

CAF_TEST(a chain without work is not stuck) {
  CAF_CHECK_EQUAL(summary_of(status("waiting for work", {})),
                  "Height 812: there is nothing to decide; a transaction makes the next block.");
}

CAF_TEST(what stops a node comes first) {
  auto x = status("waiting for the proposal", {0x22});
  x.syncing = true;
  x.seen = height{900};
  CAF_CHECK_EQUAL(summary_of(x), "Height 812: fetches blocks that others have, up to height 900.");
  x.halted = "two blocks of height 811";
  CAF_CHECK_EQUAL(summary_of(x), "Height 812: halted, and nothing goes on without people: two "
                                 "blocks of height 811.");
}

CAF_TEST(a node that does not sign says why) {
  auto x = status("watching: its record was lost", {});
  x.signs = false;
  x.why_not = "its record was lost: it signs again from height 1,234";
  CAF_CHECK_EQUAL(summary_of(x), "Height 812, round 3: watching: its record was lost. This node "
                                 "signs nothing: its record was lost: it signs again from height "
                                 "1,234.");
  x = status("waiting for work", {});
  x.is_validator = false;
  CAF_CHECK(summary_of(x).ends_with("This node is no validator of this height: it follows."));
}

CAF_TEST(a crowd is not listed to its end) {
  auto x = status("waiting for prepares of round 3", {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  CAF_CHECK(summary_of(x).find(" and 3 more.") != std::string::npos);
}
