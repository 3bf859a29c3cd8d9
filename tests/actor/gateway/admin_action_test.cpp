#define CAF_SUITE gateway_admin_action

#include "gateways/api/slot_ranges.hpp"
#include "messages/runtime/entities.hpp"
#include "messages/runtime/slots.hpp"
#include "messages/runtime/supervision.hpp"
#include "runtime/crypto/token.hpp"
#include "tests/actor/gateway/gateway_fixture.hpp"

/// Whatever acts is written down before it is done, and completed with what came of it.
namespace bpci::gateway {

namespace {

using namespace test;
namespace sup = bpci::supervision;

struct fixture : gateway_fixture {
  std::shared_ptr<fake_records::state> database = without_database();
  std::shared_ptr<std::vector<std::string>> told = std::make_shared<std::vector<std::string>>();

  fixture() {
    database->labels[crypto::hash_token("of-the-cluster")] = "ada";
    make_cluster();
  }

  /// A cluster in which everything succeeds, and which notes who did what to it.
  void make_cluster() {
    auto note = [told = told](const std::string& who, const std::string& what) {
      told->push_back(who + " " + what);
    };
    auto its_members = playing({[note](const cluster::drain_member& x) {
                                  note(x.who, "drain");
                                  return cluster::member_state_set{cluster::member_state::draining};
                                },
                                [note](const cluster::undrain_member& x) {
                                  note(x.who, "undrain");
                                  return cluster::member_state_set{cluster::member_state::up};
                                }});
    auto agent =
        playing({[its_members](const cluster::find_service&) {
                   return cluster::service_handle{its_members};
                 },
                 [note](const sup::kill_child& x) {
                   note(x.who, "kill");
                   return sup::child_action_done{x.path, 7};
                 },
                 [note](const sup::restart_child& x) -> caf::result<sup::child_action_done> {
                   note(x.who, "restart");
                   return to_caf(ec::conflict, "it is being stopped");
                 },
                 [note](const sup::pause_child& x) {
                   note(x.who, "pause");
                   return sup::child_action_done{x.path, 7};
                 },
                 [note](const sup::resume_child& x) {
                   note(x.who, "resume");
                   return sup::child_action_done{x.path, 7};
                 },
                 [note](const sup::release_message& x) {
                   note(x.who, "release");
                   return sup::message_released{x.id};
                 }});
    make_members({{"alpha-1", agent}});
    put("/alpha-1", agent);
    put("/alpha-1/cluster/slots", playing({[note](const slots::pin_slots& x) {
          note(x.who, "move");
          return slots::slots_pinned{x.slots.size()};
        }}));
    put("/alpha-1/entities/host", playing({[note](const entity::retry_outbox& x) {
          note(x.who, "retry");
          return entity::outbox_retried{x.rows.size()};
        }}));
  }

  static http::request with_token(http::request what) {
    what.headers.set("Authorization", "Bearer of-the-cluster");
    return what;
  }

  reply_ptr act(const std::string& path, const std::string& body) {
    return call(with_token(request("POST", "/api/v1/" + path, body)));
  }

  reply_ptr kill() {
    return act("actors/kill", R"({"path":"/alpha-1/oracle/relay","reason":"stuck"})");
  }
  reply_ptr drain() { return act("cluster/members/alpha-1/drain", R"({"reason":"new disk"})"); }

  /// Every route that acts, with a body that it understands.
  std::vector<reply_ptr> act_on_everything() {
    std::vector<reply_ptr> out;
    for (const auto& x : admin_routes()) {
      if (x.info.need != http::permission::admin) continue;
      auto path = x.info.pattern.substr(std::string_view{"/api/v1/"}.size());
      if (auto at = path.find("{id}"); at != std::string::npos) path.replace(at, 4, "alpha-1");
      out.push_back(act(path, R"({"path":"/alpha-1/oracle/relay","reason":"a test","id":"m1",)"
                              R"("slots":[12],"to":"alpha-1","rows":[5]})"));
    }
    return out;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(gateway_admin_action_tests, fixture)

CAF_TEST(every route that acts is on record before it tells anybody) {
  database->slow = slow_database();
  auto replies = act_on_everything();
  CAF_CHECK_EQUAL(replies.size(), 9u);
  CAF_CHECK_EQUAL(database->actions.size(), replies.size());
  CAF_CHECK(told->empty());
  for (const auto& x : replies)
    CAF_CHECK_EQUAL(x->verdict(), "pending");
  tell(database->slow, caf::ok_atom::value);
  CAF_CHECK_EQUAL(told->size(), replies.size());
}

CAF_TEST(the record says who did what to whom and what came of it) {
  CAF_CHECK_EQUAL(drain()->verdict(), "200");
  auto restart = act("actors/restart", R"({"path":"/alpha-1/oracle/relay","reason":"slow"})");
  CAF_CHECK_EQUAL(restart->verdict(), "409 conflict");
  CAF_REQUIRE_EQUAL(database->actions.size(), 2u);
  auto first =
      audit::row{1, {}, "ada", "drain", "alpha-1", "new disk", correlation_id{"c-1"}, "done"};
  CAF_CHECK(database->actions[0] == first);
  CAF_CHECK_EQUAL(database->actions[1].target, "/alpha-1/oracle/relay");
  CAF_CHECK_EQUAL(database->actions[1].result, "conflict");
  CAF_CHECK(*told == (std::vector<std::string>{"ada drain", "ada restart"}));
}

CAF_TEST(every action is completed with its result) {
  for (const auto& x : act_on_everything())
    CAF_CHECK(x->verdict() == "200" || x->verdict() == "409 conflict");
  std::string actions;
  for (const auto& x : database->actions) {
    actions += x.action + " ";
    CAF_CHECK(!x.result.empty());
  }
  CAF_CHECK_EQUAL(actions, "drain undrain move retry kill restart pause resume release ");
}

CAF_TEST(what cannot be recorded is refused unless it acts on an actor) {
  kill(); // the token is known from here on
  told->clear();
  database->away = failure{ec::timeout, {}};
  for (const auto& x : act_on_everything())
    if (x->verdict() != "200" && x->verdict() != "409 conflict")
      CAF_CHECK_EQUAL(x->verdict(), "503 unavailable");
  CAF_CHECK(*told
            == (std::vector<std::string>{"ada kill", "ada restart", "ada pause", "ada resume"}));
}

CAF_TEST(an action is answered though its result could not be recorded) {
  database->slow = slow_database();
  auto got = drain();
  database->away = failure{ec::unavailable, {}};
  tell(database->slow, caf::ok_atom::value);
  CAF_CHECK_EQUAL(got->verdict(), "200");
  CAF_CHECK_EQUAL(database->actions[0].result, "");
}

CAF_TEST(an action needs a reason that can be recorded) {
  CAF_CHECK_EQUAL(act("cluster/members/alpha-1/drain", "{}")->verdict(), "422 invalid_argument");
  CAF_CHECK_EQUAL(act("actors/kill", R"({"path":"/alpha-1/x","reason":"a\u0000b"})")->verdict(),
                  "422 invalid_argument");
  CAF_CHECK_EQUAL(
      act("actors/kill", R"({"path":"/alpha-1/x","reason":")" + std::string(1'001, 'x') + R"("})")
          ->verdict(),
      "422 invalid_argument");
  CAF_CHECK(database->actions.empty());
  CAF_CHECK(told->empty());
}

CAF_TEST(a dry run shows the plan and leaves no record) {
  put("/alpha-1/cluster/slots", playing({[](const slots::plan_drain& x) {
        return slots::drain_plan{x.member, {{member_id{"beta-1"}, 3, 40}}, {}};
      }}));
  auto got = act("cluster/members/alpha-1/drain", R"({"reason":"","dry_run":true})");
  CAF_REQUIRE_EQUAL(got->verdict(), "200");
  CAF_CHECK_EQUAL(codec::to_text(got->body().at("data").at("shares")),
                  R"([{"to":"beta-1","slots":3,"entities":40}])");
  CAF_CHECK(database->actions.empty());
}

CAF_TEST(slots are named in the record as they were moved) {
  auto move = [this](const std::string& slots) {
    return act("cluster/slots/move", R"({"slots":)" + slots + R"(,"to":"beta-1","reason":"r"})");
  };
  CAF_CHECK_EQUAL(move(R"("60,40-42, 41")")->verdict(), "200");
  CAF_CHECK_EQUAL(move("[5,3,4,1023]")->verdict(), "200");
  CAF_CHECK_EQUAL(database->actions[0].target, "slots 40-42,60 to beta-1");
  CAF_CHECK_EQUAL(database->actions[1].target, "slots 3-5,1023 to beta-1");
  for (const auto* bad : {R"("")", R"("1024")", R"("9-3")", R"("a")", R"("1,")", R"("-5")", "[]",
                          "[1024]", "[-1]", "5", "null"})
    CAF_CHECK_EQUAL(move(bad)->verdict(), "422 invalid_argument");
  CAF_CHECK_EQUAL(act("cluster/slots/move", R"({"to":"beta-1","reason":"r"})")->verdict(),
                  "422 invalid_argument");
  CAF_CHECK_EQUAL(act("cluster/slots/move", "[]")->verdict(), "422 invalid_argument");
  CAF_CHECK_EQUAL(act("cluster/slots/move", R"({"slots":"7","reason":"r"})")->verdict(), "200");
  CAF_CHECK_EQUAL(database->actions[2].target, "slots 7 unpinned");
}

CAF_TEST(a message is released wherever it is set aside) {
  auto without = playing({[](const sup::release_message&) -> caf::result<sup::message_released> {
    return to_caf(ec::not_found);
  }});
  auto having =
      playing({[](const sup::release_message& x) { return sup::message_released{x.id}; }});
  auto release = [this](const std::string& member) {
    return act("quarantine/release", R"({"id":"m1","reason":"fixed","member":")" + member + "\"}");
  };
  make_members({{"alpha-1", without}, {"beta-1", having}});
  auto got = release("");
  CAF_REQUIRE_EQUAL(got->verdict(), "200");
  CAF_CHECK_EQUAL(codec::to_text(got->body().at("data")), R"({"id":"m1","members":["beta-1"]})");
  CAF_CHECK_EQUAL(release("beta-1")->verdict(), "200");
  CAF_CHECK_EQUAL(release("alpha-1")->verdict(), "404 not_found");
  CAF_CHECK_EQUAL(release("gamma-1")->verdict(), "404 not_found");
  CAF_CHECK_EQUAL(database->actions.back().result, "not_found");
}

CAF_TEST(a message that may be set aside on a member that is away is not said to be released) {
  make_members({}, {"beta-1"});
  auto got = act("quarantine/release", R"({"id":"m1","reason":"fixed"})");
  CAF_CHECK_EQUAL(got->verdict(), "503 unavailable");
}

CAF_TEST(an actor of this node is killed though MEMBERS hangs) {
  stand_in("/cluster/members");
  CAF_CHECK_EQUAL(kill()->verdict(), "200");
}

CAF_TEST(a member that cannot be reached cannot be drained) {
  auto got = act("cluster/members/beta-1/drain", R"({"reason":"r"})");
  CAF_CHECK_EQUAL(got->verdict(), "404 not_found");
  CAF_CHECK_EQUAL(database->actions[0].result, "not_found");
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::gateway
