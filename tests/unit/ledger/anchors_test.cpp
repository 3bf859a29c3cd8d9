#define CAF_SUITE ledger_anchors

#include "actors/ledger/anchors/anchors.hpp"
#include "actors/ledger/state/proof.hpp"
#include "script.hpp"

#include <caf/test/unit_test.hpp>

using namespace bpci;
using namespace bpci::ledger;
using namespace bpci::ledger::test;

CAF_TEST(anchors and why they are refused) {
  world w;
  CAF_CHECK_EQUAL(play(w, R"(
    ada anchor receipts 2026-11 12      = ok
    ada anchor receipts 2026-11 12      = already_anchored
    ada anchor receipts 2026-11 13      = already_anchored
    ada anchor audit 2026-11 13         = ok
    ada anchor statement 2026-11 13     = ok
    bob anchor receipts 2026-11 1       = ok
    ada anchor receipts 2026-12 0       = count_must_not_be_zero
    ada anchor receipts 2026/12 5       = label_not_allowed
    ada anchor rumours 2026-12 5        = subject_unknown
  )"),
                  "");
}

CAF_TEST(an anchor is provable against the state root of a block) {
  world w;
  CAF_CHECK_EQUAL(play(w, "ada anchor audit day-7 12 = ok"), "");
  auto entry = w.ask<anchors::get_anchor, anchors::anchored>(
      "anchors", anchors::get_anchor{account_of("ada"), anchors::subject::audit, "day-7"});
  CAF_REQUIRE(entry);
  CAF_CHECK_EQUAL(entry->count, 12u);
  CAF_CHECK(entry->at == w.at);
  auto key = anchors::anchor_key(account_of("ada"), anchors::subject::audit, "day-7");
  CAF_CHECK(verify_inclusion(w.state.root(), key, codec::to_canonical(*entry), w.state.prove(key)));
  auto other = anchors::anchor_key(account_of("bob"), anchors::subject::audit, "day-7");
  CAF_CHECK(verify_exclusion(w.state.root(), other, w.state.prove(other)));
  auto lie = *entry;
  lie.count = 13;
  CAF_CHECK(!verify_inclusion(w.state.root(), key, codec::to_canonical(lie), w.state.prove(key)));
}

CAF_TEST(an anchor that nobody made is not found) {
  world w;
  auto x = w.ask<anchors::get_anchor, anchors::anchored>(
      "anchors", anchors::get_anchor{account_of("ada"), anchors::subject::audit, "day-7"});
  CAF_CHECK(x.error().code == ec::not_found);
}
