#pragma once

#include "actors/consensus/engine_actor.hpp"
#include "actors/consensus/evidence_actor.hpp"
#include "actors/consensus/marker.hpp"
#include "actors/consensus/sync_actor.hpp"
#include "runtime/actor/actor_config.hpp"
#include "runtime/storage/pg_pool_actor.hpp"
#include "runtime/supervision/supervisor_actor.hpp"
#include "tests/actor/consensus/wire_double.hpp"
#include "tests/unit/consensus/helpers.hpp"
#include "tests/unit/entity/database.hpp"

#include <caf/all.hpp>
#include <caf/test/unit_test.hpp>

#include <thread>

/// Validators in one process, each with a database and a directory of its own, under supervision as
/// in a node. LEDGER, MEMPOOL and PEERS are stand-ins.
namespace bpci::consensus::test {

using namespace std::chrono_literals;
using testing::id_of;

inline const std::string chain_id = "test";

struct validator_node {
  int number = 0;
  entity::test::database db;
  storage::test::temp_dir data;
  std::shared_ptr<context> shared = std::make_shared<context>();
  model_chain_ptr chain;
  std::map<std::string, caf::actor> services;
  caf::actor pool, ledger, peers, live;

  [[nodiscard]] bool restored() const { return chain->was_restored; }
};

struct cluster_fixture {
  actor_config cfg;
  caf::actor_system sys{cfg};
  caf::scoped_actor self{sys};
  std::shared_ptr<wire> net = std::make_shared<wire>();
  std::map<int, std::unique_ptr<validator_node>> nodes;
  std::uint8_t last_transaction = 0;

  ~cluster_fixture() {
    for (auto& [n, x] : nodes)
      stop(n);
    for (auto& [n, x] : nodes)
      for (const auto& who : {x->ledger, x->peers, x->pool})
        send_exit_now(who, caf::exit_reason::user_shutdown);
    self->await_all_other_actors_done();
    net->clear();
    for (auto& [n, x] : nodes)
      for (const auto& [at, who] : x->services)
        x->shared->node->directory.remove(at, who);
  }

  /// `set`: how many validators the chain has; a node of a higher number only follows.
  void add(int n, int set, sync_settings sync = {}) {
    auto x = std::make_unique<validator_node>();
    x->number = n;
    auto& how = *x->shared;
    how.node = std::make_shared<supervision::node_context>();
    how.root = "/n" + std::to_string(n);
    how.how.chain_id = chain_id;
    how.how.round_base = 400ms;
    how.how.round_max = 2s;
    how.keys = std::make_shared<testing::fake_signer>(n);
    how.hold = {slots::slot_no{17}, x->db.epoch, x->db.self};
    how.data_dir = x->data.path();
    how.sync = sync;
    x->chain = std::make_shared<model_chain>(chain_id, testing::validators(set));
    storage::pg_pool_options pool;
    pool.conninfo = x->db.dsn;
    pool.size = 2;
    x->pool = sys.spawn<storage::pg_pool_actor>(pool);
    x->ledger = sys.spawn<ledger_double>(x->chain);
    x->peers = sys.spawn<peers_double>(net, x->shared);
    put(*x, path::pool, x->pool);
    put(*x, chain::path::ledger, x->ledger);
    put(*x, chain::path::mempool, x->ledger);
    put(*x, chain::path::peers, x->peers);
    net->add(id_of(n), {x->shared, x->chain});
    nodes.emplace(n, std::move(x));
    start(n);
  }
  void add_all(int n) {
    for (auto i = 1; i <= n; ++i)
      add(i, n);
  }

  static void put(validator_node& x, std::string_view at, const caf::actor& who) {
    auto where = x.shared->root + std::string{at};
    x.services.insert_or_assign(where, who);
    x.shared->node->directory.put(where, who);
  }

  template <class Actor>
  supervision::child_spec child(const std::string& id, const context_ptr& shared) {
    return {.id = id,
            .type = id,
            .spawn = [shared](const supervision::spawn_context& in) -> result<caf::actor> {
              return in.system.spawn<Actor>(shared);
            }};
  }

  /// As KEEPER does.
  void start(int n) {
    auto& x = *nodes.at(n);
    supervision::supervisor_options how, instances;
    how.rules.intensity.max_restarts = instances.rules.intensity.max_restarts = 10'000;
    how.rules.backoff.max = instances.rules.backoff.max = 100ms;
    how.children = {child<evidence_actor>("evidence", x.shared),
                    supervision::supervisor_child("instances", instances),
                    child<engine_actor>("engine", x.shared), child<sync_actor>("sync", x.shared)};
    x.live = supervision::spawn_supervisor(sys, x.shared->root + std::string{chain::path::live},
                                           std::move(how), x.shared->node);
  }
  void stop(int n) {
    auto& x = *nodes.at(n);
    if (!x.live) return;
    self->monitor(x.live);
    send_exit_now(x.live, caf::exit_reason::user_shutdown);
    self->receive([](const caf::down_msg&) {});
    x.live = nullptr;
  }

  /// A new transaction, told to these.
  void decide(const std::vector<int>& whom) {
    ++last_transaction;
    for (auto n : whom)
      caf::anon_send(nodes.at(n)->ledger, new_transaction{{last_transaction, 1}});
  }
  [[nodiscard]] bool has_last(int n) const {
    return nodes.at(n)->chain->has({last_transaction, 1});
  }
  [[nodiscard]] bool all_have_last(const std::vector<int>& whom) const {
    return std::ranges::all_of(whom, [&](int n) { return has_last(n); });
  }
  [[nodiscard]] std::uint64_t height_of(int n) const { return nodes.at(n)->chain->height_now(); }

  /// For half a minute at most.
  static bool eventually(const std::function<bool()>& ready) {
    for (auto i = 0; i < 3'000; ++i) {
      if (ready()) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }

  /// What is final in both is the same.
  [[nodiscard]] bool agree(int a, int b) const {
    auto common = std::min(height_of(a), height_of(b));
    for (std::uint64_t at = 0; at <= common; ++at) {
      auto x = nodes.at(a)->chain->past_at(at), y = nodes.at(b)->chain->past_at(at);
      if (x && y && x->id != y->id) return false; // a snapshot has not all of them
    }
    return true;
  }

  bool kill(int n, std::string_view where) {
    auto who = nodes.at(n)->shared->find(where);
    if (who) send_exit_now(who, caf::exit_reason::kill);
    return who != nullptr;
  }

  /// The INSTANCE that is at work, or one that will be.
  [[nodiscard]] std::string instance_of(int n) const {
    return std::string{chain::path::instances} + "/h-" + std::to_string(height_of(n) + 1);
  }

  std::optional<chain::engine_status> status(int n) {
    auto engine = nodes.at(n)->shared->find(chain::path::engine);
    std::optional<chain::engine_status> out;
    if (!engine) return out;
    self->request(engine, 5s, chain::get_engine{})
        .receive([&](const chain::engine_status& x) { out = x; }, [](const caf::error&) {});
    return out;
  }
  /// Between two heights there is no instance that could say, so one look may see nothing.
  bool shows(int n, const std::function<bool(const chain::engine_status&)>& what) {
    return eventually([&] {
      auto now = status(n);
      return now && what(*now);
    });
  }
};

} // namespace bpci::consensus::test
