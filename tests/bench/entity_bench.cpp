#include "entity_bench.hpp"

#include "runtime/actor/actor_config.hpp"
#include "runtime/entity/call.hpp"
#include "runtime/entity/durable.hpp"
#include "runtime/entity/entities_actor.hpp"
#include "runtime/entity/entity_store.hpp"
#include "runtime/entity/memory.hpp"
#include "runtime/entity/slot_of.hpp"
#include "runtime/storage/pg_pool_actor.hpp"
#include "runtime/supervision/supervisor_actor.hpp"
#include "runtime/time/clock.hpp"

#include <caf/all.hpp>
#include <pqxx/connection>
#include <pqxx/nontransaction>

#include <atomic>
#include <malloc.h>
#include <stdexcept>
#include <thread>
#include <vector>

namespace bpci::bench {

namespace {

struct number {
  std::int64_t value = 0;
};
BPCI_MESSAGE(number, value)

struct read_number {};
BPCI_MESSAGE(read_number)

struct benched {
  static constexpr std::string_view kind = "benched";
  static constexpr std::uint32_t schema = 1;
  using state = number;
  using commands = boost::mp11::mp_list<number>;
  using questions = boost::mp11::mp_list<read_number>;

  static result<number> on(state& s, const number& x, entity::context&) {
    s.value += x.value;
    return s;
  }
  static result<number> on(const state& s, const read_number&) { return s; }
};

std::string id_of(slots::epoch_no epoch, std::size_t n) {
  return std::to_string(epoch.get()) + "-entity-" + std::to_string(n);
}

struct tenant {
  incarnation self;
  slots::epoch_no epoch;
};

/// A member that owns every slot.
tenant take_over(const std::string& conninfo) {
  pqxx::connection connection{conninfo};
  pqxx::nontransaction session{connection};
  session.exec("UPDATE member SET state = 'dead' WHERE member_id = 'bench'");
  auto who = session.exec1("INSERT INTO member (member_id, link_host, link_port, http_address, "
                           "state) VALUES ('bench', '127.0.0.1', 1, '127.0.0.1:1', 'up') "
                           "RETURNING incarnation");
  auto owner = who[0].as<std::uint64_t>();
  session.exec_params("UPDATE slot SET owner = $1, epoch = (SELECT max(epoch) FROM slot) + 1",
                      owner);
  auto epoch = session.exec1("SELECT max(epoch) FROM slot")[0].as<std::uint64_t>();
  return {incarnation{owner}, slots::epoch_no{epoch}};
}

// -- the fence -----------------------------------------------------------------------

/// The same function without its first statement, in a schema that is searched first.
void make_unfenced(const std::string& conninfo) {
  pqxx::connection connection{conninfo};
  pqxx::nontransaction session{connection};
  auto text = session.exec1("SELECT pg_get_functiondef('public.entity_commit'::regproc)")[0]
                  .as<std::string>();
  auto replace = [&](std::string_view from, std::string_view to) {
    auto at = text.find(from);
    if (at == std::string::npos) throw std::logic_error("entity_commit has changed");
    text.replace(at, from.size(), to);
  };
  replace("FUNCTION public.", "FUNCTION unfenced.");
  replace("PERFORM 1 FROM slot WHERE slot = my_slot AND epoch = my_epoch AND owner = me FOR SHARE",
          "PERFORM 1");
  session.exec("CREATE SCHEMA IF NOT EXISTS unfenced");
  session.exec(text);
}

/// One connection with entities of its own.
class writer {
public:
  writer(const std::string& conninfo, tenant as, std::size_t first, std::size_t count)
      : connection_(conninfo), as_(as), first_(first), versions_(count) {}

  /// Commits until `until`; how often.
  std::uint64_t run(std::chrono::steady_clock::time_point until) {
    std::uint64_t count = 0;
    for (; steady_now() < until; ++count)
      commit(next_++ % versions_.size());
    return count;
  }

private:
  void commit(std::size_t which) {
    auto who = entity::entity_ref{"benched", id_of(as_.epoch, first_ + which)};
    entity::batch what;
    what.known = versions_[which];
    what.added = 1;
    what.state = codec::to_msgpack(number{});
    auto& command = what.commands.emplace_back();
    command.key = "key-" + std::to_string(what.known);
    command.name = "number";
    command.response = bytes(16);
    command.version = what.known + 1;
    pqxx::work tx{connection_};
    auto as = entity::tenure{entity::slot_of(who), as_.epoch, as_.self};
    auto outcome = entity::store::commit(tx, as, who, 1, what, nullptr);
    if (outcome.how != entity::commit_end::done) throw std::logic_error("not committed");
    tx.commit();
    ++versions_[which];
  }

  pqxx::connection connection_;
  tenant as_;
  std::size_t first_;
  std::vector<std::uint64_t> versions_;
  std::size_t next_ = 0;
};

/// Transactions a second of all writers together, in one turn.
double one_turn(std::vector<std::unique_ptr<writer>>& writers, std::chrono::milliseconds length) {
  std::atomic<std::uint64_t> count{0};
  std::vector<std::thread> threads;
  auto until = steady_now() + length;
  for (auto& x : writers)
    threads.emplace_back([&] { count += x->run(until); });
  for (auto& x : threads)
    x.join();
  return static_cast<double>(count) * 1'000 / static_cast<double>(length.count());
}

std::vector<std::unique_ptr<writer>> make_writers(const std::string& conninfo, tenant as,
                                                  const fence_load& load, std::size_t first) {
  std::vector<std::unique_ptr<writer>> out;
  auto each = load.entities / load.connections;
  for (std::size_t i = 0; i < load.connections; ++i)
    out.push_back(std::make_unique<writer>(conninfo, as, first + i * each, each));
  return out;
}

// -- idle ones -----------------------------------------------------------------------

struct node {
  actor_config config;
  caf::actor_system system{config};
  std::shared_ptr<entity::entity_context> shared = std::make_shared<entity::entity_context>();
  slots::epoch_no epoch;
  caf::actor pool, actors, host;

  node(const std::string& conninfo, tenant as) : epoch(as.epoch) {
    auto kinds = std::make_shared<entity::kinds>();
    kinds->add(entity::make_kind<benched>());
    shared->node = std::make_shared<supervision::node_context>();
    shared->root = "/node-1";
    shared->kinds = kinds;
    shared->slots = std::make_shared<slots::slot_table>();
    shared->lease = std::make_shared<cluster::lease>(std::chrono::hours{1});
    shared->lease->begin(as.self);
    shared->lease->renew(boot_now());
    shared->settings.idle_after = std::chrono::hours{1};
    for (std::uint16_t i = 0; i < slots::slot_count; ++i)
      shared->slots->set({slots::slot_no{i}, as.epoch, as.self, false, {}}, true);
    storage::pg_pool_options how;
    how.conninfo = conninfo;
    pool = system.spawn<storage::pg_pool_actor>(how);
    put(entity::path::pool, pool);
    actors = supervision::spawn_supervisor(system, shared->root + std::string{entity::path::actors},
                                           {}, shared->node);
    put(entity::path::actors, actors);
    host = system.spawn<entity::entities_actor>(shared);
  }

  ~node() {
    for (const auto& x : {host, actors, pool})
      send_exit_now(x, caf::exit_reason::user_shutdown);
  }

  void put(std::string_view at, const caf::actor& who) {
    shared->node->directory.put(shared->root + std::string{at}, who);
  }

  /// Asks each of them once, some at the same time.
  void ask_all(std::size_t first, std::size_t count) {
    constexpr std::size_t at_once = 200;
    constexpr auto answer_max = std::chrono::seconds{10};
    caf::scoped_actor self{system};
    for (std::size_t done = 0; done < count; done += at_once) {
      auto here = std::min(at_once, count - done);
      using handle = decltype(self->request(host, answer_max, entity::routed_command{}));
      std::vector<handle> handles;
      for (std::size_t i = 0; i < here; ++i) {
        auto what =
            entity::make_command({"benched", id_of(epoch, first + done + i)}, {}, read_number{});
        handles.push_back(
            self->request(host, answer_max, entity::routed_command{std::move(what), {}, {}, 0}));
      }
      for (auto& x : handles)
        x.receive([](const entity::response&) {},
                  [&](const caf::error& why) { throw std::runtime_error(caf::to_string(why)); });
    }
  }
};

} // namespace

fence_rates measure_fence(const std::string& conninfo, const fence_load& load) {
  auto as = take_over(conninfo);
  make_unfenced(conninfo);
  auto fenced = make_writers(conninfo, as, load, 0);
  auto unfenced =
      make_writers(conninfo + " options='-c search_path=unfenced,public'", as, load, load.entities);
  fence_rates out;
  for (std::size_t i = 0; i < load.turns; ++i) {
    out.fenced += one_turn(fenced, load.turn) / static_cast<double>(load.turns);
    out.unfenced += one_turn(unfenced, load.turn) / static_cast<double>(load.turns);
  }
  return out;
}

idle_cost measure_idle(const std::string& conninfo, std::size_t entities) {
  constexpr std::size_t warm_up = 2'000;
  // CAF keeps the timer of a request that was answered until it would have run out.
  constexpr auto timers_max = std::chrono::seconds{12};
  node here{conninfo, take_over(conninfo)};
  here.ask_all(0, warm_up);
  entity::give_back_memory();
  auto heap = [] { return static_cast<double>(mallinfo2().uordblks); };
  auto resident = [] { return static_cast<double>(entity::resident_bytes()); };
  auto heap_before = heap();
  auto resident_before = resident();
  auto begin = steady_now();
  here.ask_all(warm_up, entities);
  auto took = std::chrono::duration<double>(steady_now() - begin).count();
  std::this_thread::sleep_for(timers_max);
  entity::give_back_memory(); // of the requests that are over
  auto count = static_cast<double>(entities);
  return {entities, (resident() - resident_before) / count, (heap() - heap_before) / count,
          count / took};
}

} // namespace bpci::bench
