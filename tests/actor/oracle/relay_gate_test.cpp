#define CAF_SUITE oracle_relay_gate

#include "actors/oracle/relay_actor.hpp"
#include "messages/interapp/gate.hpp"
#include "messages/interapp/paths.hpp"
#include "tests/actor/oracle/oracle_fixture.hpp"

#include <caf/typed_response_promise.hpp>

/// Messages between apps: RELAY lets none pass before GATE has said so.
namespace bpci::oracle {

namespace {

using namespace test;

/// As the source defines it: the time that GATE has.
constexpr auto gate_max = 9'000ms;

/// What RELAY holds back at most.
constexpr std::size_t waiting_max = 1'000;

struct fixture : oracle_fixture {
  caf::actor relay = start<relay_actor>(shared);
  inbox alice = connect("alice");
  inbox bob = connect("bob");

  inbox connect(const std::string& who) {
    auto link = make_inbox();
    tell(relay,
         route_up{node_id{who}, member_id{"alpha-1"}, session_no{1}, bytes(32, 3), link.who});
    return link;
  }

  envelope_ptr between_apps(const std::string& id) {
    auto out = *shared_letter(id);
    out.type = interapp::envelope_type;
    return std::make_shared<const envelope>(std::move(out));
  }

  void submit(const envelope_ptr& message) {
    tell_from(alice.who, relay, submissions{{message}, bytes(32, 3)});
  }

  void gate_that_says(const interapp::passage& what) {
    put("/alpha-1" + std::string{interapp::path::gate},
        answering([what](const interapp::may_pass&) { return what; }));
  }

  std::string delivered() const {
    std::vector<std::string> out;
    for (const auto& some : bob.all<deliveries>())
      for (const auto& one : some.items)
        out.push_back(one.message->id.get());
    return testing::join(out);
  }

  std::string told() const { return words_of(alice.all<outcomes>()); }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(oracle_relay_gate_tests, fixture)

CAF_TEST(a message that may pass is delivered) {
  gate_that_says({true});
  submit(between_apps("m1"));
  CAF_CHECK_EQUAL(delivered(), "m1");
  CAF_CHECK_EQUAL(told(), "");
}

CAF_TEST(a message that must not pass is refused to its source with the reason) {
  gate_that_says({false, fail(ec::not_permitted, "permission_missing: Execute(refund)")});
  submit(between_apps("m1"));
  CAF_CHECK_EQUAL(delivered(), "");
  CAF_CHECK_EQUAL(told(), "alice/m1 not_permitted at bob");
  auto said = alice.all<outcomes>().front().items.front().why.detail;
  CAF_CHECK_EQUAL(said, "permission_missing: Execute(refund)");
}

CAF_TEST(a message over HTTP is refused the same) {
  gate_that_says({false, fail(ec::not_permitted)});
  auto got = reply_of<outcomes>(relay, relay_request{between_apps("m1"), bytes(32, 3)});
  CAF_CHECK_EQUAL(words_of(got), "alice/m1 not_permitted at bob");
}

CAF_TEST(without a gate nothing passes and others are not kept) {
  submit(between_apps("m1"));
  submit(shared_letter("m2"));
  CAF_CHECK_EQUAL(told(), "alice/m1 restarted at bob");
  CAF_CHECK_EQUAL(delivered(), "m2");
}

CAF_TEST(a gate that stays silent is waited for no longer than allowed) {
  stand_in(interapp::path::gate);
  submit(between_apps("m1"));
  pass(gate_max - 1ms);
  CAF_CHECK_EQUAL(told(), "");
  pass(1ms);
  CAF_CHECK_EQUAL(told(), "alice/m1 restarted at bob");
  CAF_CHECK_EQUAL(delivered(), "");
}

CAF_TEST(a gate that dies is no reason to wait) {
  auto gate = stand_in(interapp::path::gate);
  submit(between_apps("m1"));
  end(gate.who);
  CAF_CHECK_EQUAL(told(), "alice/m1 restarted at bob");
}

CAF_TEST(only so many wait at the gate and then it is busy) {
  auto gate = stand_in(interapp::path::gate);
  for (std::size_t i = 0; i < waiting_max; ++i)
    submit(between_apps("m" + std::to_string(i)));
  CAF_CHECK_EQUAL(told(), "");
  submit(between_apps("x"));
  CAF_CHECK_EQUAL(told(), "alice/x busy (1000 ms) at bob");
  CAF_CHECK_EQUAL(gate.count<interapp::may_pass>(), waiting_max);
  end(gate.who);
  gate_that_says({true});
  submit(between_apps("y"));
  CAF_CHECK_EQUAL(delivered(), "y");
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::oracle
