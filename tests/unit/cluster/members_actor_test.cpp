#define CAF_SUITE cluster_members_actor

#include "runtime/actor/actor_config.hpp"
#include "runtime/cluster/members_actor.hpp"
#include "runtime/storage/migrate.hpp"
#include "runtime/storage/pg_pool_actor.hpp"
#include "runtime/time/clock.hpp"
#include "tests/unit/storage/test_server.hpp"

#include <caf/all.hpp>
#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <mutex>

/// MEMBERS of several nodes over one real PostgreSQL. The tunnels are played: each knows all
/// AGENTs that have opened a port, and dialling is looking one up.
namespace bpci::cluster {

namespace {

using namespace std::chrono_literals;
using storage::test::eventually;

/// Ports and who is behind them. Thread-safe.
class ports {
public:
  std::uint16_t open(const caf::actor& agent) {
    auto lock = std::lock_guard{mutex_};
    agents_.push_back(agent);
    return static_cast<std::uint16_t>(agents_.size());
  }

  caf::actor find(std::uint16_t port) {
    auto lock = std::lock_guard{mutex_};
    auto known = port > 0 && port <= agents_.size();
    return known && !is_over(agents_[port - 1]) ? agents_[port - 1] : caf::actor{};
  }

private:
  static bool is_over(const caf::actor& who) {
    return caf::actor_cast<caf::abstract_actor*>(who)->getf(
        caf::abstract_actor::is_terminated_flag);
  }

  std::mutex mutex_;
  std::vector<caf::actor> agents_; // guarded by mutex_
};

caf::behavior play_tunnel(caf::event_based_actor*, std::shared_ptr<ports> all,
                          std::vector<std::string> certificates) {
  return {
      [=](const open_port& x) {
        return port_opened{"127.0.0.1", all->open(x.agent), certificates};
      },
      [=](const dial_member& x) -> caf::result<member_dialled> {
        auto found = all->find(x.who.link_port);
        if (!found) return to_caf(ec::not_found, "nobody listens");
        return member_dialled{found};
      },
  };
}

/// What a watcher was told. Thread-safe.
struct told {
  std::mutex mutex;
  std::vector<view_changed> views;    // guarded by mutex
  std::vector<std::string> peers;     // guarded by mutex
  std::vector<std::uint64_t> changes; // guarded by mutex

  bool heard(const std::string& what) {
    auto lock = std::lock_guard{mutex};
    return std::ranges::find(peers, what) != peers.end();
  }

  std::size_t live() {
    auto lock = std::lock_guard{mutex};
    return views.empty() ? 0 : views.back().live.size();
  }
};

struct node {
  std::string name;
  std::string tag;
  supervision::node_context_ptr context = std::make_shared<supervision::node_context>();
  lease_ptr lease = std::make_shared<cluster::lease>(1'500ms);
  std::shared_ptr<std::atomic<bool>> fenced = std::make_shared<std::atomic<bool>>(false);
  std::shared_ptr<std::atomic<bool>> blind = std::make_shared<std::atomic<bool>>(false);
  caf::actor pool;
  caf::actor tunnel;
  caf::actor members;
};

struct fixture {
  actor_config cfg;
  caf::actor_system sys{cfg};
  caf::scoped_actor self{sys};
  std::string conninfo = storage::test::fresh_database();
  std::shared_ptr<ports> all_ports = std::make_shared<ports>();
  std::vector<std::unique_ptr<node>> nodes;
  std::vector<caf::actor> others;

  fixture() { storage::migrate(conninfo).value(); }

  ~fixture() {
    for (auto& x : nodes) {
      for (const auto* path : {"/cluster/members", "/cluster/tunnel"})
        x->context->directory.remove("/" + x->name + path, path[9] == 'm' ? x->members : x->tunnel);
      for (const auto& who : {x->members, x->tunnel, x->pool})
        send_exit_now(who, caf::exit_reason::kill);
    }
    for (const auto& x : others)
      send_exit_now(x, caf::exit_reason::kill);
    self->await_all_other_actors_done();
  }

  node& add(const std::string& name, bool with_tunnel = true) {
    auto& out = *nodes.emplace_back(std::make_unique<node>());
    out.name = name;
    out.tag = "bpci/" + name + std::to_string(nodes.size());
    storage::pg_pool_options how;
    how.conninfo = conninfo;
    how.size = 2;
    how.application_name = out.tag;
    out.pool = sys.spawn<storage::pg_pool_actor>(how);
    if (with_tunnel) {
      out.tunnel = sys.spawn(play_tunnel, all_ports, std::vector<std::string>{"aa"});
      out.context->directory.put("/" + name + "/cluster/tunnel", out.tunnel);
    }
    start(out);
    return out;
  }

  void start(node& x) {
    members_options how;
    how.me.cluster = "bpci";
    how.me.id = member_id{x.name};
    how.me.link_host = "127.0.0.1";
    how.me.http_address = "127.0.0.1:1";
    how.me.root = "/" + x.name;
    how.node = x.context;
    how.pool = [pool = x.pool, blind = x.blind] { return *blind ? caf::actor{} : pool; };
    how.lease = x.lease;
    how.session_tag = x.tag;
    how.on_fenced = [fenced = x.fenced] { *fenced = true; };
    x.members = sys.spawn<members_actor>(how);
    x.context->directory.put("/" + x.name + "/cluster/members", x.members);
  }

  void add_three() {
    for (const auto* name : {"node-1", "node-2", "node-3"})
      add(name);
    CAF_REQUIRE(eventually([&] { return sql(up) == "3"; }));
    CAF_REQUIRE(eventually([&] { return agents_of(*nodes[0]) == 3 && agents_of(*nodes[2]) == 3; }));
  }

  std::string sql(const std::string& text) { return storage::test::query(conninfo, text); }

  template <class Reply, class Message>
  result<Reply> ask(const caf::actor& who, Message what) {
    result<Reply> out = fail(ec::none);
    self->request(who, 5s, std::move(what))
        .receive([&](const Reply& x) { out = x; }, [&](caf::error& why) { out = from_caf(why); });
    return out;
  }

  std::size_t agents_of(const node& x) {
    auto all = ask<agent_list>(x.members, list_agents{});
    return all ? all->agents.size() : 0;
  }

  std::shared_ptr<told> watch(const node& x) {
    auto out = std::make_shared<told>();
    auto watcher = sys.spawn([out](caf::event_based_actor*) -> caf::behavior {
      return {
          [out](const view_changed& view) {
            auto lock = std::lock_guard{out->mutex};
            out->views.push_back(view);
          },
          [out](const change_seen& change) {
            auto lock = std::lock_guard{out->mutex};
            out->changes.push_back(change.change_no.get());
          },
          [out](const peer_up& peer) {
            auto lock = std::lock_guard{out->mutex};
            out->peers.push_back("up " + peer.id.get());
          },
          [out](const peer_down& peer) {
            auto lock = std::lock_guard{out->mutex};
            out->peers.push_back("down " + peer.id.get());
          },
      };
    });
    others.push_back(watcher);
    caf::send_as(watcher, x.members, watch_members{});
    return out;
  }

  const char* up = "SELECT count(*) FROM member WHERE state = 'up'";
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(cluster_members_actor_tests, fixture)

CAF_TEST(three nodes come up and reach each other) {
  add_three();
  auto heard = watch(*nodes[0]);
  CAF_CHECK(eventually([&] { return heard->heard("up node-2") && heard->heard("up node-3"); }));
  CAF_CHECK(eventually([&] { return heard->live() == 3; }));
  auto probed = [&] {
    auto list = ask<member_list>(nodes[0]->members, list_members{});
    return list && list->members.size() == 3
           && std::ranges::all_of(list->members, [](const auto& x) { return x.connected; })
           && list->view_no >= 6;
  };
  CAF_CHECK(eventually(probed));
  CAF_CHECK(nodes[0]->lease->holds(boot_now()));
  CAF_CHECK_EQUAL(sql("SELECT count(*) FROM suspicion"), "0");
}

CAF_TEST(a node that dies is evicted by the votes of both others within two seconds) {
  add_three();
  auto heard = watch(*nodes[0]);
  auto began = std::chrono::steady_clock::now();
  send_exit_now(nodes[1]->members, caf::exit_reason::kill);
  CAF_CHECK(eventually([&] { return heard->heard("down node-2"); }));
  CAF_CHECK(eventually([&] { return heard->live() == 2; }));
  auto took = std::chrono::steady_clock::now() - began;
  CAF_MESSAGE(
      "evicted after " << std::chrono::duration_cast<std::chrono::milliseconds>(took).count()
                       << " ms");
  CAF_CHECK(took > 900ms);
  auto reason = sql("SELECT reason FROM member WHERE member_id = 'node-2'");
  CAF_CHECK(reason.starts_with("silent: node-1 (heartbeat "));
  CAF_CHECK(reason.find("nobody listens there), node-3 (") != std::string::npos);
  auto list = ask<member_list>(nodes[2]->members, list_members{true});
  CAF_REQUIRE(list.has_value());
  CAF_REQUIRE_EQUAL(list->members.size(), 3u);
  CAF_CHECK(list->members.back().member.state == member_state::dead);
}

CAF_TEST(a node that was declared dead is fenced at its next heartbeat) {
  add("node-1");
  CAF_REQUIRE(eventually([&] { return sql(up) == "1"; }));
  sql("UPDATE member SET state = 'dead'");
  CAF_CHECK(eventually([&] { return nodes[0]->fenced->load(); }));
  CAF_CHECK(!nodes[0]->lease->holds(boot_now()));
}

CAF_TEST(membership that starts again in the same process keeps its incarnation) {
  add_three();
  auto before = nodes[1]->lease->self();
  send_exit_now(nodes[1]->members, caf::exit_reason::kill);
  start(*nodes[1]);
  auto back = [&] { return agents_of(*nodes[0]) == 3 && agents_of(*nodes[1]) == 3; };
  CAF_CHECK(eventually(back));
  CAF_CHECK(nodes[1]->lease->self() == before);
  CAF_CHECK_EQUAL(sql(up), "3");
  CAF_CHECK_EQUAL(sql("SELECT count(*) FROM member"), "3");
}

CAF_TEST(a node that stops leaves and is not suspected) {
  add_three();
  auto heard = watch(*nodes[0]);
  send_exit_now(nodes[1]->members, caf::exit_reason::user_shutdown);
  CAF_CHECK(eventually([&] { return heard->live() == 2; }));
  CAF_CHECK_EQUAL(sql("SELECT state || ' ' || reason FROM member WHERE member_id = 'node-2'"),
                  "left stopped");
  CAF_CHECK(!nodes[1]->fenced->load());
  CAF_CHECK(!nodes[1]->lease->holds(boot_now()));
}

CAF_TEST(a node drains by order and takes part again) {
  add_three();
  auto heard = watch(*nodes[0]);
  auto bare = ask<member_state_set>(nodes[1]->members, drain_member{"ada", ""});
  CAF_CHECK(bare.error().code == ec::invalid_argument);
  auto set = ask<member_state_set>(nodes[1]->members, drain_member{"ada", "a new disk"});
  CAF_CHECK(set == result<member_state_set>{member_state_set{member_state::draining}});
  auto seen = [&] {
    auto lock = std::lock_guard{heard->mutex};
    return !heard->views.empty() && heard->views.back().live[1].state == member_state::draining
           && heard->views.back().live[1].reason == "drained by ada: a new disk";
  };
  CAF_CHECK(eventually(seen));
  auto back = ask<member_state_set>(nodes[1]->members, undrain_member{"ada", "done"});
  CAF_CHECK(back == result<member_state_set>{member_state_set{member_state::up}});
}

CAF_TEST(new certificates are answered when the row has them and whoever reads sees them) {
  add_three();
  auto written = ask<certificates_written>(nodes[1]->members, certificates_changed{{"bb", "aa"}});
  CAF_CHECK(written.has_value());
  auto read = ask<view_changed>(nodes[0]->members, read_members{});
  CAF_REQUIRE(read.has_value());
  CAF_CHECK((read->live[1].certificates == std::vector<std::string>{"bb", "aa"}));
}

CAF_TEST(a node without a tunnel is up alone and a second one stays joining) {
  add("node-1", false);
  CAF_CHECK(eventually([&] { return sql(up) == "1"; }));
  add("node-2", false);
  CAF_CHECK(eventually([&] { return sql("SELECT count(*) FROM member") == "2"; }));
  std::this_thread::sleep_for(1s);
  CAF_CHECK_EQUAL(sql("SELECT state FROM member WHERE member_id = 'node-2'"), "joining");
  for (auto& x : nodes) {
    x->tunnel = sys.spawn(play_tunnel, all_ports, std::vector<std::string>{"aa"});
    x->context->directory.put("/" + x->name + "/cluster/tunnel", x->tunnel);
  }
  CAF_CHECK(eventually([&] { return sql(up) == "2"; }));
}

CAF_TEST(a tunnel that starts again is told to open the port) {
  add_three();
  auto& at = *nodes[1];
  send_exit_now(at.tunnel, caf::exit_reason::kill);
  at.tunnel = sys.spawn(play_tunnel, all_ports, std::vector<std::string>{"cc"});
  at.context->directory.put("/" + at.name + "/cluster/tunnel", at.tunnel);
  CAF_CHECK(eventually(
      [&] { return sql("SELECT certificates FROM member WHERE member_id = 'node-2'") == "{cc}"; }));
}

CAF_TEST(while all are blind leases lapse and when they see again nobody was evicted) {
  add_three();
  for (auto& x : nodes)
    *x->blind = true;
  CAF_CHECK(eventually([&] {
    return std::ranges::none_of(nodes, [](auto& x) { return x->lease->holds(boot_now()); });
  }));
  CAF_CHECK(!ask<view_changed>(nodes[0]->members, read_members{}).has_value());
  std::this_thread::sleep_for(2s);
  *nodes[0]->blind = false;
  std::this_thread::sleep_for(1'500ms);
  for (auto& x : nodes)
    *x->blind = false;
  CAF_CHECK(eventually([&] {
    return std::ranges::all_of(nodes, [](auto& x) { return x->lease->holds(boot_now()); });
  }));
  CAF_CHECK_EQUAL(sql(up), "3");
}

CAF_TEST(a probe for another member is answered by whoever reaches it) {
  add_three();
  auto agents = ask<agent_list>(nodes[0]->members, list_agents{});
  CAF_REQUIRE(agents.has_value());
  auto target = nodes[2]->lease->self();
  auto answer = ask<probe_answer>(agents->agents[1].agent, probe_for_me{target});
  CAF_REQUIRE(answer.has_value());
  CAF_CHECK(answer->incarnation == target);
  auto nobody = ask<probe_answer>(agents->agents[1].agent, probe_for_me{incarnation{99}});
  CAF_CHECK(nobody.error().code == ec::unavailable);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::cluster
