#define CAF_SUITE router

#include "tests/unit/router/helpers.hpp"

#include <caf/test/unit_test.hpp>

/// What ROUTER decides: where a command goes, what waits, and who is refused.
namespace bpci::router {

namespace {

/// Room for two commands of these tests.
std::uint64_t two_commands() {
  return 2 * cost_of(make(ada, "a1"));
}

} // namespace

// -- the way there and back ---------------------------------------------------------

CAF_TEST(a command goes to the owner of its slot and the answer to whoever sent it) {
  bench b;
  b.owned(2, 7);
  CAF_CHECK_EQUAL(b.submit("a1"), "a1 to 2@7");
  CAF_CHECK_EQUAL(b.ok("a1"), "1 ok");
  CAF_CHECK_EQUAL(b.submit("a2"), "a2 to 2@7");
  CAF_CHECK_EQUAL(b.bad("a2", ec::conflict), "2 conflict");
  CAF_CHECK(b.uut.stats().pending == 0);
  CAF_CHECK(b.uut.stats().in_flight.empty());
}

CAF_TEST(a command for a slot of this node goes to its own host) {
  bench b;
  b.up(1);
  b.owned(1, 7);
  CAF_CHECK_EQUAL(b.submit("a1"), "a1 to host@7");
  CAF_CHECK_EQUAL(b.ok("a1"), "1 ok");
}

CAF_TEST(an answer counts once and only under its own number) {
  bench b;
  b.owned(2, 7);
  b.submit("a1");
  CAF_CHECK_EQUAL(b.answer_no(b.numbers["a1"] + (1ull << 32), entity::response{}), "");
  CAF_CHECK_EQUAL(b.answer_no(4'000, entity::response{}), "");
  CAF_CHECK_EQUAL(b.ok("a1"), "1 ok");
  CAF_CHECK_EQUAL(b.ok("a1"), "");
  CAF_CHECK_EQUAL(b.submit("a2"), "a2 to 2@7");
  CAF_CHECK_EQUAL(b.answer_no(b.numbers["a1"], entity::response{}), "");
}

CAF_TEST(what nobody could carry out is refused at once) {
  bench b{{.window = {10, 1'000}}};
  b.owned(2, 7);
  CAF_CHECK_EQUAL(b.submit(make({"no kind", "x"}, "a1")), "1 invalid_argument");
  CAF_CHECK_EQUAL(b.submit(make({"counter", ""}, "a1")), "2 invalid_argument");
  CAF_CHECK_EQUAL(b.submit(make(ada, std::string(201, 'k'))), "3 invalid_argument");
  CAF_CHECK_EQUAL(b.submit(make(ada, "a1", 5s, 1'000)), "4 too_large");
  CAF_CHECK_EQUAL(b.submit(make(ada, "a1", 0ms)), "5 timeout");
}

CAF_TEST(the receiver is told how much time is left) {
  bench b;
  b.submit(make(ada, "a1", 3s));
  b.pass(1'200ms);
  b.owned(2, 7);
  CAF_CHECK_EQUAL(b.within["a1"], 1'800u);
}

// -- waiting ------------------------------------------------------------------------

CAF_TEST(what has no owner waits and goes out in order when there is one) {
  bench b;
  CAF_CHECK_EQUAL(b.submit("a1"), "");
  CAF_CHECK_EQUAL(b.submit("a2"), "");
  CAF_CHECK_EQUAL(b.owned(0, 6), "");
  CAF_CHECK_EQUAL(b.owned(2, 7), "a1 to 2@7, a2 to 2@7");
  CAF_CHECK(b.uut.stats().waiting == 0);
  CAF_CHECK(b.uut.stats().waiting_bytes == 0);
}

CAF_TEST(what belongs to a member that cannot be reached waits for it) {
  bench b;
  b.owned(4, 7);
  b.up(1);
  CAF_CHECK_EQUAL(b.submit("a1"), "");
  CAF_CHECK_EQUAL(b.up(4), "a1 to 4@7");
}

CAF_TEST(a slot that is being given away takes nothing new and keeps what is under way) {
  bench b;
  b.owned(2, 7);
  b.submit("a1");
  CAF_CHECK_EQUAL(b.owned(2, 7, true), "");
  CAF_CHECK_EQUAL(b.submit("a2"), "");
  CAF_CHECK_EQUAL(b.ok("a1"), "1 ok");
  CAF_CHECK_EQUAL(b.owned(0, 8), "");
  CAF_CHECK_EQUAL(b.owned(3, 9), "a2 to 3@9");
}

CAF_TEST(a move that is called off lets everything through) {
  bench b;
  b.owned(2, 7, true);
  b.submit("a1");
  CAF_CHECK_EQUAL(b.owned(2, 7, false), "a1 to 2@7");
}

CAF_TEST(what waits too long is told to come back) {
  bench b;
  b.submit(make(ada, "a1", 60s));
  CAF_CHECK_EQUAL(b.pass(4'900ms), "");
  router_effects out;
  b.now += 100ms;
  b.uut.tick(b.now, out);
  CAF_REQUIRE_EQUAL(out.size(), 1u);
  auto why = std::get<answer>(out.front()).what.error();
  CAF_CHECK(why.code == ec::retry_after);
  CAF_CHECK_EQUAL(why.detail, "250");
  CAF_CHECK(b.uut.stats().retry_after == 1);
}

CAF_TEST(a deadline ends the waiting earlier) {
  bench b;
  b.submit(make(ada, "a1", 500ms));
  CAF_CHECK_EQUAL(b.pass(400ms), "");
  CAF_CHECK_EQUAL(b.pass(100ms), "1 retry_after");
}

CAF_TEST(a slot s buffer is bounded and the newest is refused) {
  bench b{{.buffer_per_slot = two_commands()}};
  b.submit("a1");
  b.submit("a2");
  CAF_CHECK_EQUAL(b.submit("a3"), "3 retry_after");
  CAF_CHECK_EQUAL(b.submit(make(bob, "b1")), "");
  CAF_CHECK_EQUAL(b.owned(2, 7), "a1 to 2@7, a2 to 2@7");
  CAF_CHECK_EQUAL(b.owned(0, 8), "");
  CAF_CHECK_EQUAL(b.submit("a4"), "5 retry_after");
}

CAF_TEST(the buffers of all slots together are bounded) {
  bench b{{.buffer = two_commands()}};
  b.submit("a1");
  b.submit(make(bob, "b1"));
  CAF_CHECK_EQUAL(b.submit("a2"), "3 retry_after");
  CAF_CHECK_EQUAL(b.submit(make(bob, "b2")), "4 retry_after");
}

CAF_TEST(what comes back to a full buffer has its place before what came later) {
  bench b{{.buffer_per_slot = two_commands()}};
  b.owned(2, 7);
  b.submit("a1");
  b.owned(2, 7, true);
  b.submit("a2");
  b.submit("a3");
  CAF_CHECK_EQUAL(b.down(2), "3 retry_after");
  CAF_CHECK_EQUAL(b.owned(3, 8), "a1 to 3@8, a2 to 3@8");
}

// -- the wrong owner -----------------------------------------------------------------

CAF_TEST(a wrong owner that knows better corrects the router) {
  bench b;
  b.owned(2, 7);
  b.submit("a1");
  CAF_CHECK_EQUAL(b.bad("a1", ec::not_owner, "m3 9"), "a1 to 3@9");
  CAF_CHECK_EQUAL(b.submit("a2"), "a2 to 3@9");
  CAF_CHECK_EQUAL(b.ok("a1"), "1 ok");
  CAF_CHECK(b.uut.stats().redirects == 1);
  // The table of SLOTS is older: it changes nothing.
  CAF_CHECK_EQUAL(b.owned(2, 7), "");
  CAF_CHECK_EQUAL(b.submit("a3"), "a3 to 3@9");
}

CAF_TEST(what is on the way to the wrong owner is sent again before what comes later) {
  bench b;
  b.owned(2, 7);
  b.submit("a1");
  b.submit("a2");
  auto late = b.numbers["a2"];
  CAF_CHECK_EQUAL(b.bad("a1", ec::not_owner, "m3 9"), "a1 to 3@9, a2 to 3@9");
  CAF_CHECK_EQUAL(b.submit("a3"), "a3 to 3@9");
  CAF_CHECK_EQUAL(b.answer_no(late, fail(ec::not_owner, "m3 9")), "");
  CAF_CHECK_EQUAL(b.ok("a2"), "2 ok");
}

CAF_TEST(a wrong owner that names nobody makes the command wait) {
  bench b;
  b.owned(2, 7);
  b.submit("a1");
  CAF_CHECK_EQUAL(b.bad("a1", ec::not_owner, "- 8"), "refresh");
  CAF_CHECK_EQUAL(b.owned(3, 8), "a1 to 3@8");
}

CAF_TEST(an owner that contradicts the table is asked again after a pause and SLOTS at once) {
  bench b;
  b.owned(2, 7);
  b.submit("a1");
  CAF_CHECK_EQUAL(b.bad("a1", ec::not_owner, "m3 6"), "refresh");
  CAF_CHECK_EQUAL(b.submit("a2"), "");
  CAF_CHECK_EQUAL(b.pass(100ms), "a1 to 2@7, a2 to 2@7");
  CAF_CHECK_EQUAL(b.bad("a1", ec::not_owner, "m2 7"), "refresh");
  CAF_CHECK_EQUAL(b.pass(90ms), "");
  CAF_CHECK_EQUAL(b.owned(3, 8), "a1 to 3@8, a2 to 3@8");
}

CAF_TEST(members that send a command in a circle are not followed for long) {
  bench b;
  b.owned(2, 7);
  b.submit(make(ada, "a1", 60s));
  auto epoch = 7;
  auto redirect = [&] {
    ++epoch;
    auto owner = bench::name_of(2 + epoch % 2);
    return b.bad("a1", ec::not_owner, owner.get() + " " + std::to_string(epoch));
  };
  for (auto hops = 0; hops < 5; ++hops)
    CAF_CHECK_NOT_EQUAL(redirect(), "refresh");
  CAF_CHECK_EQUAL(redirect(), "refresh");
  CAF_CHECK_EQUAL(b.pass(700ms), "");
  CAF_CHECK_EQUAL(b.owned(3, 20), "a1 to 3@20");
}

CAF_TEST(a fenced owner has done nothing and the command is sent again) {
  bench b;
  b.owned(2, 7);
  b.submit("a1");
  CAF_CHECK_EQUAL(b.bad("a1", ec::fenced), "refresh");
  CAF_CHECK_EQUAL(b.owned(3, 8), "a1 to 3@8");
}

CAF_TEST(a slot that moves is waited for though its owner says come back) {
  bench b;
  b.owned(2, 7);
  b.submit("a1");
  b.submit("a2");
  CAF_CHECK_EQUAL(b.bad("a1", ec::retry_after, "100"), "1 retry_after");
  b.owned(2, 7, true);
  CAF_CHECK_EQUAL(b.bad("a2", ec::retry_after, "100"), "");
  b.owned(0, 8);
  CAF_CHECK_EQUAL(b.owned(3, 9), "a2 to 3@9");
}

CAF_TEST(rows of a lower epoch change nothing) {
  bench b;
  b.owned(2, 7);
  b.owned(3, 6);
  CAF_CHECK_EQUAL(b.submit("a1"), "a1 to 2@7");
  CAF_CHECK(b.uut.owner(entity::slot_of(ada)).owner == member_id{"m2"});
}

// -- those that are gone ---------------------------------------------------------------

CAF_TEST(what was in flight to a member that is gone goes to its heir first) {
  bench b;
  b.owned(2, 7);
  b.submit("a1");
  b.submit(make(ada, ""));
  CAF_CHECK_EQUAL(b.down(2), "");
  CAF_CHECK_EQUAL(b.submit("a3"), "");
  CAF_CHECK_EQUAL(b.owned(3, 8), "a1 to 3@8,  to 3@8, a3 to 3@8");
  CAF_CHECK_EQUAL(b.ok("a1"), "1 ok");
}

CAF_TEST(a slot that is taken over is served at once though its member was not seen to go) {
  bench b;
  b.owned(2, 7);
  b.submit("a1");
  CAF_CHECK_EQUAL(b.owned(3, 8), "a1 to 3@8");
}

CAF_TEST(an effect that was had before the slot moved is the answer) {
  bench b;
  b.owned(2, 7);
  b.submit("a1");
  b.submit("a2");
  auto first = b.numbers;
  b.owned(0, 8);
  CAF_CHECK_EQUAL(b.answer_no(first["a1"], entity::response{}), "1 ok");
  CAF_CHECK_EQUAL(b.answer_no(first["a2"], fail(ec::restarted)), "");
  CAF_CHECK_EQUAL(b.owned(3, 9), "a2 to 3@9");
  CAF_CHECK_EQUAL(b.ok("a2"), "2 ok");
  CAF_CHECK(b.uut.stats().pending == 0);
  CAF_CHECK(b.uut.stats().lost == 0);
}

CAF_TEST(a host that is started again gets everything again) {
  bench b;
  b.up(1);
  b.owned(1, 7);
  b.submit("a1");
  CAF_CHECK_EQUAL(b.down(1), "");
  CAF_CHECK_EQUAL(b.up(1), "a1 to host@7");
  CAF_CHECK_EQUAL(b.ok("a1"), "1 ok");
}

CAF_TEST(what may have been carried out is never said to have waited only) {
  bench b;
  b.owned(2, 7);
  b.submit(make(ada, "a1", 60s));
  b.submit(make(ada, "a2", 3s));
  b.down(2);
  CAF_CHECK_EQUAL(b.pass(3s), "2 timeout");
  CAF_CHECK_EQUAL(b.pass(2s), "1 restarted");
}

CAF_TEST(what an entity that died had in hand is the sender s to repeat) {
  bench b;
  b.owned(2, 7);
  b.submit("a1");
  CAF_CHECK_EQUAL(b.bad("a1", ec::restarted), "1 restarted");
}

// -- deadlines and credit ---------------------------------------------------------------

CAF_TEST(what is not answered by its deadline is answered by the router) {
  bench b;
  b.owned(2, 7);
  b.submit(make(ada, "a1", 1s));
  CAF_CHECK_EQUAL(b.pass(900ms), "");
  CAF_CHECK_EQUAL(b.pass(100ms), "1 timeout");
  CAF_CHECK(b.uut.stats().pending == 0);
  // It still takes room at the other member, until that has answered.
  auto load = b.uut.stats().in_flight;
  CAF_REQUIRE_EQUAL(load.size(), 1u);
  CAF_CHECK_EQUAL(load.front().commands, 1u);
  CAF_CHECK_EQUAL(b.ok("a1"), "");
  CAF_CHECK(b.uut.stats().in_flight.empty());
}

CAF_TEST(an answer that never comes does not take room for ever) {
  bench b;
  b.owned(2, 7);
  b.submit(make(ada, "a1", 1s));
  b.pass(1s);
  b.pass(29s);
  CAF_CHECK(b.uut.stats().lost == 1);
  b.pass(1s);
  CAF_CHECK(b.uut.stats().lost == 0);
  CAF_CHECK(b.uut.stats().in_flight.empty());
}

CAF_TEST(beyond the window towards a member the answer is busy at once) {
  bench b{{.window = {2, 1'000'000}}};
  b.owned(2, 7);
  b.owned(3, 7, false, bob);
  b.submit("a1");
  b.submit("a2");
  CAF_CHECK_EQUAL(b.submit("a3"), "3 busy");
  CAF_CHECK_EQUAL(b.submit(make(bob, "b1")), "b1 to 3@7");
  b.ok("a1");
  CAF_CHECK_EQUAL(b.submit("a4"), "a4 to 2@7");
  CAF_CHECK(b.uut.stats().busy == 1);
}

CAF_TEST(the window is one of bytes too) {
  bench b{{.window = {100, two_commands()}}};
  b.owned(2, 7);
  b.submit("a1");
  b.submit("a2");
  CAF_CHECK_EQUAL(b.submit("a3"), "3 busy");
}

CAF_TEST(a member that does not answer keeps its window full beyond the deadlines) {
  bench b{{.window = {2, 1'000'000}}};
  b.owned(2, 7);
  b.submit(make(ada, "a1", 1s));
  b.submit(make(ada, "a2", 1s));
  b.pass(1s);
  CAF_CHECK_EQUAL(b.submit("a3"), "3 busy");
  b.down(2);
  b.up(2);
  CAF_CHECK_EQUAL(b.submit("a4"), "a4 to 2@7");
}

CAF_TEST(the node as a whole takes no more than it can hold) {
  bench b{{.pending = {2, 1'000'000}}};
  b.owned(2, 7);
  b.submit("a1");
  b.submit(make(bob, "b1"));
  CAF_CHECK_EQUAL(b.submit("a2"), "3 busy");
  b.ok("a1");
  CAF_CHECK_EQUAL(b.submit("a3"), "a3 to 2@7");
}

// -- commands of other members --------------------------------------------------------------

CAF_TEST(a command from another member goes to the host and never further) {
  bench b;
  b.up(1);
  b.owned(1, 7);
  CAF_CHECK_EQUAL(b.submit_routed("a1", 7), "a1 to host@7");
  CAF_CHECK_EQUAL(b.ok("a1"), "1 ok");
  CAF_CHECK_EQUAL(b.submit_routed("a2", 3), "2 not_owner (m1 7)");
  b.owned(3, 8);
  CAF_CHECK_EQUAL(b.submit_routed("a3", 7), "3 not_owner (m3 8)");
  b.owned(0, 9);
  CAF_CHECK_EQUAL(b.submit_routed("a4", 7), "4 not_owner (- 9)");
}

CAF_TEST(a sender that knows more than this node is waited with) {
  bench b;
  b.up(1);
  b.owned(2, 7);
  CAF_CHECK_EQUAL(b.submit_routed("a1", 8), "refresh");
  CAF_CHECK_EQUAL(b.submit_routed("a2", 8), "");
  CAF_CHECK_EQUAL(b.owned(1, 8), "a1 to host@8, a2 to host@8");
}

CAF_TEST(what other members have sent for a slot that is given away goes back with its owner) {
  bench b;
  b.up(1);
  b.owned(1, 7);
  b.submit_routed("a1", 7);
  b.owned(1, 7, true);
  CAF_CHECK_EQUAL(b.bad("a1", ec::retry_after, "100"), "");
  CAF_CHECK_EQUAL(b.submit_routed("a2", 7), "");
  CAF_CHECK_EQUAL(b.owned(0, 8), "1 not_owner (- 8), 2 not_owner (- 8)");
}

CAF_TEST(a host that does not know yet that it owns a slot is asked again) {
  bench b;
  b.up(1);
  b.owned(1, 7);
  b.submit_routed("a1", 7);
  CAF_CHECK_EQUAL(b.bad("a1", ec::not_owner, "m2 6"), "refresh");
  CAF_CHECK_EQUAL(b.pass(100ms), "a1 to host@7");
}

CAF_TEST(commands of other members are not held up by those of this node) {
  bench b;
  b.owned(4, 7);
  b.submit("a1");
  CAF_CHECK_EQUAL(b.submit_routed("x1", 7), "2 not_owner (- 7)");
}

// -- the words of a wrong owner ----------------------------------------------------------------

CAF_TEST(the detail of not_owner says who and since when) {
  auto hint = owner_hint{member_id{"m2"}, slots::epoch_no{1ull << 40 | 5}};
  CAF_CHECK(owner_hint_of(not_owner(hint)) == hint);
  CAF_CHECK(owner_hint_of(not_owner({{}, slots::epoch_no{3}}))
            == (owner_hint{{}, slots::epoch_no{3}}));
  for (const auto* text : {"", "m2", "m2 ", "m2 x", "m2 1 2", " 7", "m 2 7", "m2 -1"})
    CAF_CHECK(!owner_hint_of(fail(ec::not_owner, text)));
  CAF_CHECK(!owner_hint_of(fail(ec::fenced, "m2 7")));
}

} // namespace bpci::router
