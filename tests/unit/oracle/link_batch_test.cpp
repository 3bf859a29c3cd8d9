#define CAF_SUITE oracle_link_batch

#include "tests/unit/oracle/batch_helpers.hpp"

#include <caf/test/unit_test.hpp>

/// Batches at the LINK of their source (docs/protocol/bpi-1.0.md, section 14).
namespace bpci::oracle {

namespace {

using namespace testing;

struct batch_bench : link_bench {
  using link_bench::link_bench;

  std::string take_batch(const send_batch& x) { return take(client_frame{testing::sign(x, keys)}); }

  /// The effect of a batch that is accepted.
  submit accepted(const send_batch& x) {
    link_effects out;
    uut.on_frame(client_frame{testing::sign(x, keys)}, now, out);
    CAF_REQUIRE_EQUAL(out.size(), 1u);
    return std::get<submit>(out.front());
  }
};

} // namespace

CAF_TEST(a batch to one target is passed on with all its items and needs no proof) {
  batch_bench at;
  auto got = at.accepted(batch("b", 1, {item("x1", "bob"), item("x2", "bob")}));
  CAF_CHECK(got.message->targets == nodes({"bob"}));
  CAF_REQUIRE(got.batch);
  CAF_REQUIRE_EQUAL(got.batch->parts.size(), 1u);
  auto frame = *decode_server_frame(*got.batch->parts.front(), encoding::msgpack);
  auto part = std::get<deliver_batch>(frame);
  CAF_CHECK_EQUAL(items_of(got.batch->parts.front()), "b/x1 b/x2");
  CAF_CHECK(!part.proof);
  CAF_CHECK(holds(part, at.keys.pub));
  CAF_CHECK(part.source_key == to_bytes(at.keys.pub.bytes));
}

CAF_TEST(each target of a batch gets its items and a proof for the rest) {
  batch_bench at;
  auto got = at.accepted(batch("b", 1,
                               {item("x1", "bob"), item("x2", "carol"), item("x3", "bob"),
                                item("x4", "dave"), item("x5", "carol")}));
  CAF_CHECK(got.message->targets == nodes({"bob", "carol", "dave"}));
  std::vector<std::string> all;
  for (const auto& frame : got.batch->parts) {
    auto part = std::get<deliver_batch>(*decode_server_frame(*frame, encoding::msgpack));
    CAF_CHECK(holds(part, at.keys.pub));
    all.push_back(items_of(frame));
    part.items.front().body.push_back('!');
    CAF_CHECK(!holds(part, at.keys.pub));
  }
  CAF_CHECK_EQUAL(join(all), "b/x1 b/x3; b/x2 b/x5; b/x4");
}

CAF_TEST(a batch in JSON is the same batch) {
  batch_bench at;
  auto x = testing::sign(batch("b", 1, {item("x1", "bob"), item("x2", "carol")}), at.keys);
  auto read = decode_client_frame(encode(client_frame{x}, encoding::json), encoding::json);
  CAF_REQUIRE(read);
  CAF_CHECK_EQUAL(at.take(*read), "submit b");
}

CAF_TEST(whatever is changed in a batch its signature does not hold) {
  auto original = batch("b", 1, {item("x1", "bob"), item("x2", "carol")});
  auto changed = [&](auto change) {
    batch_bench at;
    auto x = testing::sign(original, at.keys);
    change(x);
    return at.take(client_frame{x});
  };
  auto refused = std::string{"refuse b bad_signature"};
  CAF_CHECK_EQUAL(changed([](auto& x) { x.items[0].body.push_back('!'); }), refused);
  CAF_CHECK_EQUAL(changed([](auto& x) { x.items[0].id = message_id{"x9"}; }), refused);
  CAF_CHECK_EQUAL(changed([](auto& x) { x.items[0].target = node_id{"dave"}; }), refused);
  CAF_CHECK_EQUAL(changed([](auto& x) { x.items[0].type = "Other"; }), refused);
  CAF_CHECK_EQUAL(changed([](auto& x) { std::swap(x.items[0], x.items[1]); }), refused);
  CAF_CHECK_EQUAL(changed([](auto& x) { x.items.pop_back(); }), refused);
  CAF_CHECK_EQUAL(changed([](auto& x) { x.sequence = 2; }), refused);
  CAF_CHECK_EQUAL(changed([](auto& x) { x.priority = priority::High; }), refused);
  CAF_CHECK_EQUAL(changed([](auto&) {}), "submit b");
}

CAF_TEST(a batch is checked from cheap to dear and its first fault is named) {
  auto good = std::vector<batch_item>{item("x1", "bob")};
  auto refused = [&](const send_batch& x) {
    batch_bench at;
    at.take_letter("m1", 5);
    return at.take(client_frame{x}); // not signed: the signature is looked at last
  };
  auto of = [&](std::vector<batch_item> items) { return refused(batch("b", 6, std::move(items))); };
  CAF_CHECK_EQUAL(of({}), "refuse b invalid_argument");
  CAF_CHECK_EQUAL(of(std::vector<batch_item>(6, item("x", "bob"))), "refuse b invalid_argument");
  CAF_CHECK_EQUAL(of({item("", "bob")}), "refuse b invalid_argument");
  CAF_CHECK_EQUAL(of({item("x1", "no/slash")}), "refuse b invalid_argument");
  auto durable = item("x1", "bob");
  durable.type = "inter-app";
  CAF_CHECK_EQUAL(of({item("x0", "bob"), durable}), "refuse b unsupported");
  auto foreign = batch("b", 6, good);
  foreign.source = node_id{"eve"};
  CAF_CHECK_EQUAL(refused(foreign), "refuse b wrong_source");
  CAF_CHECK_EQUAL(refused(batch("b", 6, good, at(-301s).wall)), "refuse b too_old");
  CAF_CHECK_EQUAL(refused(batch("b", 6, good, at(61s).wall)), "refuse b from_the_future");
  CAF_CHECK_EQUAL(refused(batch("b", 5, good)), "refuse b replayed");
  CAF_CHECK_EQUAL(refused(batch("b", 6, good)), "refuse b bad_signature");
}

CAF_TEST(the window counts a batch as one and the rate counts its items) {
  batch_bench at;
  auto three = [](const std::string& id, std::uint64_t sequence) {
    return batch(id, sequence, {item("x1", "bob"), item("x2", "bob"), item("x3", "bob")});
  };
  CAF_CHECK_EQUAL(at.take_batch(three("b1", 1)), "submit b1");
  CAF_CHECK_EQUAL(at.take_batch(three("b2", 2)), "submit b2");
  CAF_CHECK_EQUAL(at.take_batch(three("b3", 3)), "submit b3");
  CAF_CHECK_EQUAL(at.uut.in_flight(), 3u);
  CAF_CHECK_EQUAL(at.take_batch(three("b4", 4)), "refuse b4 busy retry after 200");
  at.outcome_of("b1", "bob");
  // Ten a second: nine are gone.
  CAF_CHECK_EQUAL(at.take_batch(three("b4", 4)), "refuse b4 rate_limited retry after 200");
  at.now = testing::at(200ms);
  CAF_CHECK_EQUAL(at.take_batch(three("b4", 4)), "submit b4");
}

CAF_TEST(the receipts of a batch are written together and refusals one by one) {
  batch_bench at;
  at.take_batch(batch("b", 1, {item("x1", "bob"), item("x2", "carol"), item("x3", "dave")}));
  at.take_letter("m", 2);
  auto of = [](const std::string& id, const std::string& target, ec code = ec::none) {
    return outcome{node_id{"alice"}, message_id{id}, node_id{target}, fail(code)};
  };
  link_effects out;
  at.uut.on_outcomes(
      {of("b", "dave"), of("m", "bob"), of("b", "carol", ec::expired), of("b", "bob")}, out);
  CAF_CHECK_EQUAL(words(out), "receipt m bob; refuse b expired at carol; receipts b dave bob");
  CAF_CHECK_EQUAL(at.uut.in_flight(), 0u);
}

CAF_TEST(a frame acknowledges many at once and room that it makes is used) {
  batch_bench at;
  for (auto id : {"m1", "m2", "m3", "m4", "m5"})
    at.delivered("bob", id);
  auto acks = ack_batch{};
  for (auto id : {"m1", "m2", "m9"})
    acks.items.push_back({node_id{"bob"}, message_id{id}});
  CAF_CHECK_EQUAL(at.take(client_frame{acks}),
                  "settle bob/m1 none to m1; settle bob/m2 none to m1; "
                  "deliver bob/m4; deliver bob/m5");
}

CAF_TEST(a batch under the id of another content is told so) {
  batch_bench at;
  at.take_batch(batch("b", 1, {item("x1", "bob")}));
  CAF_CHECK_EQUAL(at.take_batch(batch("b", 2, {item("x1", "bob", "other")})), "submit b");
  CAF_CHECK_EQUAL(at.outcome_of("b", "bob", ec::conflict), "refuse b conflict at bob");
  CAF_CHECK_EQUAL(at.uut.in_flight(), 1u);
  CAF_CHECK_EQUAL(at.outcome_of("b", "bob"), "receipt b bob");
  CAF_CHECK_EQUAL(at.uut.in_flight(), 0u);
}

} // namespace bpci::oracle
