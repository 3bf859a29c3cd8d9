#define CAF_SUITE oracle_relay

#include "tests/unit/oracle/helpers.hpp"

#include <caf/test/unit_test.hpp>

#include <memory>

/// RELAY, by examples; relay_property_test.cpp has the general rules. It is the member `m1`; the
/// source is `alice`.
namespace bpci::oracle {

namespace {

using namespace testing;

/// A RELAY to which these nodes are connected.
struct connected_relay : relay_bench {
  explicit connected_relay(const std::vector<std::string>& names,
                           relay_config config = small_relay())
      : relay_bench(std::move(config)) {
    for (const auto& name : names)
      up(name);
  }
};

} // namespace

// -- delivery ----------------------------------------------------------------------------

CAF_TEST(a message goes to its connected target and is answered when that acknowledges) {
  connected_relay at{{"bob"}};
  CAF_CHECK_EQUAL(at.submit(note("x", {"bob"})), "deliver x to bob");
  CAF_CHECK_EQUAL(at.settle("x", "bob"), "x none at bob");
  CAF_CHECK_EQUAL(at.settle("x", "bob"), "");
}

CAF_TEST(a target that is announced a moment later gets what was sent to it before) {
  auto config = small_relay();
  config.announce_max = 1s;
  relay_bench at{config};
  CAF_CHECK_EQUAL(at.submit(note("x", {"bob"})), "");
  CAF_CHECK_EQUAL(at.pass(999ms), "");
  CAF_CHECK_EQUAL(at.up("bob"), "deliver x to bob");
  CAF_CHECK_EQUAL(at.pass(1ms), "");
  CAF_CHECK_EQUAL(at.settle("x", "bob"), "x none at bob");
}

CAF_TEST(a target that nobody announces is unknown after a moment) {
  auto config = small_relay();
  config.announce_max = 1s;
  relay_bench at{config};
  at.up("bob");
  CAF_CHECK_EQUAL(at.submit(note("x", {"bob", "carol"})), "deliver x to bob");
  CAF_CHECK_EQUAL(at.pass(999ms), "");
  CAF_CHECK_EQUAL(at.pass(1ms), "x unknown_target at carol");
  CAF_CHECK_EQUAL(at.uut.stats().in_flight, 1u);
}

CAF_TEST(a delivery carries the envelope and the key and says who wants the answer) {
  connected_relay at{{"bob"}};
  auto message = note("x", {"bob"});
  relay_effects out;
  at.uut.submit(message, bytes(32, 7), ticket{}, at.now, out);
  CAF_REQUIRE_EQUAL(out.size(), 1u);
  CAF_CHECK(std::get<deliver_to>(out.front()).what
            == (delivery{message, bytes(32, 7), member_id{"m1"}}));
}

CAF_TEST(an answer says how long it took since the message was accepted) {
  connected_relay at{{"bob"}};
  at.submit(note("x", {"bob"}));
  at.pass(1'500ms);
  relay_effects out;
  at.uut.settle({node_id{"alice"}, message_id{"x"}, node_id{"bob"}, {ec::none, {}}}, at.now, out);
  CAF_REQUIRE_EQUAL(out.size(), 1u);
  CAF_CHECK(std::get<answer>(out.front()).took == 1'500ms);
}

CAF_TEST(each target is answered on its own) {
  connected_relay at{{"bob", "carol"}};
  CAF_CHECK_EQUAL(at.submit(note("x", {"bob", "carol", "dave"})),
                  "deliver x to bob; deliver x to carol; x unknown_target at dave");
  CAF_CHECK_EQUAL(at.settle("x", "carol"), "x none at carol");
  CAF_CHECK_EQUAL(at.settle("x", "dave"), "");
  CAF_CHECK_EQUAL(at.uut.stats().in_flight, 1u);
  CAF_CHECK_EQUAL(at.settle("x", "bob", ec::busy), "x busy at bob");
  CAF_CHECK_EQUAL(at.uut.stats().in_flight, 0u);
}

CAF_TEST(a target that is known nowhere is refused at once) {
  relay_bench at;
  CAF_CHECK_EQUAL(at.submit(note("x", {"bob"})), "x unknown_target at bob");
}

CAF_TEST(a target that was connected a moment ago is waited for) {
  connected_relay at{{"bob"}};
  at.down("bob");
  CAF_CHECK_EQUAL(at.submit(note("x", {"bob"})), "");
  CAF_CHECK_EQUAL(at.pass(10s), "");
  CAF_CHECK_EQUAL(at.up("bob", 2), "deliver x to bob");
}

CAF_TEST(a target that stays away becomes unknown at the deadline) {
  connected_relay at{{"bob"}};
  at.down("bob");
  at.submit(note("x", {"bob"}));
  CAF_CHECK_EQUAL(at.pass(relay_timeout - 1ms), "");
  CAF_CHECK_EQUAL(at.pass(1ms), "x unknown_target at bob");
  CAF_CHECK_EQUAL(at.up("bob", 2), "");
}

CAF_TEST(a target is waited for only as long as the relay timeout after it left) {
  connected_relay at{{"bob"}};
  at.down("bob");
  at.pass(relay_timeout);
  CAF_CHECK_EQUAL(at.submit(note("x", {"bob"})), "");
  at.pass(1ms);
  CAF_CHECK_EQUAL(at.submit(note("y", {"bob"})), "y unknown_target at bob");
}

CAF_TEST(a message that nobody acknowledges expires exactly at the relay timeout) {
  connected_relay at{{"bob"}};
  at.submit(note("x", {"bob"}));
  CAF_CHECK_EQUAL(at.pass(relay_timeout - 1ms), "");
  CAF_CHECK_EQUAL(at.pass(1ms), "x expired at bob");
  CAF_CHECK_EQUAL(at.pass(relay_timeout), "");
  CAF_CHECK_EQUAL(at.settle("x", "bob"), "");
}

CAF_TEST(what was delivered once and then waits has expired and is not unknown) {
  connected_relay at{{"bob"}};
  at.submit(note("x", {"bob"}));
  at.down("bob");
  CAF_CHECK_EQUAL(at.pass(relay_timeout), "x expired at bob");
}

CAF_TEST(messages expire in the order in which they came and each at its own time) {
  connected_relay at{{"bob"}};
  at.submit(note("x", {"bob"}));
  at.pass(10s);
  at.submit(note("y", {"bob"}));
  CAF_CHECK_EQUAL(at.pass(20s), "x expired at bob");
  CAF_CHECK_EQUAL(at.pass(10s), "y expired at bob");
}

CAF_TEST(a settlement of what was never submitted is ignored) {
  connected_relay at{{"bob"}};
  CAF_CHECK_EQUAL(at.settle("x", "bob"), "");
  at.submit(note("x", {"bob"}));
  CAF_CHECK_EQUAL(at.settle("x", "carol"), "");
  CAF_CHECK_EQUAL(at.settle("x", ""), "");
}

// -- retries -----------------------------------------------------------------------------

CAF_TEST(a retry of an answered message gets the same answer and no second delivery) {
  connected_relay at{{"bob"}};
  at.submit(note("x", {"bob"}));
  at.settle("x", "bob");
  CAF_CHECK_EQUAL(at.submit(note("x", {"bob"}, "body", "alice", 2), 5), "x none at bob ticket 5");
  CAF_CHECK_EQUAL(at.uut.stats().duplicates, 1u);
  CAF_CHECK_EQUAL(at.uut.stats().accepted, 1u);
  CAF_CHECK_EQUAL(at.uut.stats().delivered, 1u);
}

CAF_TEST(a retry while the message is open is not delivered again and takes the answer over) {
  connected_relay at{{"bob"}};
  at.submit(note("x", {"bob"}), 1);
  CAF_CHECK_EQUAL(at.submit(note("x", {"bob"}), 2), "");
  CAF_CHECK_EQUAL(at.settle("x", "bob"), "x none at bob ticket 2");
  CAF_CHECK_EQUAL(at.settle("x", "bob"), "");
}

CAF_TEST(a retry while one target is open repeats the answer of the other) {
  connected_relay at{{"bob", "carol"}};
  at.submit(note("x", {"bob", "carol"}), 1);
  at.settle("x", "carol");
  CAF_CHECK_EQUAL(at.submit(note("x", {"bob", "carol"}), 2), "x none at carol ticket 2");
  CAF_CHECK_EQUAL(at.settle("x", "bob"), "x none at bob ticket 2");
}

CAF_TEST(a retry does not move the deadline of what is still open) {
  connected_relay at{{"bob"}};
  at.submit(note("x", {"bob"}));
  at.pass(20s);
  at.submit(note("x", {"bob"}));
  CAF_CHECK_EQUAL(at.pass(10s), "x expired at bob");
}

CAF_TEST(a retry after expiry is tried again with a deadline of its own) {
  connected_relay at{{"bob"}};
  at.submit(note("x", {"bob"}));
  at.pass(relay_timeout);
  CAF_CHECK_EQUAL(at.submit(note("x", {"bob"})), "deliver x to bob");
  CAF_CHECK_EQUAL(at.pass(relay_timeout - 1ms), "");
  CAF_CHECK_EQUAL(at.pass(1ms), "x expired at bob");
}

CAF_TEST(a retry goes only to the targets that have not acknowledged) {
  connected_relay at{{"bob", "carol"}};
  at.submit(note("x", {"bob", "carol"}));
  at.settle("x", "bob");
  at.settle("x", "carol", ec::busy);
  CAF_CHECK_EQUAL(at.submit(note("x", {"bob", "carol"})), "x none at bob; deliver x to carol");
  CAF_CHECK_EQUAL(at.settle("x", "carol"), "x none at carol");
}

CAF_TEST(an acknowledgement of the first transmission answers the retry) {
  connected_relay at{{"bob"}};
  at.submit(note("x", {"bob"}));
  at.pass(relay_timeout);
  at.submit(note("x", {"bob"}), 2);
  CAF_CHECK_EQUAL(at.settle("x", "bob"), "x none at bob ticket 2");
}

CAF_TEST(another priority or time or sequence does not make it another message) {
  connected_relay at{{"bob"}};
  at.submit(note("x", {"bob"}));
  auto retry = *note("x", {"bob"});
  retry.priority = priority::Critical;
  retry.sequence = 99;
  retry.sent_at = timestamp_ms{99};
  retry.signature = bytes(64, 9);
  CAF_CHECK_EQUAL(at.submit(std::make_shared<const envelope>(retry)), "");
  CAF_CHECK_EQUAL(at.uut.stats().duplicates, 1u);
}

CAF_TEST(a retry is delivered as its source has signed it last and under its present key) {
  connected_relay at{{"bob"}};
  relay_effects out;
  at.uut.submit(note("x", {"bob"}), bytes(32, 1), ticket{}, at.now, out);
  at.down("bob");
  at.uut.submit(note("x", {"bob"}, "body", "alice", 2), bytes(32, 2), ticket{}, at.now, out);
  out.clear();
  at.uut.up(relay_bench::route("bob", 2), at.now, out);
  CAF_REQUIRE_EQUAL(out.size(), 1u);
  const auto& what = std::get<deliver_to>(out.front()).what;
  CAF_CHECK_EQUAL(what.message->sequence, 2u);
  CAF_CHECK(what.source_key == bytes(32, 2));
}

CAF_TEST(another content under the same id is refused while open and when answered) {
  connected_relay at{{"bob", "carol"}};
  at.submit(note("x", {"bob"}));
  CAF_CHECK_EQUAL(at.submit(note("x", {"bob"}, "other body"), 2), "x conflict at bob ticket 2");
  CAF_CHECK_EQUAL(at.submit(note("x", {"bob", "carol"}), 3),
                  "x conflict at bob ticket 3; x conflict at carol ticket 3");
  auto other_type = *note("x", {"bob"});
  other_type.type = "Transfer";
  CAF_CHECK_EQUAL(at.submit(std::make_shared<const envelope>(other_type), 4),
                  "x conflict at bob ticket 4");
  CAF_CHECK_EQUAL(at.settle("x", "bob"), "x none at bob");
  CAF_CHECK_EQUAL(at.submit(note("x", {"bob"}, "other body")), "x conflict at bob");
  CAF_CHECK_EQUAL(at.submit(note("x", {"bob"})), "x none at bob");
  CAF_CHECK_EQUAL(at.uut.stats().refused, 5u);
}

CAF_TEST(the same id of two sources are two messages) {
  connected_relay at{{"bob"}};
  CAF_CHECK_EQUAL(at.submit(note("x", {"bob"}, "body", "alice")), "deliver x to bob");
  CAF_CHECK_EQUAL(at.submit(note("x", {"bob"}, "another", "carol")), "deliver x to bob");
  CAF_CHECK_EQUAL(at.uut.stats().accepted, 2u);
}

// -- routes ------------------------------------------------------------------------------

CAF_TEST(a reconnect brings everything open again in the order in which it was accepted) {
  connected_relay at{{"bob", "carol"}};
  for (auto id : {"z", "a", "m"})
    at.submit(note(id, {"bob", "carol"}));
  at.settle("a", "bob");
  at.down("bob");
  at.submit(note("b", {"bob"}));
  CAF_CHECK_EQUAL(at.up("bob", 2), "deliver z to bob; deliver m to bob; deliver b to bob");
  CAF_CHECK_EQUAL(at.settle("z", "bob"), "z none at bob");
}

CAF_TEST(a node that moves to another member is superseded here and served there) {
  connected_relay at{{"bob"}};
  at.submit(note("x", {"bob"}));
  CAF_CHECK_EQUAL(at.up("bob", 2, "m2"), "supersede bob by 2; deliver x to bob");
  CAF_CHECK_EQUAL(at.uut.find(node_id{"bob"})->member.get(), "m2");
  CAF_CHECK(at.uut.local_routes().routes.empty());
}

CAF_TEST(a node that reconnects at the same member keeps its link) {
  connected_relay at{{"bob"}};
  CAF_CHECK_EQUAL(at.up("bob", 2), "");
  CAF_CHECK_EQUAL(at.uut.find(node_id{"bob"})->session.get(), 2u);
}

CAF_TEST(a route of an older session is ignored and superseded where it is local) {
  relay_bench at;
  at.up("bob", 5, "m2");
  at.submit(note("x", {"bob"}));
  CAF_CHECK_EQUAL(at.up("bob", 4, "m1"), "supersede bob by 5");
  CAF_CHECK_EQUAL(at.up("bob", 4, "m3"), "");
  CAF_CHECK_EQUAL(at.uut.find(node_id{"bob"})->member.get(), "m2");
}

CAF_TEST(the end of an older session does not end the newer one) {
  connected_relay at{{"bob"}};
  at.up("bob", 2, "m2");
  at.down("bob", 1);
  CAF_CHECK(at.connected("bob"));
  at.down("bob", 3);
  CAF_CHECK(at.connected("bob"));
  at.down("carol", 1);
  at.down("bob", 2);
  CAF_CHECK(!at.connected("bob"));
}

CAF_TEST(when a member is gone its nodes are waited for and served where they come back) {
  relay_bench at;
  at.up("bob", 1, "m2");
  at.up("carol", 1, "m3");
  at.submit(note("x", {"bob", "carol"}));
  at.uut.member_down(member_id{"m2"}, at.now);
  CAF_CHECK(!at.connected("bob"));
  CAF_CHECK(at.connected("carol"));
  CAF_CHECK_EQUAL(at.submit(note("y", {"bob"})), "");
  CAF_CHECK_EQUAL(at.up("bob", 2, "m3"), "deliver x to bob; deliver y to bob");
}

CAF_TEST(a node that left before its member is not waited for any longer than that) {
  relay_bench at;
  at.up("bob", 1, "m2");
  at.down("bob", 1);
  at.pass(20s);
  at.uut.member_down(member_id{"m2"}, at.now);
  at.pass(10s + 1ms);
  CAF_CHECK_EQUAL(at.submit(note("x", {"bob"})), "x unknown_target at bob");
}

CAF_TEST(a snapshot replaces what was known of its member and of no other) {
  relay_bench at;
  at.up("bob", 1, "m2");
  at.up("carol", 1, "m2");
  at.up("dave", 1, "m3");
  at.submit(note("x", {"carol", "erin"}));
  CAF_CHECK_EQUAL(at.snapshot("m2", {relay_bench::route("carol", 1, "m2"),
                                     relay_bench::route("erin", 1, "m2")}),
                  "deliver x to carol");
  CAF_CHECK(!at.connected("bob"));
  CAF_CHECK(at.connected("carol"));
  CAF_CHECK(at.connected("dave"));
  CAF_CHECK(at.connected("erin"));
  CAF_CHECK_EQUAL(at.snapshot("m3", {}), "");
  CAF_CHECK(!at.connected("dave"));
}

CAF_TEST(a snapshot that is older than a route does not take it away) {
  relay_bench at;
  at.up("bob", 3, "m1");
  CAF_CHECK_EQUAL(at.snapshot("m2", {relay_bench::route("bob", 2, "m2")}), "");
  CAF_CHECK_EQUAL(at.uut.find(node_id{"bob"})->member.get(), "m1");
}

CAF_TEST(only what is connected here is told to another member) {
  relay_bench at;
  at.up("bob", 1, "m1");
  at.up("carol", 1, "m1");
  at.up("dave", 1, "m2");
  at.down("carol");
  auto all = at.uut.local_routes();
  CAF_CHECK_EQUAL(all.member.get(), "m1");
  CAF_REQUIRE_EQUAL(all.routes.size(), 1u);
  CAF_CHECK_EQUAL(all.routes.front().node.get(), "bob");
  CAF_CHECK_EQUAL(at.uut.stats().connected_local, 1u);
  CAF_CHECK_EQUAL(at.uut.stats().connected_cluster, 2u);
}

// -- bounds ------------------------------------------------------------------------------

CAF_TEST(no more answered messages are remembered than configured) {
  connected_relay at{{"bob"}, small_relay(2)};
  for (auto id : {"x", "y", "z"}) {
    at.submit(note(id, {"bob"}));
    at.settle(id, "bob");
  }
  CAF_CHECK_EQUAL(at.submit(note("y", {"bob"})), "y none at bob");
  CAF_CHECK_EQUAL(at.submit(note("z", {"bob"})), "z none at bob");
  CAF_CHECK_EQUAL(at.submit(note("x", {"bob"})), "deliver x to bob");
}

CAF_TEST(a cache of none remembers open messages all the same) {
  connected_relay at{{"bob"}, small_relay(0)};
  at.submit(note("x", {"bob"}));
  CAF_CHECK_EQUAL(at.submit(note("x", {"bob"})), "");
  at.settle("x", "bob");
  CAF_CHECK_EQUAL(at.submit(note("x", {"bob"})), "deliver x to bob");
}

CAF_TEST(open messages are never forgotten however many are answered meanwhile) {
  connected_relay at{{"bob", "carol"}, small_relay(1)};
  at.submit(note("open", {"carol"}));
  for (auto n = 0; n < 50; ++n) {
    auto id = numbered('x', n);
    at.submit(note(id, {"bob"}));
    at.settle(id, "bob");
  }
  CAF_CHECK_EQUAL(at.submit(note("open", {"carol"})), "");
  CAF_CHECK_EQUAL(at.settle("open", "carol"), "open none at carol");
}

CAF_TEST(a message that was opened again is not forgotten while it is open) {
  connected_relay at{{"bob"}, small_relay(1)};
  at.submit(note("x", {"bob"}));
  at.pass(relay_timeout);
  at.submit(note("x", {"bob"}));
  for (auto id : {"y", "z"}) {
    at.submit(note(id, {"bob"}));
    at.settle(id, "bob");
  }
  at.submit(note("w", {"bob"}));
  CAF_CHECK_EQUAL(at.settle("x", "bob"), "x none at bob");
}

CAF_TEST(one message that is retried over and over does not push out the others) {
  connected_relay at{{"bob"}, small_relay(2)};
  at.submit(note("x", {"bob"}));
  at.settle("x", "bob");
  for (auto n = 0; n < 10; ++n)
    at.submit(note("y", {"nobody"}));
  CAF_CHECK_EQUAL(at.submit(note("x", {"bob"})), "x none at bob");
}

CAF_TEST(the last answer of a message decides how long it is remembered) {
  connected_relay at{{"bob"}, small_relay(1)};
  at.submit(note("x", {"nobody"}));
  at.submit(note("y", {"bob"}));
  at.settle("y", "bob");
  at.submit(note("x", {"nobody"}));
  at.up("nobody");
  CAF_CHECK_EQUAL(at.submit(note("x", {"nobody"}, "other")), "x conflict at nobody");
  CAF_CHECK_EQUAL(at.submit(note("y", {"bob"}, "other")), "deliver y to bob");
}

CAF_TEST(a late settlement for a message that was forgotten is ignored) {
  connected_relay at{{"bob"}, small_relay(0)};
  at.submit(note("x", {"bob"}));
  at.pass(relay_timeout);
  at.submit(note("y", {"bob"}));
  CAF_CHECK_EQUAL(at.settle("x", "bob"), "");
  CAF_CHECK_EQUAL(at.uut.stats().in_flight, 1u);
}

CAF_TEST(beyond the bound of open messages new ones are refused as busy and old ones go on) {
  connected_relay at{{"bob", "carol"}, small_relay(100, 2)};
  at.submit(note("x", {"bob", "carol"}));
  CAF_CHECK_EQUAL(at.submit(note("y", {"bob", "carol"}), 3),
                  "y busy at bob ticket 3; y busy at carol ticket 3");
  CAF_CHECK_EQUAL(at.submit(note("x", {"bob", "carol"})), "");
  at.settle("x", "bob");
  CAF_CHECK_EQUAL(at.submit(note("y", {"bob"})), "deliver y to bob");
  CAF_CHECK_EQUAL(at.uut.stats().refused, 2u);
  CAF_CHECK_EQUAL(at.uut.stats().accepted, 2u);
}

CAF_TEST(a remembered message keeps neither its body nor its signature) {
  connected_relay at{{"bob"}};
  auto first = note("x", {"bob"});
  at.submit(first);
  CAF_CHECK(first.use_count() > 1);
  at.settle("x", "bob");
  CAF_CHECK_EQUAL(first.use_count(), 1);
  auto retry = note("x", {"bob"});
  CAF_CHECK_EQUAL(at.submit(retry), "x none at bob");
  CAF_CHECK_EQUAL(retry.use_count(), 1);
}

CAF_TEST(the counters tell accepted and delivered and refused and expired apart) {
  connected_relay at{{"bob", "carol"}};
  at.submit(note("x", {"bob", "carol", "nobody"}));
  at.settle("x", "bob");
  auto stats = at.uut.stats();
  CAF_CHECK_EQUAL(stats.in_flight, 1u);
  at.pass(relay_timeout);
  stats = at.uut.stats();
  CAF_CHECK_EQUAL(stats.accepted, 1u);
  CAF_CHECK_EQUAL(stats.delivered, 1u);
  CAF_CHECK_EQUAL(stats.refused, 1u);
  CAF_CHECK_EQUAL(stats.expired, 1u);
  CAF_CHECK_EQUAL(stats.in_flight, 0u);
}

} // namespace bpci::oracle
