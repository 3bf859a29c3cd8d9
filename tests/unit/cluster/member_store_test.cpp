#define CAF_SUITE cluster_member_store

#include "runtime/cluster/member_store.hpp"
#include "runtime/storage/migrate.hpp"
#include "tests/unit/storage/test_server.hpp"

#include <caf/test/unit_test.hpp>
#include <pqxx/connection>
#include <pqxx/nontransaction>

#include <future>
#include <thread>

/// Members, suspicions and evictions as the database keeps them.
namespace bpci::cluster {

namespace {

using namespace std::chrono_literals;
using storage::test::eventually;

struct fixture {
  std::string conninfo = storage::test::fresh_database();
  pqxx::connection connection{(storage::migrate(conninfo).value(), conninfo)};

  template <class F>
  auto in_work(F what) {
    return in_work(connection, std::move(what));
  }

  template <class F>
  static auto in_work(pqxx::connection& with, F what) {
    pqxx::work tx{with};
    auto out = what(tx);
    tx.commit();
    return out;
  }

  std::string sql(const std::string& text) {
    pqxx::nontransaction session{connection};
    auto rows = session.exec(text);
    return rows.empty() || rows.columns() == 0 ? "" : rows[0][0].as<std::string>("");
  }

  member join(const std::string& name, const std::string& tag = {}) {
    member who;
    who.id = member_id{name};
    who.link_host = "10.0.0.1";
    who.link_port = 9'000;
    who.http_address = "10.0.0.1:8080";
    who.session_tag = tag.empty() ? "bpci/" + name : tag;
    who.certificates = {"aa", "bb"};
    return in_work([&](pqxx::work& tx) { return store::join(tx, who); });
  }

  member join_up(const std::string& name) {
    auto who = join(name);
    sql("UPDATE member SET state = 'up' WHERE incarnation = " + text(who));
    return who;
  }

  static std::string text(const member& x) { return std::to_string(x.incarnation.get()); }

  std::string state_of(const member& x) {
    return sql("SELECT state FROM member WHERE incarnation = " + text(x));
  }

  std::string reason_of(const member& x) {
    return sql("SELECT reason FROM member WHERE incarnation = " + text(x));
  }

  result<reading> beat(const member& x) {
    return in_work([&](pqxx::work& tx) { return store::beat(tx, x.incarnation); });
  }

  std::uint64_t view_no() { return std::stoull(sql("SELECT view_no FROM cluster_view")); }

  void vote(const member& by, member target, suspicion_kind kind = suspicion_kind::silent) {
    in_work([&](pqxx::work& tx) {
      store::write_suspicion(tx, by.incarnation, suspect{target, kind, "seen by " + by.id.get()});
      return 0;
    });
  }

  bool evict(const member& by, const member& target) {
    return in_work(
        [&](pqxx::work& tx) { return store::evict(tx, by.incarnation, evict_silent{target}); });
  }

  bool evict_far(const member& by, const member& target, std::uint64_t view) {
    return in_work([&](pqxx::work& tx) {
      return store::evict(tx, by.incarnation, evict_unreachable{target, view});
    });
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(cluster_member_store_tests, fixture)

CAF_TEST(a member joins with all that others need to know of it) {
  auto who = join("node-1");
  CAF_CHECK(who.state == member_state::joining);
  CAF_CHECK_EQUAL(view_no(), 1u);
  auto read = beat(who).value();
  CAF_REQUIRE_EQUAL(read.live.size(), 1u);
  CAF_CHECK(read.live.front() == who);
  CAF_CHECK_EQUAL(read.view_no, 1u);
  CAF_CHECK_EQUAL(read.change_no.get(), 1u);
  read = beat(who).value();
  CAF_CHECK_EQUAL(read.live.front().heartbeats, 1u);
}

CAF_TEST(a node that starts again is a new incarnation and the former one is dead) {
  auto first = join("node-1", "bpci/one");
  auto second = join("node-1", "bpci/two");
  CAF_CHECK(first.incarnation != second.incarnation);
  CAF_CHECK_EQUAL(state_of(first), "dead");
  CAF_CHECK_EQUAL(reason_of(first), "replaced by a new incarnation");
  CAF_CHECK(beat(first).error().code == ec::superseded);
  CAF_CHECK(beat(second).has_value());
}

CAF_TEST(a process whose membership starts again goes on with its life) {
  auto first = join_up("node-1");
  auto again = join("node-1");
  CAF_CHECK(again.incarnation == first.incarnation);
  CAF_CHECK(again.state == member_state::up);
}

CAF_TEST(a member comes up only in the view that it has seen) {
  auto who = join("node-1");
  auto rise = [&](std::uint64_t view) {
    return in_work([&](pqxx::work& tx) { return store::rise(tx, who.incarnation, come_up{view}); });
  };
  CAF_CHECK(!rise(view_no() - 1));
  CAF_CHECK_EQUAL(state_of(who), "joining");
  auto before = view_no();
  CAF_CHECK(rise(before));
  CAF_CHECK_EQUAL(state_of(who), "up");
  CAF_CHECK_EQUAL(view_no(), before + 1);
  CAF_CHECK(!rise(before + 1));
}

CAF_TEST(a reading shows suspicions of live members only) {
  auto a = join_up("node-a");
  auto b = join_up("node-b");
  auto c = join_up("node-c");
  vote(b, c);
  vote(c, b, suspicion_kind::unreachable);
  auto read = beat(a).value();
  CAF_REQUIRE_EQUAL(read.live.size(), 3u);
  CAF_REQUIRE_EQUAL(read.suspicions.size(), 2u);
  auto first = read.suspicions.front();
  CAF_CHECK(first.target == b.incarnation && first.by == c.incarnation);
  CAF_CHECK(first.kind == suspicion_kind::unreachable && first.fresh);
  CAF_CHECK_EQUAL(first.evidence, "seen by node-c");
  CAF_CHECK(first.since.get() > 1'000'000'000'000);
  sql("UPDATE suspicion SET renewed = now() - interval '11 s'");
  auto later = beat(a)->suspicions.front();
  CAF_CHECK(!later.fresh);
  sql("UPDATE member SET state = 'dead' WHERE incarnation = " + text(c));
  CAF_CHECK(beat(a)->suspicions.empty());
}

CAF_TEST(a suspicion is one row however often it is renewed and goes when it is withdrawn) {
  auto a = join_up("node-a");
  auto b = join_up("node-b");
  vote(a, b);
  auto moved = b;
  moved.heartbeats = 4;
  vote(a, moved);
  CAF_CHECK_EQUAL(sql("SELECT count(*) || '/' || max(seen_seq) FROM suspicion"), "1/4");
  in_work([&](pqxx::work& tx) {
    store::delete_suspicion(tx, a.incarnation, withdraw{b.incarnation, suspicion_kind::silent});
    return 0;
  });
  CAF_CHECK_EQUAL(sql("SELECT count(*) FROM suspicion"), "0");
}

CAF_TEST(two votes with the counter evict and the reason names them) {
  auto a = join_up("node-a");
  auto b = join_up("node-b");
  auto c = join_up("node-c");
  vote(a, c);
  CAF_CHECK(!evict(a, c));
  CAF_CHECK_EQUAL(state_of(c), "up");
  vote(b, c);
  auto before = view_no();
  CAF_CHECK(evict(a, c));
  CAF_CHECK_EQUAL(state_of(c), "dead");
  CAF_CHECK_EQUAL(reason_of(c), "silent: node-a (seen by node-a), node-b (seen by node-b)");
  CAF_CHECK_EQUAL(view_no(), before + 1);
  CAF_CHECK_EQUAL(sql("SELECT ended_at IS NULL FROM member WHERE incarnation = " + text(c)), "f");
  CAF_CHECK_EQUAL(sql("SELECT count(*) FROM suspicion"), "0");
  CAF_CHECK(!evict(b, c));
  CAF_CHECK_EQUAL(view_no(), before + 1);
  CAF_CHECK(beat(c).error().code == ec::superseded);
}

CAF_TEST(a member whose counter has moved is not evicted) {
  auto a = join_up("node-a");
  auto b = join_up("node-b");
  auto c = join_up("node-c");
  vote(a, c);
  vote(b, c);
  beat(c).value();
  CAF_CHECK(!evict(a, c));
  auto as_it_is = c;
  as_it_is.heartbeats = 1;
  CAF_CHECK(!evict(a, as_it_is)); // the votes carry another counter
  CAF_CHECK_EQUAL(state_of(c), "up");
}

CAF_TEST(votes of the dead do not count) {
  auto a = join_up("node-a");
  auto b = join_up("node-b");
  auto c = join_up("node-c");
  auto d = join_up("node-d");
  vote(a, c);
  vote(b, c);
  sql("UPDATE member SET state = 'dead' WHERE incarnation = " + text(b));
  CAF_CHECK(!evict(a, c));
  CAF_CHECK(!evict(b, c)); // nor may they carry it out
  vote(d, c);
  CAF_CHECK(!evict(b, c));
  CAF_CHECK(evict(d, c));
}

CAF_TEST(of two members each evicting the other one stays) {
  auto a = join_up("node-a");
  auto b = join_up("node-b");
  vote(a, b);
  vote(b, a);
  CAF_CHECK(evict(a, b));
  CAF_CHECK(!evict(b, a));
  CAF_CHECK_EQUAL(state_of(a), "up");
}

CAF_TEST(one vote is enough when the others that could vote are silent themselves) {
  auto a = join_up("node-a");
  auto b = join_up("node-b");
  auto c = join_up("node-c");
  vote(a, b);
  CAF_CHECK(!evict(a, b));
  vote(a, c);
  CAF_CHECK(evict(a, b));
  CAF_CHECK(evict(a, c));
}

CAF_TEST(an eviction ends the sessions of the dead and does not wait for their locks) {
  auto a = join_up("node-a");
  auto b = join_up("node-b");
  pqxx::connection other{conninfo + " application_name=bpci/node-b"};
  pqxx::work stopped{other};
  stopped.exec("SELECT 1 FROM member WHERE incarnation = " + text(b) + " FOR SHARE");
  stopped.exec("SELECT 1 FROM slot WHERE slot = 7 FOR SHARE");
  vote(a, b);
  auto began = std::chrono::steady_clock::now();
  CAF_CHECK(evict(a, b));
  CAF_CHECK(std::chrono::steady_clock::now() - began < 1s);
  sql("SET statement_timeout = '2s'");
  sql("UPDATE slot SET epoch = epoch + 1 WHERE slot = 7");
  // A backend that was told to end lets go of its locks first, and leaves the list of sessions
  // then.
  CAF_CHECK(eventually([&] {
    return sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'bpci/node-b'")
           == "0";
  }));
}

CAF_TEST(a majority evicts the unreachable in the view that it has seen) {
  auto a = join_up("node-a");
  auto b = join_up("node-b");
  auto c = join_up("node-c");
  vote(a, c, suspicion_kind::unreachable);
  CAF_CHECK(!evict_far(a, c, view_no()));
  vote(b, c, suspicion_kind::unreachable);
  CAF_CHECK(!evict_far(a, c, view_no() - 1));
  sql("UPDATE suspicion SET renewed = now() - interval '11 s'");
  CAF_CHECK(!evict_far(a, c, view_no()));
  sql("UPDATE suspicion SET renewed = now()");
  CAF_CHECK(evict_far(a, c, view_no()));
  CAF_CHECK(reason_of(c).starts_with("unreachable: node-a (seen by node-a)"));
}

CAF_TEST(of an unreachable pair the higher id goes and the next one only after a pause) {
  auto a = join_up("node-a");
  auto b = join_up("node-b");
  vote(a, b, suspicion_kind::unreachable);
  vote(b, a, suspicion_kind::unreachable);
  CAF_CHECK(!evict_far(b, a, view_no()));
  CAF_CHECK(evict_far(a, b, view_no()));
  auto c = join_up("node-c");
  vote(a, c, suspicion_kind::unreachable);
  CAF_CHECK(!evict_far(a, c, view_no()));
  sql("UPDATE member SET ended_at = now() - interval '31 s' WHERE state = 'dead'");
  CAF_CHECK(evict_far(a, c, view_no()));
}

CAF_TEST(a member drains and takes part again with who and why on record) {
  auto a = join("node-a");
  auto drain = [&](bool draining, const std::string& why) {
    return in_work(
        [&](pqxx::work& tx) { return store::set_draining(tx, a.incarnation, draining, why); });
  };
  CAF_CHECK(drain(true, "too early").error().code == ec::conflict);
  sql("UPDATE member SET state = 'up'");
  auto before = view_no();
  CAF_CHECK(drain(true, "drained by ada: a new disk").has_value());
  CAF_CHECK_EQUAL(state_of(a), "draining");
  CAF_CHECK_EQUAL(view_no(), before + 1);
  auto read = beat(a).value();
  CAF_CHECK_EQUAL(read.live.front().reason, "drained by ada: a new disk");
  CAF_CHECK(drain(false, "undrained by ada: done").has_value());
  CAF_CHECK_EQUAL(state_of(a), "up");
}

CAF_TEST(who left or died is listed for an hour) {
  auto a = join_up("node-a");
  auto b = join_up("node-b");
  auto c = join_up("node-c");
  in_work([&](pqxx::work& tx) {
    store::leave(tx, b.incarnation);
    return 0;
  });
  vote(a, c);
  CAF_CHECK(evict(a, c));
  sql("UPDATE member SET ended_at = now() - interval '59 min' WHERE member_id = 'node-b'");
  auto ended = in_work([](pqxx::work& tx) { return store::ended(tx); });
  CAF_REQUIRE_EQUAL(ended.size(), 2u);
  CAF_CHECK_EQUAL(ended[0].member.id.get(), "node-c");
  CAF_CHECK(ended[0].member.state == member_state::dead);
  CAF_CHECK_EQUAL(ended[1].member.reason, "stopped");
  CAF_CHECK(ended[1].member.state == member_state::left);
  CAF_CHECK(ended[1].ended_at.get() > 0);
  sql("UPDATE member SET ended_at = now() - interval '61 min' WHERE member_id = 'node-b'");
  auto later = in_work([](pqxx::work& tx) { return store::ended(tx); });
  CAF_CHECK_EQUAL(later.size(), 1u);
}

CAF_TEST(new certificates stand in the row and raise the view) {
  auto a = join_up("node-a");
  auto before = view_no();
  auto link = port_opened{"10.0.0.9", 9'100, {"cc"}};
  auto set = in_work([&](pqxx::work& tx) { return store::set_link(tx, a.incarnation, link); });
  CAF_CHECK(set.has_value());
  auto row = beat(a)->live.front();
  CAF_CHECK_EQUAL(row.link_host, "10.0.0.9");
  CAF_CHECK_EQUAL(row.link_port, 9'100);
  CAF_CHECK(row.certificates == std::vector<std::string>{"cc"});
  CAF_CHECK_EQUAL(view_no(), before + 1);
  sql("UPDATE member SET state = 'dead'");
  auto late = in_work([&](pqxx::work& tx) { return store::set_link(tx, a.incarnation, link); });
  CAF_CHECK(late.error().code == ec::superseded);
}

CAF_TEST(a heartbeat does not wait for those who change the membership nor for a claim) {
  auto a = join_up("node-a");
  auto b = join_up("node-b");
  pqxx::connection other{conninfo};
  pqxx::work busy{other};
  busy.exec("SELECT pg_advisory_xact_lock(" + std::to_string(store::membership_lock) + ")");
  busy.exec("UPDATE cluster_view SET change_no = change_no + 1");
  busy.exec("UPDATE member SET reason = 'x' WHERE incarnation = " + text(b));
  busy.exec("SELECT 1 FROM member WHERE incarnation = " + text(a) + " FOR KEY SHARE");
  sql("SET statement_timeout = '2s'");
  CAF_CHECK(beat(a).has_value());
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::cluster
