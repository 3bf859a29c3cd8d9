#define CAF_SUITE entities_actor

#include "counter.hpp"
#include "database.hpp"
#include "messages/runtime/introspection.hpp"
#include "runtime/actor/actor_config.hpp"
#include "runtime/entity/call.hpp"
#include "runtime/entity/entities_actor.hpp"
#include "runtime/entity/outbox_actor.hpp"
#include "runtime/entity/timers_actor.hpp"
#include "runtime/storage/pg_pool_actor.hpp"
#include "runtime/storage/sql.hpp"
#include "runtime/supervision/supervisor_actor.hpp"
#include "runtime/time/clock.hpp"

#include <caf/all.hpp>
#include <caf/test/unit_test.hpp>

#include <atomic>
#include <future>
#include <map>
#include <stdexcept>
#include <thread>

using namespace bpci;
using namespace bpci::entity;
using namespace bpci::example;
using bpci::storage::test::eventually;

namespace {

using namespace std::chrono_literals;
using slots::slot_no;

struct explode {};
BPCI_MESSAGE(explode)

struct start_clock {
  std::int64_t due = 0;
  std::uint64_t every_ms = 0;
  entity::catch_up how = entity::catch_up::each;
};
BPCI_MESSAGE(start_clock, due, every_ms, how)

struct bomb {
  static constexpr std::string_view kind = "bomb";
  static constexpr std::uint32_t schema = 1;
  using state = total;
  using commands = boost::mp11::mp_list<example::add, explode, start_clock, timer_fired>;
  using questions = boost::mp11::mp_list<get_total>;

  static result<total> on(state& s, const example::add& x, context& c) {
    s.value += x.amount;
    if (!x.tell.empty()) c.send({"bomb", x.tell}, example::add{x.amount, {}});
    return s;
  }
  static result<total> on(state&, const explode&, context&) { throw std::runtime_error("boom"); }
  static result<total> on(state& s, const start_clock& x, context& c) {
    c.start_timer("clock", timestamp_ms{x.due}, x.every_ms, x.how);
    return s;
  }
  static result<total> on(state& s, const timer_fired& x, context&) {
    s.value += 1'000 + static_cast<std::int64_t>(x.missed);
    return s;
  }
  static result<total> on(const state& s, const get_total&) { return s; }
};

/// Stands in for the pool, and loses as many answers as it is told to.
class forgetful_pool final : public caf::event_based_actor {
public:
  forgetful_pool(caf::actor_config& cfg, caf::actor real, std::shared_ptr<std::atomic<int>> losses)
      : event_based_actor(cfg), real_(std::move(real)), losses_(std::move(losses)) {}

  caf::behavior make_behavior() override {
    return {[this](const storage::job_ptr& what) {
      auto promise = make_response_promise<storage::job_ptr>();
      request(real_, 10s, what)
          .then(
              [this, promise](const storage::job_ptr& x) mutable {
                if (losses_->load() > 0 && losses_->fetch_sub(1) > 0)
                  promise.deliver(to_caf(ec::timeout, "lost"));
                else
                  promise.deliver(x);
              },
              [promise](const caf::error& why) mutable { promise.deliver(why); });
      return promise;
    }};
  }
  void on_exit() override { real_ = nullptr; }

private:
  caf::actor real_;
  std::shared_ptr<std::atomic<int>> losses_;
};

/// No entity can be committed as long as it lives, or until the lock is aborted.
struct held_entities {
  explicit held_entities(const std::string& dsn) : connection{dsn} {
    lock.exec("SELECT 1 FROM entity FOR UPDATE");
  }

  pqxx::connection connection;
  pqxx::work lock{connection};
};

/// A node with everything but ROUTER and SLOTS: its slots are all its own.
struct fixture {
  entity::test::database db;
  actor_config cfg;
  caf::actor_system sys{cfg};
  caf::scoped_actor self{sys};
  std::shared_ptr<std::atomic<int>> losses = std::make_shared<std::atomic<int>>(0);
  std::shared_ptr<entity_context> shared = std::make_shared<entity_context>();
  caf::actor pool, lossy, actors, host, router, outbox, timers;
  std::map<std::string, caf::actor> services; ///< by path

  fixture() {
    auto kinds = std::make_shared<entity::kinds>();
    kinds->add(make_kind<bomb>());
    kinds->add(make_counter());
    shared->node = std::make_shared<supervision::node_context>();
    shared->root = "/n";
    shared->kinds = kinds;
    shared->slots = std::make_shared<slots::slot_table>();
    shared->lease = std::make_shared<cluster::lease>(1h);
    shared->lease->begin(db.self);
    shared->lease->renew(boot_now());
    shared->settings.idle_after = 300ms;
    own_all();
    storage::pg_pool_options how;
    how.conninfo = db.dsn;
    how.size = 4;
    pool = sys.spawn<storage::pg_pool_actor>(how);
    lossy = sys.spawn<forgetful_pool>(pool, losses);
    put(path::pool, lossy);
    actors = supervision::spawn_supervisor(sys, "/n/entities/actors", {}, shared->node);
    put(path::actors, actors);
    start_host();
    router = sys.spawn([shared = shared](caf::event_based_actor* me) -> caf::behavior {
      return {[=](command& x) {
        auto slot = slot_of(x.to);
        me->delegate(shared->find(path::host), routed_command{std::move(x), slot, {}, 0});
        return caf::delegated<entity::response>{};
      }};
    });
    put(path::router, router);
  }

  ~fixture() {
    for (const auto& x : {outbox, timers, router, host, actors, lossy, pool})
      if (x) send_exit_now(x, caf::exit_reason::user_shutdown);
    self->await_all_other_actors_done();
    // As a supervisor does: who stands there is kept, and keeps what it shares with others.
    for (const auto& [at, who] : services)
      shared->node->directory.remove(at, who);
  }

  void put(std::string_view at, const caf::actor& who) {
    services.insert_or_assign(shared->root + std::string{at}, who);
    shared->node->directory.put(shared->root + std::string{at}, who);
  }

  void start_host() {
    host = sys.spawn<entities_actor>(shared);
    put(path::host, host);
  }

  void own_all() {
    for (std::uint16_t i = 0; i < slots::slot_count; ++i)
      shared->slots->set({slot_no{i}, db.epoch, db.self, false, {}}, true);
  }

  template <class Reply, class Message>
  result<Reply> ask(const caf::actor& who, Message what) {
    result<Reply> out = fail(ec::none);
    self->request(who, 20s, std::move(what))
        .receive([&](const Reply& x) { out = x; },
                 [&](const caf::error& why) { out = from_caf(why); });
    return out;
  }

  result<entity::response> send(const std::string& id, const std::string& key, const auto& what) {
    return ask<entity::response>(router, make_command({"bomb", id}, key, what));
  }
  /// The total, or -1 for a refusal.
  std::int64_t total_after(const std::string& id, const std::string& key, const auto& what) {
    auto got = send(id, key, what);
    return got ? answer_of<total>(*got).value().value : -1;
  }
  std::int64_t total_of(const std::string& id) { return total_after(id, {}, get_total{}); }
  std::string code_of(const std::string& id, const std::string& key, const auto& what) {
    auto got = send(id, key, what);
    return std::string{name(got ? ec::none : got.error().code)};
  }
  /// How it will end.
  std::future<ec> later(const std::string& id, const std::string& key, const auto& what) {
    auto got = std::make_shared<std::promise<ec>>();
    sys.spawn(
        [=, to = router, what = make_command({"bomb", id}, key, what)](caf::event_based_actor* me) {
          me->request(to, 20s, what)
              .then([=](const entity::response&) { got->set_value(ec::none); },
                    [=](const caf::error& why) { got->set_value(from_caf(why).code); });
        });
    return got->get_future();
  }
  caf::actor actor_of(const std::string& id) {
    return shared->node->directory.find("/n/entities/actors/bomb:" + id);
  }
  bool active(const std::string& id) { return actor_of(id) != nullptr; }
  void kill(const std::string& id) { send_exit_now(actor_of(id), caf::exit_reason::kill); }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(entities_actor_tests, fixture)

CAF_TEST(a command has its effect once for its key) {
  CAF_CHECK_EQUAL(total_after("a", "k1", example::add{3, {}}), 3);
  CAF_CHECK_EQUAL(total_after("a", "k1", example::add{3, {}}), 3);
  CAF_CHECK_EQUAL(total_after("a", "k2", example::add{4, {}}), 7);
  CAF_CHECK_EQUAL(code_of("a", "k1", example::add{5, {}}), "conflict");
  CAF_CHECK_EQUAL(total_of("a"), 7);
  CAF_CHECK(send("a", "k1", example::add{3, {}})->repeated);
}

CAF_TEST(an answer that was lost is found again) {
  CAF_CHECK_EQUAL(total_after("a", "k1", example::add{3, {}}), 3);
  *losses = 1; // the commit of the next
  CAF_CHECK_EQUAL(total_after("a", "k2", example::add{4, {}}), 7);
  CAF_CHECK_EQUAL(total_of("a"), 7);
  CAF_CHECK_EQUAL(db.sql("SELECT version FROM entity"), "2");
}

CAF_TEST(many commands at the same time are committed together) {
  std::vector<std::future<std::int64_t>> all;
  for (auto i = 0; i < 500; ++i) {
    auto got = std::make_shared<std::promise<std::int64_t>>();
    all.push_back(got->get_future());
    auto what = make_command({"bomb", "a"}, "k" + std::to_string(i % 400), example::add{1, {}});
    sys.spawn([=, to = router](caf::event_based_actor* me) {
      me->request(to, 20s, what)
          .then([=](const entity::response& x) { got->set_value(answer_of<total>(x)->value); },
                [=](const caf::error&) { got->set_value(-1); });
    });
  }
  for (auto& x : all)
    CAF_CHECK(x.get() > 0);
  CAF_CHECK_EQUAL(total_of("a"), 400);
  CAF_CHECK_EQUAL(db.sql("SELECT version FROM entity"), "400");
}

CAF_TEST(a command that crashes its handler is set aside the third time and the entity goes on) {
  CAF_CHECK_EQUAL(total_after("a", "k1", example::add{3, {}}), 3);
  for (auto i = 0; i < 3; ++i)
    CAF_CHECK_EQUAL(code_of("a", "bad", explode{}), "restarted");
  CAF_CHECK(eventually([&] { return code_of("a", "bad", explode{}) == "quarantined"; }));
  CAF_CHECK_EQUAL(total_after("a", "k2", example::add{1, {}}), 4);
}

CAF_TEST(what a killed actor had in hand is answered at once) {
  CAF_CHECK_EQUAL(total_after("a", "k1", example::add{3, {}}), 3);
  held_entities held{db.dsn};
  auto answer = later("a", "k2", example::add{1, {}});
  CAF_CHECK(answer.wait_for(200ms) == std::future_status::timeout);
  kill("a");
  CAF_CHECK(answer.get() == ec::restarted); // while the database goes on waiting
  held.lock.abort();
  CAF_CHECK_EQUAL(total_after("a", "k2", example::add{1, {}}), 4);
  CAF_CHECK_EQUAL(total_of("a"), 4);
}

CAF_TEST(what is committed for a killed actor after the next has read is seen once it is told of) {
  shared->settings.idle_after = 1h;
  CAF_CHECK_EQUAL(total_after("a", "k1", example::add{3, {}}), 3);
  held_entities held{db.dsn};
  auto answer = later("a", "k2", example::add{1, {}});
  CAF_CHECK(answer.wait_for(200ms) == std::future_status::timeout);
  kill("a");
  CAF_CHECK(answer.get() == ec::restarted);
  CAF_CHECK_EQUAL(total_of("a"), 3);
  held.lock.abort();
  CAF_CHECK(eventually([&] { return db.sql("SELECT version FROM entity") == "2"; }));
  CAF_CHECK(send("a", "k2", example::add{1, {}})->repeated);
  CAF_CHECK_EQUAL(total_of("a"), 4);
}

CAF_TEST(an idle entity leaves the memory and comes back as it was) {
  CAF_CHECK_EQUAL(total_after("a", "k1", example::add{3, {}}), 3);
  CAF_CHECK(active("a"));
  CAF_CHECK(eventually([&] { return !active("a"); }));
  CAF_CHECK_EQUAL(total_of("a"), 3);
}

CAF_TEST(a slot is drained when its entities have ended and nothing new is taken) {
  CAF_CHECK_EQUAL(total_after("a", "k1", example::add{3, {}}), 3);
  auto slot = slot_of({"bomb", "a"});
  shared->slots->set({slot, db.epoch, db.self, true, {}}, false);
  auto drained = ask<slots::slots_drained>(host, slots::drain_slots{{slot}});
  CAF_REQUIRE(drained.has_value());
  CAF_CHECK(drained->slots == std::vector{slot});
  CAF_CHECK(!active("a"));
  CAF_CHECK_EQUAL(code_of("a", "k2", example::add{1, {}}), "retry_after");
  own_all();
  CAF_CHECK_EQUAL(total_after("a", "k2", example::add{1, {}}), 4);
}

CAF_TEST(a node that has lost its slots in the database is fenced) {
  CAF_CHECK_EQUAL(total_after("a", "k1", example::add{3, {}}), 3);
  db.give_to(db.join("node-2"));
  CAF_CHECK_EQUAL(code_of("a", "k2", example::add{1, {}}), "fenced");
  CAF_CHECK_EQUAL(db.sql("SELECT version FROM entity"), "1");
}

CAF_TEST(a slot that is told to be another nodes loses its actors) {
  CAF_CHECK_EQUAL(total_after("a", "k1", example::add{3, {}}), 3);
  auto row =
      slots::slot_row{slot_of({"bomb", "a"}), slots::epoch_no{99}, incarnation{77}, false, {}};
  shared->slots->set(row, false);
  self->send(host, slots::slots_changed{slots::change_no{1}, {row}});
  CAF_CHECK(eventually([&] { return !active("a"); }));
  auto got = send("a", "k2", example::add{1, {}});
  CAF_CHECK(got.error().code == ec::not_owner);
  CAF_CHECK_EQUAL(got.error().detail, "- 99");
}

CAF_TEST(without a lease nothing is answered from memory) {
  CAF_CHECK_EQUAL(total_after("a", "k1", example::add{3, {}}), 3);
  shared->lease->revoke();
  CAF_CHECK_EQUAL(code_of("a", {}, get_total{}), "unavailable");
  CAF_CHECK_EQUAL(total_after("a", "k2", example::add{3, {}}), 6);
}

CAF_TEST(an unknown kind or a name that is none is refused) {
  auto code = [&](entity_ref to) {
    return ask<entity::response>(
               host, routed_command{make_command(to, "k", example::add{1, {}}), {}, {}, 0})
        .error()
        .code;
  };
  CAF_CHECK(code({"other", "a"}) == ec::not_found);
  CAF_CHECK(code({"bomb", "a/b"}) == ec::invalid_argument);
}

CAF_TEST(an admin sees what an entity holds) {
  CAF_CHECK_EQUAL(total_after("a", "k1", example::add{3, {}}), 3);
  auto state = ask<actor_state>(host, show_entity{{"bomb", "a"}});
  CAF_REQUIRE(state.has_value());
  CAF_CHECK_EQUAL(state->json, R"({"version":1,"state":{"value":3}})");
  CAF_CHECK_EQUAL(ask<entity_page>(host, entity_query{"bomb", "", "", 0})->rows.size(), 1u);
}

CAF_TEST(effects arrive once though their answers are lost) {
  outbox = sys.spawn<outbox_actor>(shared);
  put(path::outbox, outbox);
  CAF_CHECK_EQUAL(total_after("a", "k1", example::add{3, "sink"}), 3);
  CAF_CHECK(eventually([&] { return db.sql("SELECT count(*) FROM outbox") == "0"; }));
  CAF_CHECK_EQUAL(total_of("sink"), 3);
  *losses = 3;
  for (auto i = 0; i < 20; ++i)
    send("a", "m" + std::to_string(i), example::add{1, "sink"});
  CAF_CHECK(eventually([&] { return db.sql("SELECT count(*) FROM outbox") == "0"; }));
  // One or the other command may have been refused, when its entity could not be read.
  auto told = total_of("a");
  CAF_CHECK(told >= 20);
  CAF_CHECK_EQUAL(total_of("sink"), told);
}

CAF_TEST(timers fire as often as their policy says) {
  auto now = wall_now().get();
  send("each", "k", start_clock{now - 950, 200, catch_up::each});
  send("once", "k", start_clock{now - 900'950, 200'000, catch_up::once});
  send("skip", "k", start_clock{now - 900'950, 200'000, catch_up::skip});
  send("single", "k", start_clock{now - 1, 0, catch_up::skip});
  timers = sys.spawn<timers_actor>(shared);
  put(path::timers, timers);
  CAF_CHECK(eventually([&] { return total_of("each") >= 5'000; }));
  CAF_CHECK(eventually([&] { return total_of("single") == 1'000; }));
  CAF_CHECK_EQUAL(total_of("once"), 1'004);
  CAF_CHECK_EQUAL(total_of("skip"), 0);
  auto left = db.sql("SELECT count(*) FROM timer WHERE id = 'single'");
  CAF_CHECK_EQUAL(left, "0");
  auto next = std::stoll(db.sql("SELECT due_ms FROM timer WHERE id = 'skip'"));
  CAF_CHECK_EQUAL(next, now - 950 + 100'000);
}

CAF_TEST_FIXTURE_SCOPE_END()
