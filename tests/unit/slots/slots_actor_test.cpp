#define CAF_SUITE slots_actor

#include "messages/runtime/introspection.hpp"
#include "runtime/slots/slots_actor.hpp"
#include "runtime/storage/migrate.hpp"
#include "runtime/storage/sql.hpp"
#include "tests/actor/node_fixture.hpp"
#include "tests/unit/storage/test_server.hpp"

#include <caf/test/unit_test.hpp>
#include <pqxx/connection>

using namespace bpci;
using namespace bpci::slots;
using namespace bpci::storage::test;
using bpci::test::inbox;
using bpci::test::node_fixture;
using bpci::test::verdict;
using namespace std::chrono_literals;

namespace {

/// A pool that answers at once, so that a real database has a place in virtual time.
struct pool_state {
  explicit pool_state(const std::string& database) : connection(database) {}
  pqxx::connection connection;
  bool away = false;
  int good_answers = -1; ///< after so many, one is lost: committed, and reported as timed out

  result<void> carry_out(storage::job& what) {
    if (away) return fail(ec::unavailable);
    try {
      pqxx::work tx{connection};
      if (auto done = what.perform(tx); !done) return done;
      tx.commit();
    } catch (...) {
      return storage::to_failure(std::current_exception());
    }
    if (good_answers < 0 || good_answers-- > 0) return {};
    return fail(ec::timeout);
  }
};

/// What belongs to one of the nodes.
struct member_node {
  incarnation life;
  slots_options how;
  caf::actor slots;
};

struct fixture : node_fixture {
  std::string database = new_database();
  std::shared_ptr<pool_state> pool = std::make_shared<pool_state>(database);
  std::uint64_t view_no = 0;

  fixture() { pass(1s); }

  static std::string new_database() {
    auto database = fresh_database();
    storage::migrate(database).value();
    return database;
  }

  std::string sql(const std::string& text) { return query(database, text); }

  std::size_t owned_by(const member_node& x) {
    return std::stoul(
        sql("SELECT count(*) FROM slot WHERE owner = " + std::to_string(x.life.get())));
  }

  /// A node whose MEMBERS is the test.
  member_node make_node(const std::string& id) {
    member_node out;
    out.life = incarnation{std::stoull(
        sql("INSERT INTO member (member_id, link_host, link_port, http_address, state) VALUES ('"
            + id + "', '127.0.0.1', 7001, 'h', 'up') RETURNING incarnation"))};
    sql("UPDATE cluster_view SET view_no = view_no + 1, change_no = change_no + 1");
    out.how.me = member_id{id};
    out.how.root = "/" + id;
    out.how.node = node;
    out.how.lease = std::make_shared<cluster::lease>(1'500ms);
    out.how.lease->begin(out.life);
    out.how.table = std::make_shared<slot_table>();
    put("/" + id + "/storage/pool",
        answering([pool = pool](const storage::job_ptr& what) -> caf::result<storage::job_ptr> {
          auto done = pool->carry_out(*what);
          if (!done) return to_caf(done.error());
          return what;
        }));
    out.slots = start<slots_actor>(out.how);
    return out;
  }

  cluster::view_changed view() {
    cluster::view_changed out;
    out.view_no = ++view_no;
    out.change_no = change_no{std::stoull(sql("SELECT change_no FROM cluster_view"))};
    pqxx::connection own{database};
    pqxx::work tx{own};
    for (const auto& row : tx.exec("SELECT incarnation, member_id, state FROM member "
                                   "WHERE state IN ('joining', 'up', 'draining')")) {
      cluster::member x;
      x.incarnation = incarnation{row[0].as<std::uint64_t>()};
      x.id = member_id{row[1].as<std::string>()};
      x.state = row[2].as<std::string>() == "up" ? cluster::member_state::up
                                                 : cluster::member_state::draining;
      out.live.push_back(x);
    }
    return out;
  }

  /// An AGENT that knows the SLOTS of its node.
  void introduce(const member_node& to, const member_node& other) {
    auto agent = answering([slots = other.slots](const cluster::find_service& x) {
      CAF_CHECK_EQUAL(x.name, "/cluster/slots");
      return cluster::service_handle{slots};
    });
    tell(to.slots, cluster::peer_up{other.how.me, other.life, agent});
  }

  member_node established(const std::string& id) {
    auto out = make_node(id);
    tell(out.slots, view());
    pass(10s);
    return out;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(slots_actor_tests, fixture)

CAF_TEST(a node that is alone owns everything and says so) {
  auto a = make_node("a");
  auto watcher = make_inbox();
  tell_from(watcher.who, a.slots, watch_slots{});
  pass(100ms);
  CAF_CHECK_EQUAL(watcher.count<slots_changed>(), 0u);
  CAF_CHECK(!a.how.table->owned(slot_no{5}));
  tell(a.slots, view());
  auto first = watcher.all<slots_changed>().at(0).rows;
  CAF_CHECK_EQUAL(first.size(), 1024u);
  CAF_CHECK_EQUAL(owned_by(a), 1024u);
  CAF_CHECK(a.how.table->owned(slot_no{1023}).has_value());
  CAF_CHECK(a.how.table->owner(slot_no{5}).owner == a.life);
  CAF_CHECK_EQUAL(watcher.count<slots_changed>(), 1u + 1024 / batch_max);
  auto late = make_inbox();
  tell_from(late.who, a.slots, watch_slots{});
  CAF_REQUIRE_EQUAL(late.count<slots_changed>(), 1u);
  auto rows = late.all<slots_changed>()[0].rows;
  CAF_CHECK_EQUAL(rows.size(), 1024u);
  CAF_CHECK(rows[9].owner == a.life);
  end(watcher.who);
  tell(a.slots, read_slots{});
  pass(1s);
}

CAF_TEST(it watches MEMBERS and a MEMBERS that has come back) {
  auto a = make_node("a");
  auto members = make_inbox();
  put("/a/cluster/members", members.who);
  pass(100ms);
  CAF_CHECK_EQUAL(members.count<cluster::watch_members>(), 1u);
  node->directory.remove("/a/cluster/members", members.who);
  end(members.who);
  pass(100ms);
  auto again = make_inbox();
  put("/a/cluster/members", again.who);
  pass(100ms);
  CAF_CHECK_EQUAL(again.count<cluster::watch_members>(), 1u);
}

CAF_TEST(a member that comes gets its share once the entities of the other have ended) {
  auto a = established("a");
  auto b = make_node("b");
  introduce(a, b);
  auto asked = std::make_shared<std::size_t>(0);
  put("/a/entities/host", answering([asked, table = a.how.table](const drain_slots& x) {
        for (auto slot : x.slots)
          CAF_CHECK(table->owned(slot).has_value());
        *asked += x.slots.size();
        return slots_drained{x.slots};
      }));
  tell(b.slots, view());
  CAF_CHECK_EQUAL(owned_by(b), 0u);
  tell(a.slots, view());
  // Every batch is offered, so no time passes.
  CAF_CHECK_EQUAL(owned_by(a) + owned_by(b), 1024u);
  CAF_CHECK(owned_by(b) > 400);
  CAF_CHECK_EQUAL(*asked, owned_by(b));
  for (std::uint16_t i = 0; i < slot_count; ++i)
    CAF_CHECK(a.how.table->owned(slot_no{i}).has_value()
              != b.how.table->owned(slot_no{i}).has_value());
}

CAF_TEST(entities that do not end in time lose their slots all the same) {
  auto a = established("a");
  auto b = make_node("b");
  introduce(a, b);
  auto entities = make_inbox();
  put("/a/entities/host", entities.who);
  tell(b.slots, view());
  tell(a.slots, view());
  pass(9s);
  CAF_CHECK_EQUAL(owned_by(b), 0u);
  CAF_CHECK_EQUAL(entities.count<drain_slots>(), 1u);
  CAF_CHECK_EQUAL(sql("SELECT count(*) FROM slot WHERE draining"), "64");
  pass(1s);
  CAF_CHECK_EQUAL(owned_by(b), 64u);
  CAF_CHECK_EQUAL(entities.count<drain_slots>(), 2u);
  end(entities.who);
  CAF_CHECK(owned_by(b) > 400);
}

CAF_TEST(the slots of a dead member are taken with the view that says so) {
  auto a = established("a");
  auto b = established("b");
  sql("UPDATE slot SET owner = " + std::to_string(b.life.get()) + " WHERE slot < 100");
  sql("UPDATE cluster_view SET change_no = change_no + 1");
  tell(a.slots, view());
  sql("UPDATE member SET state = 'dead' WHERE member_id = 'b'");
  sql("UPDATE cluster_view SET change_no = change_no + 1");
  tell(a.slots, view());
  CAF_CHECK_EQUAL(owned_by(a), 1024u);
}

CAF_TEST(a node that is told to stop gives everything away first) {
  auto a = established("a");
  auto b = make_node("b");
  introduce(a, b);
  tell(b.slots, view());
  auto entities = make_inbox();
  put("/a/entities/host", entities.who);
  end(a.slots, caf::exit_reason::user_shutdown);
  CAF_CHECK(!is_over(a.slots));
  node->directory.remove("/a/entities/host", entities.who);
  end(entities.who);
  CAF_CHECK(is_over(a.slots));
  CAF_CHECK_EQUAL(owned_by(a), 0u);
  CAF_CHECK(!a.how.table->owned(slot_no{0}));
}

CAF_TEST(a node that cannot give its slots away stops after five seconds) {
  auto a = established("a");
  auto entities = make_inbox();
  put("/a/entities/host", entities.who);
  end(a.slots, caf::exit_reason::user_shutdown);
  for (auto i = 0; i < 49; ++i)
    pass(100ms);
  CAF_CHECK(!is_over(a.slots));
  pass(200ms);
  CAF_CHECK(is_over(a.slots));
}

CAF_TEST(without the database it says what it knows and takes up its work later) {
  auto a = established("a");
  pool->away = true;
  auto b = make_node("b");
  tell(a.slots, view());
  pass(3s);
  CAF_CHECK_EQUAL(reply_of<slot_page>(a.slots, slot_query{}).slots.size(), 100u);
  CAF_CHECK_EQUAL(verdict_of<move_page>(a.slots, move_query{}), "unavailable");
  CAF_CHECK_EQUAL(verdict_of<drain_plan>(a.slots, plan_drain{a.how.me}), "unavailable");
  CAF_CHECK(a.how.table->owned(slot_no{0}).has_value());
  pool->away = false;
  tell(b.slots, view());
  for (auto i = 0; i < 15; ++i)
    pass(100ms);
  CAF_CHECK(owned_by(a) < 700);
  CAF_CHECK_EQUAL(verdict_of<move_page>(a.slots, move_query{}), "none");
}

CAF_TEST(a claim whose answer was lost is found out by reading) {
  auto a = make_node("a");
  pool->good_answers = 1; // of the reading
  tell(a.slots, view());
  CAF_CHECK_EQUAL(owned_by(a), 64u);
  CAF_CHECK(!a.how.table->owned(slot_no{0}));
  pass(200ms);
  CAF_CHECK_EQUAL(owned_by(a), 1024u);
  CAF_CHECK(a.how.table->owned(slot_no{0}).has_value());
  CAF_CHECK_EQUAL(sql("SELECT count(*) FROM slot_move"), "1024");
}

CAF_TEST(slots are pinned and planned and shown) {
  auto a = established("a");
  auto b = make_node("b");
  tell(b.slots, view());
  tell(a.slots, view());
  pass(1s);
  auto here = slot_no{0};
  while (!a.how.table->owned(here))
    here = slot_no{static_cast<std::uint16_t>(here.get() + 1)};
  auto pin = pin_slots{{here}, member_id{"b"}, "ada", "closer to its data"};
  CAF_CHECK(reply_of<slots_pinned>(a.slots, pin) == slots_pinned{1});
  pass(500ms);
  CAF_CHECK(!a.how.table->owned(here));
  CAF_CHECK_EQUAL(sql("SELECT reason FROM slot_move ORDER BY no DESC LIMIT 1"),
                  "released: pinned to b");
  pin.member = member_id{"c"};
  CAF_CHECK_EQUAL(verdict_of<slots_pinned>(a.slots, pin), "not_found");
  sql("INSERT INTO entity (kind, id, slot, version, schema, state) "
      "SELECT 'k', 'e' || i, i, 1, 1, '' FROM generate_series(0, 1023) i");
  tell(b.slots, view());
  auto plan = reply_of<drain_plan>(b.slots, plan_drain{a.how.me});
  CAF_REQUIRE_EQUAL(plan.shares.size(), 1u);
  CAF_CHECK_EQUAL(plan.shares[0].slots, owned_by(a));
  CAF_CHECK_EQUAL(plan.shares[0].entities, owned_by(a));
  auto page = reply_of<slot_page>(b.slots, slot_query{"a", "", 0, 1024});
  CAF_CHECK_EQUAL(page.slots.size(), owned_by(a));
  auto moves = reply_of<move_page>(b.slots, move_query{here.get(), "", 0, 0});
  CAF_CHECK(moves.moves.at(0).to == member_id{"b"});
  CAF_CHECK(moves.moves.at(1).from == member_id{"a"});
  auto shown = reply_of<actor_state>(a.slots, get_state{});
  CAF_CHECK(shown.json.find("\"member\":\"a\"") != std::string::npos);
}

CAF_TEST_FIXTURE_SCOPE_END()
