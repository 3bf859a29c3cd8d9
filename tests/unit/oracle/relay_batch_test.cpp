#define CAF_SUITE oracle_relay_batch

#include "tests/unit/oracle/batch_helpers.hpp"

#include <caf/test/unit_test.hpp>

/// Batches in RELAY: one record, a part for each target, and the rules of messages.
namespace bpci::oracle {

namespace {

using namespace testing;

/// As LINK makes it of a batch with these items.
submission batch_to(const std::string& id, const std::vector<batch_item>& items,
                    std::uint64_t sequence = 1) {
  link_bench at;
  auto limits = small_limits;
  limits.rate_limit_per_sec = 1'000;
  oracle::link link{{node_id{"alice"}, limits}};
  link.attach(at.keys.pub, 0);
  link_effects out;
  link.on_frame(client_frame{sign(batch(id, sequence, items), at.keys)}, at.now, out);
  CAF_REQUIRE_EQUAL(out.size(), 1u);
  auto& made = std::get<submit>(out.front());
  return {made.message, made.batch};
}

struct batch_relay : relay_bench {
  using relay_bench::relay_bench;

  std::string submit(const submission& what) {
    last.clear();
    uut.submit(what, {}, ticket{}, now, last);
    return words(last);
  }

  std::string up_again(const std::string& node, std::uint64_t session,
                       const std::string& member = "m1") {
    last.clear();
    uut.up(route(node, session, member), now, last);
    return words(last);
  }

  /// "bob: b/x1 b/x3": what the last call has delivered.
  std::string parts() const {
    std::vector<std::string> out;
    for (const auto& x : last)
      if (const auto* to = std::get_if<deliver_to>(&x))
        out.push_back(to->target.get() + ": " + items_of(to->what.frame));
    return join(out);
  }

  relay_effects last;
};

std::vector<batch_item> three() {
  return {item("x1", "bob"), item("x2", "carol"), item("x3", "bob")};
}

} // namespace

CAF_TEST(each target gets its part and is answered on its own) {
  batch_relay at;
  at.up("bob");
  at.up("carol");
  CAF_CHECK_EQUAL(at.submit(batch_to("b", three())), "deliver b to bob; deliver b to carol");
  CAF_CHECK_EQUAL(at.parts(), "bob: b/x1 b/x3; carol: b/x2");
  CAF_CHECK_EQUAL(at.uut.stats().in_flight, 2u);
  CAF_CHECK_EQUAL(at.settle("b", "carol"), "b none at carol");
  CAF_CHECK_EQUAL(at.settle("b", "bob"), "b none at bob");
  CAF_CHECK_EQUAL(at.settle("b", "bob"), "");
}

CAF_TEST(a part that its target has not acknowledged comes again after a reconnect) {
  batch_relay at;
  at.up("bob");
  at.up("carol");
  at.submit(batch_to("b", three()));
  at.settle("b", "carol");
  CAF_CHECK_EQUAL(at.up_again("carol", 2), "");
  CAF_CHECK_EQUAL(at.up_again("bob", 2), "deliver b to bob");
  CAF_CHECK_EQUAL(at.parts(), "bob: b/x1 b/x3");
}

CAF_TEST(a retry of a batch answers for those that have and sends to nobody twice) {
  batch_relay at;
  at.up("bob");
  at.up("carol");
  at.submit(batch_to("b", three()));
  at.settle("b", "carol");
  CAF_CHECK_EQUAL(at.submit(batch_to("b", three(), 2)), "b none at carol");
  CAF_CHECK_EQUAL(at.settle("b", "bob"), "b none at bob");
  CAF_CHECK_EQUAL(at.submit(batch_to("b", three(), 3)), "b none at bob; b none at carol");
  CAF_CHECK_EQUAL(at.uut.stats().duplicates, 2u);
}

CAF_TEST(the same id with other items is a conflict and so is a message under it) {
  batch_relay at;
  at.up("bob");
  at.up("carol");
  at.submit(batch_to("b", three()));
  auto other = three();
  other[2].body.push_back('!');
  CAF_CHECK_EQUAL(at.submit(batch_to("b", other, 2)), "b conflict at bob; b conflict at carol");
  CAF_CHECK_EQUAL(at.submit(note("b", {"bob"})), "b conflict at bob");
}

CAF_TEST(a part that nobody acknowledges expires) {
  batch_relay at;
  at.up("bob");
  at.submit(batch_to("b", {item("x1", "bob"), item("x2", "bob")}));
  CAF_CHECK_EQUAL(at.pass(29'999ms), "");
  CAF_CHECK_EQUAL(at.pass(1ms), "b expired at bob");
}

CAF_TEST(what a batch takes counts against the bytes of open messages until it is answered) {
  auto config = small_relay();
  config.open_bytes_max = 3'000;
  batch_relay at{config};
  at.up("bob");
  auto big = [](const std::string& id) {
    return batch_to(id, {item(id + "1", "bob", std::string(1'000, 'x'))});
  };
  CAF_CHECK_EQUAL(at.submit(big("b1")), "deliver b1 to bob");
  CAF_CHECK_EQUAL(at.submit(big("b2")), "b2 busy at bob");
  at.settle("b1", "bob");
  CAF_CHECK_EQUAL(at.submit(big("b2")), "deliver b2 to bob");
}

CAF_TEST(the credit towards another member is given back to the byte though a retry is longer) {
  auto config = small_relay();
  config.to_member = {10, 1'000};
  batch_relay at{config};
  at.up("bob", 1, "m2");
  for (auto sequence = std::uint64_t{1}; sequence < 100'000; sequence *= 10) {
    auto id = numbered('b', sequence);
    at.submit(batch_to(id, {item("x", "bob")}, sequence));
    at.submit(batch_to(id, {item("x", "bob")}, 1'000'000 * sequence));
    CAF_CHECK_EQUAL(at.settle(id, "bob"), id + " none at bob");
  }
  CAF_CHECK_EQUAL(at.uut.stats().in_flight, 0u);
}

} // namespace bpci::oracle
