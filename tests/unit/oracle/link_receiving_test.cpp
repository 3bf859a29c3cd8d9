#define CAF_SUITE oracle_link_receiving

#include "tests/unit/oracle/helpers.hpp"

#include <caf/test/unit_test.hpp>

/// What others send to a BPI node through its LINK: the credit, the queue behind it, and the
/// acknowledgements (docs/protocol/bpi-1.0.md, section 5).
namespace bpci::oracle {

namespace {

using namespace testing;

/// A LINK whose node has as many messages unacknowledged as it may.
struct full_link : link_bench {
  explicit full_link(std::size_t backlog_max = 10) : link_bench(small_limits, backlog_max) {
    for (auto id : {"m1", "m2", "m3"})
      delivered("bob", id);
  }
};

} // namespace

CAF_TEST(a delivery is written at once and settled once when it is acknowledged) {
  link_bench at;
  CAF_CHECK_EQUAL(at.delivered("bob", "m1", "m7"), "deliver bob/m1");
  CAF_CHECK_EQUAL(at.uut.unacknowledged(), 1u);
  CAF_CHECK_EQUAL(at.acknowledge("bob", "m1"), "settle bob/m1 none to m7");
  CAF_CHECK_EQUAL(at.acknowledge("bob", "m1"), "");
  CAF_CHECK_EQUAL(at.uut.unacknowledged(), 0u);
  CAF_CHECK_EQUAL(at.uut.stats().delivered, 1u);
}

CAF_TEST(a settlement names the target that has acknowledged) {
  link_bench at;
  at.delivered("bob", "m1");
  link_effects out;
  at.uut.on_frame(client_frame{ack{node_id{"bob"}, message_id{"m1"}}}, at.now, out);
  CAF_REQUIRE_EQUAL(out.size(), 1u);
  CAF_CHECK(std::get<settle>(out.front()).what
            == (outcome{node_id{"bob"}, message_id{"m1"}, node_id{"alice"}, {ec::none, {}}}));
}

CAF_TEST(an acknowledgement of what was never delivered settles nothing) {
  link_bench at;
  at.delivered("bob", "m1");
  CAF_CHECK_EQUAL(at.acknowledge("carol", "m1"), "");
  CAF_CHECK_EQUAL(at.acknowledge("bob", "m2"), "");
  CAF_CHECK_EQUAL(at.acknowledge("", ""), "");
  CAF_CHECK_EQUAL(at.acknowledge(std::string(100'000, 'x'), "m1"), "");
  CAF_CHECK_EQUAL(at.uut.unacknowledged(), 1u);
}

CAF_TEST(the same id of two sources are two messages) {
  link_bench at;
  CAF_CHECK_EQUAL(at.delivered("bob", "m1"), "deliver bob/m1");
  CAF_CHECK_EQUAL(at.delivered("carol", "m1"), "deliver carol/m1");
  CAF_CHECK_EQUAL(at.acknowledge("carol", "m1"), "settle carol/m1 none to m1");
  CAF_CHECK_EQUAL(at.uut.unacknowledged(), 1u);
}

CAF_TEST(beyond the credit deliveries wait and each acknowledgement lets the next one through) {
  full_link at;
  CAF_CHECK_EQUAL(at.delivered("bob", "m4"), "");
  CAF_CHECK_EQUAL(at.delivered("bob", "m5"), "");
  CAF_CHECK_EQUAL(at.uut.backlog(), 2u);
  CAF_CHECK_EQUAL(at.acknowledge("bob", "m2"), "settle bob/m2 none to m1; deliver bob/m4");
  CAF_CHECK_EQUAL(at.acknowledge("bob", "m1"), "settle bob/m1 none to m1; deliver bob/m5");
  CAF_CHECK_EQUAL(at.acknowledge("bob", "m3"), "settle bob/m3 none to m1");
  CAF_CHECK_EQUAL(at.uut.backlog(), 0u);
}

CAF_TEST(what a node never acknowledges stops counting against its credit when it has expired) {
  full_link at;
  CAF_CHECK_EQUAL(at.delivered("bob", "m4"), "");
  at.now = testing::at(29'999ms);
  CAF_CHECK_EQUAL(at.delivered("bob", "m5"), "");
  at.now = testing::at(30'000ms);
  CAF_CHECK_EQUAL(at.delivered("bob", "m6"), "deliver bob/m4; deliver bob/m5; deliver bob/m6");
  CAF_CHECK_EQUAL(at.acknowledge("bob", "m1"), "");
  CAF_CHECK_EQUAL(at.acknowledge("bob", "m4"), "settle bob/m4 none to m1");
}

CAF_TEST(credit that has come back is noticed without a new delivery) {
  full_link at;
  CAF_CHECK_EQUAL(at.delivered("bob", "m4"), "");
  CAF_CHECK_EQUAL(at.tick(), "");
  at.now = testing::at(30'000ms);
  CAF_CHECK_EQUAL(at.tick(), "deliver bob/m4");
}

CAF_TEST(a delivery beyond the backlog is refused as busy to the relay that sent it) {
  full_link at{2};
  at.delivered("bob", "m4");
  CAF_CHECK_EQUAL(at.delivered("bob", "m5"), "");
  CAF_CHECK_EQUAL(at.delivered("carol", "m6", "m9"), "settle carol/m6 busy to m9");
  at.acknowledge("bob", "m1");
  CAF_CHECK_EQUAL(at.delivered("carol", "m6", "m9"), "");
  CAF_CHECK_EQUAL(at.uut.backlog(), 2u);
}

CAF_TEST(a redelivery of what is unacknowledged is not written twice) {
  link_bench at;
  at.delivered("bob", "m1", "m1");
  CAF_CHECK_EQUAL(at.delivered("bob", "m1", "m1"), "");
  CAF_CHECK_EQUAL(at.uut.unacknowledged(), 1u);
}

CAF_TEST(of two relays that deliver the same message the later one gets the answer) {
  link_bench at;
  at.delivered("bob", "m1", "m1");
  at.delivered("bob", "m1", "m2");
  CAF_CHECK_EQUAL(at.acknowledge("bob", "m1"), "settle bob/m1 none to m2");
}

CAF_TEST(the later relay gets the answer also when both deliveries had to wait) {
  full_link at;
  at.delivered("bob", "m4", "m1");
  at.delivered("bob", "m4", "m2");
  CAF_CHECK_EQUAL(at.acknowledge("bob", "m1"), "settle bob/m1 none to m1; deliver bob/m4");
  CAF_CHECK_EQUAL(at.acknowledge("bob", "m2"), "settle bob/m2 none to m1");
  CAF_CHECK_EQUAL(at.acknowledge("bob", "m4"), "settle bob/m4 none to m2");
  CAF_CHECK_EQUAL(at.uut.backlog(), 0u);
}

CAF_TEST(an acknowledged message that is delivered again is written again for the node to drop) {
  link_bench at;
  at.delivered("bob", "m1");
  at.acknowledge("bob", "m1");
  CAF_CHECK_EQUAL(at.delivered("bob", "m1"), "deliver bob/m1");
  CAF_CHECK_EQUAL(at.acknowledge("bob", "m1"), "settle bob/m1 none to m1");
}

// -- a write queue that is full ------------------------------------------------------------

CAF_TEST(what could not be written comes first when there is room again) {
  link_bench at;
  at.delivered("bob", "m1");
  at.uut.write_failed(link_bench::delivery_of("bob", "m1"));
  CAF_CHECK_EQUAL(at.uut.unacknowledged(), 0u);
  CAF_CHECK_EQUAL(at.delivered("bob", "m2"), "");
  CAF_CHECK_EQUAL(at.delivered("carol", "m3"), "");
  CAF_CHECK_EQUAL(at.writable(), "deliver bob/m1; deliver bob/m2; deliver carol/m3");
  CAF_CHECK_EQUAL(at.writable(), "");
}

CAF_TEST(several that could not be written keep their order) {
  full_link at;
  at.delivered("bob", "m4");
  at.uut.write_failed(link_bench::delivery_of("bob", "m3"));
  at.uut.write_failed(link_bench::delivery_of("bob", "m2"));
  CAF_CHECK_EQUAL(at.writable(), "deliver bob/m2; deliver bob/m3");
  CAF_CHECK_EQUAL(at.acknowledge("bob", "m1"), "settle bob/m1 none to m1; deliver bob/m4");
}

CAF_TEST(while the queue is full an acknowledgement settles and nothing is written) {
  full_link at;
  at.delivered("bob", "m4");
  at.uut.write_failed(link_bench::delivery_of("bob", "m3"));
  CAF_CHECK_EQUAL(at.acknowledge("bob", "m1"), "settle bob/m1 none to m1");
  CAF_CHECK_EQUAL(at.writable(), "deliver bob/m3; deliver bob/m4");
}

CAF_TEST(a queue that fills up again blocks again) {
  link_bench at;
  at.delivered("bob", "m1");
  at.uut.write_failed(link_bench::delivery_of("bob", "m1"));
  CAF_CHECK_EQUAL(at.writable(), "deliver bob/m1");
  at.uut.write_failed(link_bench::delivery_of("bob", "m1"));
  CAF_CHECK_EQUAL(at.delivered("bob", "m2"), "");
  CAF_CHECK_EQUAL(at.writable(), "deliver bob/m1; deliver bob/m2");
}

CAF_TEST(what could not be written and is delivered again is written once) {
  link_bench at;
  at.delivered("bob", "m1");
  at.uut.write_failed(link_bench::delivery_of("bob", "m1"));
  at.delivered("bob", "m1");
  CAF_CHECK_EQUAL(at.writable(), "deliver bob/m1");
  CAF_CHECK_EQUAL(at.uut.unacknowledged(), 1u);
  CAF_CHECK_EQUAL(at.uut.backlog(), 0u);
}

// -- reconnects --------------------------------------------------------------------------

CAF_TEST(a node that is away gets nothing and everything again from the relays) {
  full_link at;
  at.delivered("bob", "m4");
  at.uut.detach();
  CAF_CHECK_EQUAL(at.delivered("bob", "m5"), "");
  CAF_CHECK_EQUAL(at.uut.unacknowledged() + at.uut.backlog(), 0u);
  at.uut.attach(at.keys.pub, 0);
  CAF_CHECK_EQUAL(at.delivered("bob", "m1"), "deliver bob/m1");
}

CAF_TEST(an acknowledgement from before a reconnect settles nothing) {
  link_bench at;
  at.delivered("bob", "m1");
  at.uut.attach(at.keys.pub, 0);
  CAF_CHECK_EQUAL(at.acknowledge("bob", "m1"), "");
}

CAF_TEST(a reconnect forgets that the old connection was full) {
  link_bench at;
  at.delivered("bob", "m1");
  at.uut.write_failed(link_bench::delivery_of("bob", "m1"));
  at.uut.attach(at.keys.pub, 0);
  CAF_CHECK_EQUAL(at.delivered("bob", "m2"), "deliver bob/m2");
}

CAF_TEST(a write that fails while the node is leaving is not kept for its return) {
  link_bench at;
  at.delivered("bob", "m1");
  at.uut.detach();
  at.uut.write_failed(link_bench::delivery_of("bob", "m1"));
  CAF_CHECK_EQUAL(at.writable(), "");
  at.uut.attach(at.keys.pub, 0);
  CAF_CHECK_EQUAL(at.writable(), "");
  CAF_CHECK_EQUAL(at.delivered("bob", "m2"), "deliver bob/m2");
}

} // namespace bpci::oracle
