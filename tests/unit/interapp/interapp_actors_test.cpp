#define CAF_SUITE interapp_actors

#include "../entity/database.hpp"
#include "actors/interapp/app_registry_actor.hpp"
#include "actors/interapp/gate_actor.hpp"
#include "actors/interapp/kinds.hpp"
#include "messages/oracle/nodes.hpp"
#include "runtime/actor/actor_config.hpp"
#include "runtime/entity/entities_actor.hpp"
#include "runtime/storage/pg_pool_actor.hpp"
#include "runtime/supervision/supervisor_actor.hpp"
#include "runtime/time/clock.hpp"
#include "tests/unit/interapp/helpers.hpp"

#include <caf/all.hpp>
#include <caf/test/unit_test.hpp>

#include <map>

/// Apps, agreements and messages on a real PostgreSQL: APP REGISTRY and GATE with the entities
/// behind them.
namespace bpci::interapp {

namespace {

using namespace testing;
using namespace std::chrono_literals;

/// A node with everything but SLOTS: its slots are all its own. The register of BPI nodes knows
/// those whose names end with "-node", and relays to them.
struct fixture {
  entity::test::database db;
  actor_config cfg;
  caf::actor_system sys{cfg};
  caf::scoped_actor self{sys};
  std::shared_ptr<entity::entity_context> entities = std::make_shared<entity::entity_context>();
  std::shared_ptr<context> shared = std::make_shared<context>();
  std::map<std::string, caf::actor> services; ///< by path
  caf::actor registry;
  caf::actor gate;
  timestamp_ms now = wall_now();

  fixture() {
    auto kinds = std::make_shared<entity::kinds>();
    add_kinds(*kinds);
    entities->node = std::make_shared<supervision::node_context>();
    entities->root = "/n";
    entities->kinds = kinds;
    entities->slots = std::make_shared<slots::slot_table>();
    entities->lease = std::make_shared<cluster::lease>(1h);
    entities->lease->begin(db.self);
    entities->lease->renew(boot_now());
    for (std::uint16_t i = 0; i < slots::slot_count; ++i)
      entities->slots->set({slots::slot_no{i}, db.epoch, db.self, false, {}}, true);
    shared->node = entities->node;
    shared->root = "/n";
    storage::pg_pool_options how;
    how.conninfo = db.dsn;
    how.size = 4;
    put(path::pool, sys.spawn<storage::pg_pool_actor>(how));
    put(entity::path::actors,
        supervision::spawn_supervisor(sys, "/n/entities/actors", {}, entities->node));
    put(entity::path::host, sys.spawn<entity::entities_actor>(entities));
    put(path::router, sys.spawn([all = entities](caf::event_based_actor* me) -> caf::behavior {
      return {[=](entity::command& x) {
        auto slot = entity::slot_of(x.to);
        me->delegate(all->find(entity::path::host),
                     entity::routed_command{std::move(x), slot, {}, 0});
        return caf::delegated<entity::response>{};
      }};
    }));
    put(path::bpi_registry, sys.spawn(bpi_registry));
    start_actors();
  }

  ~fixture() {
    for (const auto& [at, who] : services)
      send_exit_now(who, caf::exit_reason::user_shutdown);
    self->await_all_other_actors_done();
    for (const auto& [at, who] : services)
      shared->node->directory.remove(at, who);
  }

  static caf::behavior bpi_registry(caf::event_based_actor*) {
    return {[](const oracle::find_registered& x) {
              oracle::registered_nodes out;
              for (const auto& node : x.nodes)
                if (node.get().ends_with("-node")) out.nodes.push_back(node);
              return out;
            },
            [](const oracle::relay_order& x) {
              oracle::outcomes out;
              for (const auto& target : x.message->targets)
                out.items.push_back({x.message->source, x.message->id, target, {ec::none, {}}});
              return out;
            }};
  }

  void start_actors() {
    registry = sys.spawn<app_registry_actor>(shared);
    put(path::registry, registry);
    gate = sys.spawn<gate_actor>(shared);
    put(path::gate, gate);
  }

  void put(std::string_view at, const caf::actor& who) {
    services.insert_or_assign("/n" + std::string{at}, who);
    shared->node->directory.put("/n" + std::string{at}, who);
  }

  template <class Reply, class Message>
  result<Reply> ask(const caf::actor& who, Message what) {
    result<Reply> out = fail(ec::none);
    self->request(who, 20s, std::move(what))
        .receive([&](const Reply& x) { out = x; },
                 [&](const caf::error& why) { out = from_caf(why); });
    return out;
  }

  void register_both() {
    CAF_REQUIRE(ask<app_record>(registry, registration_of("bank", bank_key, "bank-node")));
    CAF_REQUIRE(ask<app_record>(registry, registration_of("payments", payments_key, "pay-node")));
  }

  static establish wanted() {
    establish out;
    out.app1_id = app_id{"bank"};
    out.app2_id = app_id{"payments"};
    out.permissions = {"Read(accounts)", "Execute(transfer)"};
    out.who = "ops";
    return out;
  }

  result<agreement> sign_as(const agreement& x, const std::string& app, std::uint8_t key) {
    auto what =
        sign_agreement{app_id{app}, signature_of(key, agreement_bytes(x.agreement_id, x.terms))};
    return ask<agreement>(registry, sign{x.agreement_id, what});
  }

  agreement make_active() {
    register_both();
    auto x = ask<agreement>(registry, wanted()).value();
    sign_as(x, "bank", bank_key).value();
    return sign_as(x, "payments", payments_key).value();
  }

  /// An envelope of the bank's node with this message.
  static oracle::envelope envelope_of(const message& x, const std::string& id = "e1") {
    oracle::envelope out;
    out.id = message_id{id};
    out.sequence = 1;
    out.source = node_id{"bank-node"};
    out.targets = {node_id{"pay-node"}};
    out.type = envelope_type;
    out.body = encode_message(x);
    return out;
  }

  /// "passed", or the code and detail.
  std::string at_gate(const oracle::envelope& x) {
    auto out = ask<passage>(gate, may_pass{std::make_shared<const oracle::envelope>(x)});
    if (!out) return "no answer: " + std::string{name(out.error().code)};
    if (out->allowed) return "passed";
    return std::string{name(out->why.code)} + " " + out->why.detail;
  }

  audit_report report(const agreement_id& id) {
    return ask<audit_report>(registry, read_audit{id, 0, 0, {}, {}, false}).value();
  }

  std::string findings(const agreement_id& id) {
    auto out = ask<validation>(registry, validate{id}).value();
    auto text = std::string{out.is_valid ? "valid" : "invalid"};
    for (const auto& x : out.findings)
      text += " " + std::string{name(x.code)} + " (" + x.detail + ")";
    return text;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(interapp_actors_tests, fixture)

CAF_TEST(apps are registered and listed and a host has to be known) {
  register_both();
  auto again = ask<app_record>(registry, registration_of("bank", bank_key, "bank-node"));
  CAF_CHECK_EQUAL(code_of(again), "none");
  CAF_CHECK_EQUAL(code_of(ask<app_record>(registry, registration_of("bank", payments_key))),
                  "conflict");
  CAF_CHECK_EQUAL(code_of(ask<app_record>(registry, registration_of("shop", 3, "nowhere"))),
                  "unknown_node");
  CAF_CHECK_EQUAL(code_of(ask<app_record>(registry, registration_of("shop", 3))), "none");
  auto page = ask<app_page>(registry, list_apps{{}, {}, 2}).value();
  CAF_REQUIRE_EQUAL(page.apps.size(), 2u);
  CAF_CHECK_EQUAL(page.next, app_id{"payments"});
  auto rest = ask<app_page>(registry, list_apps{page.next, {}, 2}).value();
  CAF_CHECK_EQUAL(rest.apps.size(), 1u);
  CAF_CHECK_EQUAL(code_of(ask<app_record>(registry, show_app{app_id{"no id"}})), "not_found");
}

CAF_TEST(what was registered before something else is registered anew) {
  auto one = registration_of("bank", bank_key);
  auto other = one;
  other.capabilities = {"loans"};
  for (const auto& x : {one, other, one, other, one}) {
    auto told = ask<app_record>(registry, x).value();
    CAF_CHECK(told.capabilities == x.capabilities);
    auto now = ask<app_record>(registry, show_app{x.app_id}).value();
    CAF_CHECK(now.capabilities == x.capabilities);
  }
}

CAF_TEST(an agreement is made by both apps and meets what the cluster asks for) {
  CAF_CHECK_EQUAL(code_of(ask<agreement>(registry, wanted())), "not_found");
  register_both();
  auto weak = wanted();
  weak.security_requirements.encryption_level = encryption_level::Standard;
  CAF_CHECK_EQUAL(code_of(ask<agreement>(registry, weak)), "invalid_argument");
  auto x = ask<agreement>(registry, wanted()).value();
  CAF_CHECK(x.state == agreement_state::proposed);
  CAF_CHECK(x.terms.security_requirements == shared->least);
  CAF_CHECK_EQUAL(findings(x.agreement_id), "invalid agreement_not_active (bank has to sign) "
                                            "agreement_not_active (payments has to sign)");
  CAF_CHECK_EQUAL(code_of(sign_as(x, "bank", payments_key)), "bad_signature");
  sign_as(x, "bank", bank_key).value();
  auto now = sign_as(x, "payments", payments_key).value();
  CAF_CHECK(now.state == agreement_state::active);
  // The same again is answered with how it stands, whoever asks.
  auto same = wanted();
  same.who = "another admin";
  for (const auto& one : {wanted(), same}) {
    auto again = ask<agreement>(registry, one).value();
    CAF_CHECK(again == now);
  }
  CAF_CHECK(sign_as(x, "bank", bank_key).value() == now);
  CAF_CHECK_EQUAL(findings(x.agreement_id), "valid");
  auto listed =
      ask<agreement_page>(registry, list_agreements{{}, app_id{"payments"}, "active", 0}).value();
  CAF_CHECK_EQUAL(listed.agreements.size(), 1u);
  auto none =
      ask<agreement_page>(registry, list_agreements{{}, app_id{"payments"}, "revoked", 0}).value();
  CAF_CHECK_EQUAL(none.agreements.size(), 0u);
  auto health = ask<inter_app_health>(registry, get_health{}).value();
  CAF_CHECK_EQUAL(health.active, 1u);
  CAF_CHECK_EQUAL(health.apps, 2u);
}

CAF_TEST(an envelope passes the gate when its agreement permits the message) {
  auto x = make_active();
  auto good = transfer(x.agreement_id, "m1", now);
  CAF_CHECK_EQUAL(at_gate(envelope_of(good)), "passed");
  auto bad = transfer(x.agreement_id, "m2", now);
  bad.permission = "Execute(refund)";
  CAF_CHECK_EQUAL(at_gate(envelope_of(sign_message(bad, bank_key))),
                  "not_permitted permission_missing: Execute(refund)");
  auto nowhere = transfer(agreement_id{"a9"}, "m3", now);
  CAF_CHECK_EQUAL(at_gate(envelope_of(nowhere)), "not_found unknown_agreement: a9");
  auto no_message = envelope_of(good);
  no_message.body = {0xc1};
  CAF_CHECK(at_gate(no_message).starts_with("malformed "));
  auto entries = report(x.agreement_id).entries;
  CAF_REQUIRE_EQUAL(entries.size(), 6u);
  CAF_CHECK_EQUAL(entries[4].verdict, "authorized");
  CAF_CHECK_EQUAL(entries[4].envelope, "bank-node/e1");
  CAF_CHECK_EQUAL(entries[5].code, "permission_missing");
}

CAF_TEST(a retry is answered as before and a replay is refused and written down) {
  auto x = make_active();
  auto one = transfer(x.agreement_id, "m1", now);
  CAF_CHECK_EQUAL(at_gate(envelope_of(one)), "passed");
  auto retry = envelope_of(one);
  retry.sequence = 2;
  retry.sent_at = timestamp_ms{7};
  retry.signature = {1};
  CAF_CHECK_EQUAL(at_gate(retry), "passed");
  CAF_CHECK_EQUAL(report(x.agreement_id).entries.size(), 5u);
  CAF_CHECK_EQUAL(at_gate(envelope_of(one, "e2")), "replayed ");
  CAF_CHECK_EQUAL(at_gate(envelope_of(one, "e2")), "replayed ");
  auto other = one;
  other.payload = {9};
  CAF_CHECK_EQUAL(at_gate(envelope_of(sign_message(other, bank_key))), "replayed ");
  auto entries = report(x.agreement_id).entries;
  CAF_REQUIRE_EQUAL(entries.size(), 7u);
  CAF_CHECK_EQUAL(entries[5].code, "replayed");
  CAF_CHECK_EQUAL(entries[6].code, "replayed");
  CAF_CHECK_EQUAL(findings(x.agreement_id), "valid");
}

CAF_TEST(a message over HTTP is relayed and its outcome is written down) {
  auto x = make_active();
  auto one = transfer(x.agreement_id, "m1", now);
  auto got = ask<message_report>(gate, submit_message{one, envelope_of(one)}).value();
  CAF_CHECK(got.verdict.allowed);
  CAF_CHECK_EQUAL(got.outcomes.items.size(), 1u);
  CAF_CHECK(storage::test::eventually([&] { return report(x.agreement_id).entries.size() == 6; }));
  auto last = report(x.agreement_id).entries.back();
  CAF_CHECK_EQUAL(last.verdict, "delivered");
  CAF_CHECK_EQUAL(last.detail, "to pay-node");
  auto alone = ask<message_report>(gate, submit_message{transfer(x.agreement_id, "m2", now), {}});
  CAF_CHECK(alone.value().verdict.allowed);
  CAF_CHECK(alone.value().outcomes.items.empty());
  auto mixed = ask<message_report>(
      gate, submit_message{transfer(x.agreement_id, "m3", now), envelope_of(one)});
  CAF_CHECK_EQUAL(code_of(mixed), "invalid_argument");
}

CAF_TEST(a changed row of the audit is found and named) {
  auto x = make_active();
  for (auto i = 1; i <= 4; ++i)
    at_gate(envelope_of(transfer(x.agreement_id, "m" + std::to_string(i), now),
                        "e" + std::to_string(i)));
  CAF_CHECK_EQUAL(findings(x.agreement_id), "valid");
  CAF_CHECK(report(x.agreement_id).verified);
  // As somebody with the database in hand would: another permission of the same length.
  auto changed = db.sql("UPDATE entity_item SET value = decode(replace(encode(value, 'escape'), "
                        "'Execute(transfer)', 'Execute(tr4nsfer)'), 'escape') "
                        "WHERE kind = 'agreement' AND key = 'a/0000000000000006' RETURNING key");
  CAF_CHECK_EQUAL(changed, "a/0000000000000006");
  CAF_CHECK_EQUAL(findings(x.agreement_id), "invalid audit_changed (entry 6)");
  auto shown = report(x.agreement_id);
  CAF_CHECK(!shown.verified);
  CAF_REQUIRE_EQUAL(shown.faults.size(), 1u);
  CAF_CHECK_EQUAL(shown.faults.front().seq, 6u);
  db.sql("DELETE FROM entity_item WHERE kind = 'agreement' AND key = 'a/0000000000000008' "
         "RETURNING key");
  CAF_CHECK_EQUAL(findings(x.agreement_id), "invalid audit_changed (entry 6) audit_cut (entry 8)");
}

CAF_TEST(what was revoked permits nothing) {
  auto x = make_active();
  auto end = revoke_agreement{"ops", "the contract has ended", {}, {}};
  CAF_CHECK_EQUAL(code_of(ask<agreement>(registry, revoke{x.agreement_id, end})), "none");
  CAF_CHECK(at_gate(envelope_of(transfer(x.agreement_id, "m1", now)))
                .starts_with("not_permitted agreement_revoked"));
  CAF_CHECK(findings(x.agreement_id).starts_with("invalid agreement_revoked (by ops"));
}

CAF_TEST(a cluster that checks no agreements lets everything pass) {
  shared->agreement_validation = false;
  auto nowhere = transfer(agreement_id{"a9"}, "m3", now);
  CAF_CHECK_EQUAL(at_gate(envelope_of(nowhere)), "passed");
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::interapp
