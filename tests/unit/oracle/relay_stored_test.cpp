#define CAF_SUITE oracle_relay_stored

#include "tests/unit/oracle/helpers.hpp"

#include <caf/test/unit_test.hpp>

/// RELAY: stored messages, and how much may be under way to another member.
namespace bpci::oracle {

namespace {

using namespace testing;

/// Three messages, or as many bytes as two small ones take, may be under way to a member.
relay_config narrow(std::uint64_t bytes = 1'000'000) {
  auto out = small_relay();
  out.to_member = {3, bytes};
  return out;
}

} // namespace

// -- stored messages -----------------------------------------------------------------------

CAF_TEST(a stored message goes into the mailbox of each target and is answered when it is safe) {
  relay_bench at;
  at.up("bob");
  CAF_CHECK_EQUAL(at.submit(stored_note("x", {"bob", "carol"})),
                  "store x for bob; store x for carol");
  CAF_CHECK_EQUAL(at.stored("x", "carol"), "x stored at carol");
  CAF_CHECK_EQUAL(at.stored("x", "bob"), "x stored at bob");
  CAF_CHECK_EQUAL(at.stored("x", "bob"), "");
  CAF_CHECK_EQUAL(at.uut.stats().stored, 2u);
  CAF_CHECK_EQUAL(at.uut.stats().delivered, 0u);
  CAF_CHECK_EQUAL(at.uut.stats().in_flight, 0u);
}

CAF_TEST(a stored message is never delivered before it is safe) {
  relay_bench at;
  at.submit(stored_note("x", {"bob"}));
  CAF_CHECK_EQUAL(at.up("bob"), "");
  CAF_CHECK_EQUAL(at.up("bob", 2, "m2"), "supersede bob by 2");
}

CAF_TEST(a mailbox that refuses says when to try again and the retry is stored) {
  relay_bench at;
  at.submit(stored_note("x", {"bob", "carol"}));
  CAF_CHECK_EQUAL(at.stored("x", "bob"), "x stored at bob");
  CAF_CHECK_EQUAL(at.stored("x", "carol", ec::busy, 1'000), "x busy at carol retry after 1000");
  CAF_CHECK_EQUAL(at.submit(stored_note("x", {"bob", "carol"}, "body", 2)),
                  "x stored at bob; store x for carol");
  CAF_CHECK_EQUAL(at.stored("x", "carol"), "x stored at carol");
}

CAF_TEST(a retry while it is being stored is not stored twice) {
  relay_bench at;
  at.submit(stored_note("x", {"bob"}));
  CAF_CHECK_EQUAL(at.submit(stored_note("x", {"bob"}, "body", 2), 7), "");
  CAF_CHECK_EQUAL(at.stored("x", "bob"), "x stored at bob ticket 7");
}

CAF_TEST(the same content live and stored are two messages) {
  relay_bench at;
  at.submit(stored_note("x", {"bob"}));
  CAF_CHECK_EQUAL(at.submit(note("x", {"bob"})), "x conflict at bob");
}

CAF_TEST(a database that stays silent is not taken for an unknown target) {
  relay_bench at;
  at.submit(stored_note("x", {"bob"}));
  CAF_CHECK_EQUAL(at.pass(relay_timeout), "x unavailable at bob");
  CAF_CHECK_EQUAL(at.stored("x", "bob"), "");
}

CAF_TEST(a target that has it is as good as a mailbox that says so) {
  relay_bench at;
  at.up("bob");
  at.submit(stored_note("x", {"bob"}));
  CAF_CHECK_EQUAL(at.settle("x", "bob"), "x none at bob");
  CAF_CHECK_EQUAL(at.stored("x", "bob"), "");
}

CAF_TEST(a message that is open again is not announced as unknown) {
  auto config = small_relay(0);
  config.announce_max = 1s;
  relay_bench at{config};
  at.submit(note("x", {"bob"}));
  at.settle("x", "bob"); // forgotten with the next message
  at.submit(note("y", {"carol"}));
  at.submit(stored_note("x", {"bob"}));
  CAF_CHECK_EQUAL(at.pass(1s), "y unknown_target at carol");
}

// -- under way to another member -----------------------------------------------------------

CAF_TEST(beyond the credit of a member its targets are busy at once and others are not ) {
  relay_bench at{narrow()};
  at.up("bob", 1, "m2");
  at.up("carol", 1, "m3");
  at.up("dave");
  for (const auto* id : {"a", "b", "c"})
    CAF_CHECK(at.submit(note(id, {"bob"})).starts_with("deliver"));
  CAF_CHECK_EQUAL(at.submit(note("d", {"bob", "carol", "dave"})),
                  "d busy at bob; deliver d to carol; deliver d to dave");
  CAF_CHECK_EQUAL(at.settle("a", "bob"), "a none at bob");
  CAF_CHECK_EQUAL(at.submit(note("e", {"bob"})), "deliver e to bob");
  CAF_CHECK_EQUAL(at.submit(note("f", {"bob"})), "f busy at bob");
}

CAF_TEST(the credit counts bytes and comes back however a message ends) {
  relay_bench at{narrow(1'000)};
  at.up("bob", 1, "m2");
  at.submit(note("a", {"bob"}));
  at.submit(note("b", {"bob"}));
  CAF_CHECK_EQUAL(at.submit(note("c", {"bob"})), "c busy at bob");
  CAF_CHECK_EQUAL(at.pass(relay_timeout), "a expired at bob; b expired at bob");
  CAF_CHECK_EQUAL(at.submit(note("d", {"bob"}, std::string(5'000, 'x'))), "deliver d to bob");
  CAF_CHECK_EQUAL(at.submit(note("e", {"bob"})), "e busy at bob");
}

CAF_TEST(nothing is under way to a member that is gone and what is open goes where its node is) {
  relay_bench at{narrow()};
  at.up("bob", 1, "m2");
  for (const auto* id : {"a", "b", "c"})
    at.submit(note(id, {"bob"}));
  at.member_down("m2");
  CAF_CHECK_EQUAL(at.up("bob", 2, "m3"), "deliver a to bob; deliver b to bob; deliver c to bob");
  CAF_CHECK_EQUAL(at.submit(note("d", {"bob"})), "d busy at bob");
  at.up("carol", 1, "m2");
  CAF_CHECK_EQUAL(at.submit(note("e", {"carol"})), "deliver e to carol");
  for (const auto* id : {"a", "b", "c"})
    at.settle(id, "bob");
  CAF_CHECK_EQUAL(at.submit(note("f", {"bob"})), "deliver f to bob");
}

CAF_TEST(a node that moves to this member costs no credit any more) {
  relay_bench at{narrow()};
  at.up("bob", 1, "m2");
  for (const auto* id : {"a", "b", "c"})
    at.submit(note(id, {"bob"}));
  at.up("bob", 2);
  at.up("carol", 1, "m2");
  CAF_CHECK_EQUAL(at.submit(note("d", {"carol"})), "deliver d to carol");
}

CAF_TEST(of what waits for a node as much is delivered as fits and the rest is busy) {
  auto config = narrow();
  config.to_member = {2, 1'000'000};
  relay_bench at{config};
  at.up("bob");
  at.down("bob");
  for (const auto* id : {"a", "b", "c", "d"})
    CAF_CHECK_EQUAL(at.submit(note(id, {"bob"})), "");
  CAF_CHECK_EQUAL(at.up("bob", 2, "m2"),
                  "deliver a to bob; deliver b to bob; c busy at bob; d busy at bob");
  CAF_CHECK_EQUAL(at.uut.stats().in_flight, 2u);
}

CAF_TEST(the bytes of open messages are bounded and one always fits) {
  auto config = small_relay();
  config.open_bytes_max = 2'000;
  relay_bench at{config};
  at.up("bob");
  CAF_CHECK_EQUAL(at.submit(note("a", {"bob"}, std::string(5'000, 'x'))), "deliver a to bob");
  CAF_CHECK_EQUAL(at.submit(note("b", {"bob"})), "b busy at bob");
  at.settle("a", "bob");
  CAF_CHECK_EQUAL(at.submit(note("b", {"bob"})), "deliver b to bob");
}

} // namespace bpci::oracle
