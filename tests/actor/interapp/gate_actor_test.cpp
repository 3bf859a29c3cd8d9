#define CAF_SUITE interapp_gate_actor

#include "actors/interapp/gate_actor.hpp"
#include "runtime/entity/call.hpp"
#include "tests/actor/node_fixture.hpp"
#include "tests/unit/interapp/helpers.hpp"

/// GATE without a database: what it asks of the agreements, and what it says when they are away.
/// With one it is tested in tests/unit/interapp.
namespace bpci::interapp {

namespace {

using namespace testing;
using bpci::test::inbox;
using bpci::test::later;
using bpci::test::node_fixture;
using namespace std::chrono_literals;

constexpr std::size_t waiting_max = 1'000;

struct fixture : node_fixture {
  std::shared_ptr<context> shared = make_context();
  caf::actor gate = start<gate_actor>(shared);

  std::shared_ptr<context> make_context() {
    auto out = std::make_shared<context>();
    out->node = node;
    out->root = "/alpha-1";
    return out;
  }

  inbox stand_in(const std::string& path) {
    auto box = make_inbox();
    put("/alpha-1" + path, box.who);
    return box;
  }

  static oracle::envelope_ptr envelope_of(const message& x, const std::string& id = "e1") {
    oracle::envelope out;
    out.id = message_id{id};
    out.source = node_id{"bank-node"};
    out.targets = {node_id{"pay-node"}};
    out.type = envelope_type;
    out.body = encode_message(x);
    return std::make_shared<const oracle::envelope>(std::move(out));
  }

  later<passage> ask_for(const std::string& id, const std::string& envelope = "e1") {
    return request_of<passage>(gate,
                               may_pass{envelope_of(transfer(agreement_id{"a1"}, id), envelope)});
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(interapp_gate_actor_tests, fixture)

CAF_TEST(a message is asked about under the id that its app has given it) {
  auto router = stand_in(path::router);
  ask_for("m1");
  ask_for("m1");
  ask_for("m1", "e2");
  ask_for("m2");
  auto asked = router.all<entity::command>();
  CAF_REQUIRE_EQUAL(asked.size(), 4u);
  CAF_CHECK_EQUAL(to_string(asked[0].to), "agreement/a1");
  CAF_CHECK(asked[1].key == asked[0].key && asked[1].identity == asked[0].identity);
  CAF_CHECK(asked[2].key == asked[0].key && asked[2].identity != asked[0].identity);
  CAF_CHECK(asked[3].key != asked[0].key);
}

CAF_TEST(without a router nothing is decided and nothing passes) {
  CAF_CHECK_EQUAL(bpci::test::verdict(ask_for("m1")), "unavailable");
}

CAF_TEST(an agreement that stays silent is waited for no longer than allowed) {
  stand_in(path::router);
  auto got = ask_for("m1");
  pass(entity_max + entity_grace - 1ms);
  CAF_CHECK_EQUAL(bpci::test::verdict(got), "pending");
  pass(1ms);
  CAF_CHECK_EQUAL(bpci::test::verdict(got), "timeout");
}

CAF_TEST(a router that dies is no reason to wait) {
  auto router = stand_in(path::router);
  auto got = ask_for("m1");
  end(router.who);
  CAF_CHECK_EQUAL(bpci::test::verdict(got), "restarted");
}

CAF_TEST(only so many wait and then it is busy) {
  auto router = stand_in(path::router);
  for (std::size_t i = 0; i < waiting_max; ++i)
    tell(gate, may_pass{envelope_of(transfer(agreement_id{"a1"}, "m" + std::to_string(i)))});
  CAF_CHECK_EQUAL(bpci::test::verdict(ask_for("x")), "busy");
  CAF_CHECK_EQUAL(router.count<entity::command>(), waiting_max);
  end(router.who);
  stand_in(path::router);
  CAF_CHECK_EQUAL(bpci::test::verdict(ask_for("y")), "pending");
}

CAF_TEST(a body that is no message is refused without asking anybody) {
  auto router = stand_in(path::router);
  auto what = *envelope_of(transfer(agreement_id{"a1"}));
  what.body = {0x93, 1, 2, 3};
  auto got = reply_of<passage>(gate, may_pass{std::make_shared<const oracle::envelope>(what)});
  CAF_CHECK(!got.allowed);
  CAF_CHECK(got.why.code == ec::malformed);
  CAF_CHECK_EQUAL(router.messages->size(), 0u);
}

CAF_TEST(what the relay does not answer is told beside the verdict) {
  put("/alpha-1" + std::string{path::router}, answering([](const entity::command& what) {
        if (what.name == "authorize")
          return entity::response{codec::to_msgpack(interapp::verdict{true, {}, {}, 5}), 1, false};
        return entity::response{codec::to_msgpack(audit_head{6, {}}), 2, false};
      }));
  auto x = transfer(agreement_id{"a1"});
  auto got = reply_of<message_report>(gate, submit_message{x, *envelope_of(x)});
  CAF_CHECK(got.verdict.allowed);
  CAF_CHECK(got.relay_failed.code == ec::restarted); // there is no register
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::interapp
