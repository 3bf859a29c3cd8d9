#include "stage.hpp"

#include "messages/codec/json.hpp"

#include <array>
#include <csignal>

namespace bpci::chaos {

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

/// The goal after a node is gone, and what the same takes where more has to come back.
constexpr auto failover_bound = 5'000ms;
constexpr auto return_bound = 15'000ms;
constexpr auto whole_max = 90'000ms;
constexpr auto postgres_max = 60'000ms;

constexpr auto slow_by = 100ms;
constexpr int hours_max = 48;

/// Whose end nobody outside may notice for long.
constexpr std::array services = {"/entities/router", "/entities/host",  "/entities/outbox",
                                 "/entities/timers", "/cluster/slots",  "/oracle/relay",
                                 "/oracle/registry", "/oracle/doorman", "/gateway/api"};

} // namespace

void stage::mark_from(instant from, const std::string& what, std::optional<milliseconds> bound) {
  marks.push_back({what, from, bound});
}

void stage::mark(const std::string& what, std::optional<milliseconds> bound) {
  say(what);
  mark_from(steady_clock::now(), what, bound);
}

probe_client stage::make_client() {
  return {load.how().nodes, load.how().token, luck_.next()};
}

std::size_t stage::an_owner() {
  return std::max<std::size_t>(cluster.owner_of("probe", load.entity_names().front()), 1);
}

bool stage::kill_actor(std::size_t by, const std::string& path) {
  const boost::json::object body{{"path", path}, {"reason", "chaos"}};
  const auto got = cluster.call(by, "POST", "/api/v1/actors/kill", codec::to_text(body));
  return got && got->status == 200;
}

void stage::kill_some_actor(std::size_t number) {
  const auto root = "/" + cluster.node(number).id;
  const auto choice = luck_.below(2 * services.size());
  auto path = root;
  if (choice < services.size()) {
    path += services[choice];
  } else {
    const auto names = load.entity_names();
    const auto& entity = names[luck_.below(names.size())];
    const auto owner = cluster.owner_of("probe", entity);
    if (owner == 0) return say("kill-actor: nobody owns " + entity);
    path = "/" + cluster.node(owner).id + "/entities/actors/probe:" + entity;
  }
  const auto asked = luck_.below(cluster.size()) + 1;
  mark("kill " + path, failover_bound);
  if (!kill_actor(asked, path)) say("  it was not there");
}

/// Partitions, with or without the database.
void stage::cut_off(const planned_fault& x) {
  const auto& id = cluster.node(x.target).id;
  auto* net = cluster.network();
  if (x.what == fault::one_way_partition) {
    mark("what " + id + " sends to the others vanishes", std::nullopt);
    for (std::size_t other = 1; other <= cluster.size(); ++other)
      if (other != x.target) net->cut(x.target, other);
  } else {
    mark(id + " is cut off from the others"
             + (x.what == fault::isolate ? " and from the database" : ""),
         std::nullopt);
    if (x.what == fault::isolate) cluster.node(x.target).database->set_mode(tcp_proxy::mode::stall);
    net->isolate(x.target);
  }
  sleep(x.lasts);
  net->heal();
  cluster.node(x.target).database->set_mode(tcp_proxy::mode::pass);
  mark("the network is whole again", return_bound);
}

void stage::hamper_database(const planned_fault& x) {
  auto& way = *cluster.node(x.target).database;
  const auto& id = cluster.node(x.target).id;
  const auto slow = x.what == fault::slow_database;
  mark(id + (slow ? " has a slow database" : " loses the database and keeps its peers"),
       std::nullopt);
  if (slow)
    way.set_delay(slow_by);
  else
    way.set_mode(tcp_proxy::mode::stall);
  sleep(x.lasts);
  way.set_delay(0ms);
  way.set_mode(tcp_proxy::mode::pass);
  mark(id + " has its database again", return_bound);
}

/// kill -9, or a stop in good order, and a start.
void stage::take_down(const planned_fault& x) {
  const auto& id = cluster.node(x.target).id;
  const auto killed = x.what == fault::kill_node;
  mark((killed ? "kill -9 " : "SIGTERM ") + id, failover_bound);
  cluster.end(x.target, killed ? SIGKILL : SIGTERM);
  sleep(x.lasts);
  say(id + " is started");
  cluster.launch(x.target);
}

void stage::freeze(const planned_fault& x) {
  const auto& id = cluster.node(x.target).id;
  mark("SIGSTOP " + id, std::nullopt);
  cluster.freeze(x.target);
  sleep(x.lasts);
  cluster.thaw(x.target);
  mark("SIGCONT " + id, return_bound);
}

void stage::crash_database(const planned_fault& x) {
  auto& database = cluster.database();
  mark("PostgreSQL crashes", std::nullopt);
  database.crash(x.lasts > 0ms);
  sleep(x.lasts);
  database.start();
  cluster.wait_for(postgres_max, [&] { return database.running(); });
  say("PostgreSQL is up");
  mark_from(database.ready_at(), "PostgreSQL is up", failover_bound);
}

void stage::fill_disk(const planned_fault& x) {
  mark("the disk of the database is full", std::nullopt);
  cluster.database().fill_disk();
  sleep(x.lasts);
  cluster.database().free_disk();
  mark("the disk has space again", 2 * return_bound);
}

void stage::shift_clock(const planned_fault& x) {
  const auto& id = cluster.node(x.target).id;
  const auto hours = static_cast<int>(luck_.below(2 * hours_max)) - hours_max;
  mark("the clock of " + id + " is wrong by " + std::to_string(hours) + " hours", failover_bound);
  cluster.shift_clock(x.target, hours);
  sleep(x.lasts);
  cluster.shift_clock(x.target, 0);
  mark("the clock of " + id + " is right again", failover_bound);
}

void stage::play(const planned_fault& x) {
  switch (x.what) {
  case fault::kill_actor:
    return kill_some_actor(x.target);
  case fault::kill_node:
  case fault::restart_node:
    return take_down(x);
  case fault::stop_node:
    return freeze(x);
  case fault::partition:
  case fault::one_way_partition:
  case fault::isolate:
    return cut_off(x);
  case fault::lose_database:
  case fault::slow_database:
    return hamper_database(x);
  case fault::restart_postgres:
    return crash_database(x);
  case fault::fill_disk:
    return fill_disk(x);
  case fault::shift_clock:
    return shift_clock(x);
  }
}

void stage::make_whole() {
  if (auto* net = cluster.network()) net->heal();
  cluster.database().free_disk();
  cluster.database().start();
  for (std::size_t i = 1; i <= cluster.size(); ++i) {
    auto& x = cluster.node(i);
    x.database->set_delay(0ms);
    x.database->set_mode(tcp_proxy::mode::pass);
    cluster.shift_clock(i, 0);
    if (x.frozen) cluster.thaw(i);
    if (!x.wanted) cluster.launch(i);
  }
  if (cluster.wait_until_whole(whole_max)) return say("the cluster is whole");
  check('T', false, "the cluster does not become whole again");
}

} // namespace bpci::chaos
