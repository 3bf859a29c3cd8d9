#include "scenarios.hpp"

#include "gateways/http/client.hpp"
#include "late_commit.hpp"
#include "messages/codec/json.hpp"

#include <algorithm>
#include <csignal>
#include <future>

namespace bpci::chaos {

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

// Bounds of docs/chaos.md.
constexpr auto failover_bound = 5'000ms;
constexpr auto postgres_bound = 2'000ms;
constexpr auto disk_bound = 30'000ms;
constexpr auto whole_start_bound = 15'000ms;
constexpr auto disk_full_half = 4'000ms;
constexpr auto kill_answer_bound = 100ms;
constexpr auto resumed_answer_bound = 1'500ms;

constexpr auto before = 3'000ms; ///< of quiet load, ahead of the first fault
constexpr auto after = 2'000ms;  ///< and behind the last
constexpr auto postgres_max = 60'000ms;

constexpr std::uint64_t mib = 1 << 20;

// -- a node ---------------------------------------------------------------------------

void kill_9_owner_under_load(stage& s) {
  s.sleep(before);
  const auto owner = s.an_owner();
  s.mark("kill -9 " + s.cluster.node(owner).id, failover_bound);
  s.cluster.end(owner, SIGKILL);
  s.sleep(failover_bound + after);
  s.say("it is started again");
  s.cluster.launch(owner);
}

constexpr auto commit_held = 4'000ms; ///< longer than it takes until the owner is given up

/// Where the owner's sessions are not ended in time, the lock on the slot's row is all there is.
void commit_that_outlives_its_owner(stage& s) {
  s.sleep(before);
  const std::string entity = "outlived";
  const auto owner = std::max<std::size_t>(s.cluster.owner_of("probe", entity), 1);
  late_commit held{s.cluster.database().dsn(), entity};
  s.check('O', held.outcome() == "done", "the commit was answered with " + held.outcome());
  s.mark("kill -9 " + s.cluster.node(owner).id + ", a commit of which is under way",
         commit_held + failover_bound);
  s.cluster.end(owner, SIGKILL);
  s.sleep(commit_held);
  s.say("it is committed");
  held.commit();
  s.sleep(failover_bound);
  s.cluster.launch(owner);
}

constexpr auto failpoint_max = 20'000ms;

void kill_between_external_send_and_outbox_mark(stage& s) {
  const auto died = s.cluster.wait_for(
      failpoint_max, [&] { return !s.cluster.node(2).environment.contains("BPCI_FAILPOINTS"); });
  s.check('E', died, "node-2 never came to the failpoint outbox-after-send");
  s.mark("node-2 was killed between sending and marking", failover_bound);
  s.sleep(failover_bound + after);
}

void rolling_restart(stage& s, const std::map<std::string, std::string>& environment) {
  for (std::size_t i = 1; i <= s.cluster.size(); ++i) {
    s.mark("SIGTERM " + s.cluster.node(i).id, failover_bound);
    s.cluster.end(i, SIGTERM);
    s.cluster.node(i).environment = environment;
    s.cluster.launch(i);
    s.make_whole();
  }
}

void rolling_restart_under_load(stage& s) {
  s.sleep(before);
  rolling_restart(s, {});
  s.sleep(after);
}

void upgrade_n_to_n_plus_1_to_n_under_load(stage& s) {
  s.sleep(before);
  s.say("to a version that speaks protocols 1 and 2");
  rolling_restart(s, {{"BPCI_FAILPOINTS", "protocol:1-2"}});
  s.say("and back to one that speaks protocol 1");
  rolling_restart(s, {});
  s.sleep(after);
}

constexpr std::size_t churn_cycles = 15;
constexpr auto churn_period = 2'000ms;
constexpr std::int64_t slots = 1'024;

std::int64_t moves_so_far(stage& s) {
  return s.cluster.number_from_database("SELECT count(*) FROM slot_move WHERE to_member <> ''")
      .value_or(0);
}

void join_leave_every_2s_for_a_minute(stage& s) {
  const auto last = s.cluster.size();
  const auto begun = moves_so_far(s);
  auto due = steady_clock::now();
  const auto wait = [&] {
    due += churn_period;
    s.cluster.wait_for(churn_period, [&] { return steady_clock::now() >= due; });
  };
  for (std::size_t i = 0; i < churn_cycles; ++i) {
    s.mark("SIGTERM " + s.cluster.node(last).id, std::nullopt);
    s.cluster.end(last, SIGTERM);
    wait();
    s.cluster.launch(last);
    wait();
  }
  s.make_whole();
  const auto moves = moves_so_far(s) - begun;
  // Each leaving and each joining moves what one node of all should have.
  const auto ideal =
      static_cast<std::int64_t>(2 * churn_cycles) * slots / static_cast<std::int64_t>(last);
  s.check('T', 2 * moves <= 3 * ideal,
          std::to_string(moves) + " moves of slots, at most one and a half times "
              + std::to_string(ideal) + " are allowed");
  s.say(std::to_string(moves)
        + " moves of slots; the least for a balance after each change: " + std::to_string(ideal));
}

// -- an actor ----------------------------------------------------------------------------

/// The commit hangs at a database that is stalled; then the actor that waits for it is ended.
void admin_kill_actor_holding_a_request(stage& s) {
  s.sleep(before);
  const std::string entity = "held";
  auto client = s.make_client();
  operation warm{.entity = entity, .key = "held-0", .by = 1};
  s.check('A', client.add(warm, failover_bound).has_value(), "the actor could not be started");
  const auto owner = std::max<std::size_t>(s.cluster.owner_of("probe", entity), 1);
  const auto other = owner % s.cluster.size() + 1;
  auto& way = *s.cluster.node(owner).database;
  way.set_mode(tcp_proxy::mode::stall);
  attempt held;
  auto waiting = std::async(std::launch::async, [&] {
    const operation what{.entity = entity, .key = "held-1", .by = 1};
    client.add_once(what, owner - 1, failover_bound, held);
  });
  s.sleep(200ms);
  const auto path = "/" + s.cluster.node(owner).id + "/entities/actors/probe:" + entity;
  s.say("kill " + path);
  const auto killed = steady_clock::now();
  s.check('A', s.kill_actor(other, path), path + " could not be ended");
  // Whoever does not say so at once may send the command again; that takes the database.
  const auto at_once = waiting.wait_for(kill_answer_bound) == std::future_status::ready;
  way.set_mode(tcp_proxy::mode::pass);
  const auto resumed = steady_clock::now();
  waiting.wait();
  const auto since = std::chrono::ceil<milliseconds>(held.ended - (at_once ? killed : resumed));
  s.say("it was answered with " + (held.what == outcome::ok ? "success" : held.code) + ", "
        + std::to_string(since.count()) + " ms after "
        + (at_once ? "the actor's end" : "the database was back"));
  s.check('A', held.answered && (held.what == outcome::ok || retryable(code_from_name(held.code))),
          "the request ended with " + held.code);
  s.check('A', at_once || (held.what == outcome::ok && since <= resumed_answer_bound),
          "the request was left waiting");
  s.sleep(after);
}

constexpr std::size_t poison_tries_max = 6;

std::string send_poison(stage& s, std::size_t node) {
  http::header_list headers;
  headers.set("Authorization", "Bearer " + s.cluster.token());
  headers.set("Idempotency-Key", "poison");
  const auto got = http::call(s.cluster.node(node).http_url(), "POST",
                              "/api/v1/probes/poisoned/crash", headers, {}, 10'000ms);
  if (!got) return std::string{name(got.error().code)};
  auto body = codec::parse_json(got->body);
  if (!body || !body->is_object() || !body->as_object().contains("code")) return "nothing";
  return body->at("code").as_string().c_str();
}

void poison_message(stage& s) {
  s.sleep(before);
  auto client = s.make_client();
  const auto add = [&](const std::string& key) {
    operation x{.entity = "poisoned", .key = key, .by = 1};
    return client.add(x, 2 * failover_bound).has_value();
  };
  s.check('A', add("before"), "nothing could be added ahead of the poison");
  std::string said;
  std::size_t tries = 0;
  while (tries < poison_tries_max && said != "quarantined") {
    said = send_poison(s, tries % s.cluster.size() + 1);
    s.say("the poison was answered with " + said);
    ++tries;
    s.check('A', add("meanwhile-" + std::to_string(tries)), "the queue behind the poison stands");
  }
  s.check('A', said == "quarantined", "the poison is not in quarantine");
  s.check('A', send_poison(s, 1) == "quarantined", "the poison was let out of quarantine");
  s.sleep(after);
}

// -- the network ---------------------------------------------------------------------------

void symmetric_partition_database_with_majority(stage& s) {
  s.sleep(before);
  const auto owner = s.an_owner();
  s.mark(s.cluster.node(owner).id + " is cut off from the others and from the database",
         failover_bound);
  s.cluster.node(owner).database->set_mode(tcp_proxy::mode::stall);
  s.cluster.network()->isolate(owner);
  s.sleep(failover_bound + after);
  s.cluster.network()->heal();
  s.cluster.node(owner).database->set_mode(tcp_proxy::mode::pass);
  s.mark("the network is whole again", failover_bound);
  s.sleep(failover_bound);
}

constexpr auto watch_pause = 25ms;
constexpr auto watch_within = 500ms;

/// A node without the database must not go on to answer from memory what others have changed.
void node_loses_database_keeps_peers(stage& s) {
  s.sleep(before);
  const auto owner = s.an_owner();
  const auto entity = s.load.entity_names().front();
  std::atomic<bool> over{false};
  auto client = s.make_client();
  auto watching = std::async(std::launch::async, [&] {
    std::vector<reading> seen;
    while (!over) {
      if (auto got = client.read(entity, owner - 1, watch_within)) seen.push_back(std::move(*got));
      std::this_thread::sleep_for(watch_pause);
    }
    return seen;
  });
  s.mark(s.cluster.node(owner).id + " loses the database and keeps its peers", failover_bound);
  s.cluster.node(owner).database->set_mode(tcp_proxy::mode::stall);
  s.sleep(failover_bound + after);
  s.cluster.node(owner).database->set_mode(tcp_proxy::mode::pass);
  s.mark("it has its database again", failover_bound);
  s.sleep(failover_bound);
  over = true;
  s.readings = watching.get();
}

// -- the database ---------------------------------------------------------------------------

std::int64_t deaths_so_far(stage& s) {
  return s.cluster.number_from_database("SELECT count(*) FROM member WHERE state = 'dead'")
      .value_or(-1);
}

void postgres_immediate_restart(stage& s) {
  const auto dead = deaths_so_far(s);
  for (auto down : {0ms, 3'000ms}) {
    s.sleep(before);
    s.mark("PostgreSQL crashes", std::nullopt);
    s.cluster.database().crash(down > 0ms);
    s.sleep(down);
    s.cluster.database().start();
    s.cluster.wait_for(postgres_max, [&] { return s.cluster.database().running(); });
    s.say("PostgreSQL is up");
    s.mark_from(s.cluster.database().ready_at(), "PostgreSQL is up", postgres_bound);
    s.sleep(failover_bound);
  }
  const auto died = deaths_so_far(s) - dead;
  s.check('T', died == 0, std::to_string(died) + " nodes were evicted while PostgreSQL was away");
}

void postgres_disk_full_then_freed(stage& s) {
  s.sleep(before);
  s.mark("the disk of the database is full", std::nullopt);
  s.cluster.database().fill_disk();
  s.sleep(disk_full_half);
  s.say("the log of the database needs more space");
  s.cluster.database().switch_log();
  const auto crashed = s.cluster.wait_for(
      disk_full_half, [&] { return !s.cluster.number_from_database("SELECT 1"); });
  s.say(crashed ? "PostgreSQL has crashed" : "PostgreSQL has found space for it");
  s.sleep(disk_full_half);
  s.cluster.database().free_disk();
  s.mark("the disk has space again", disk_bound);
  s.cluster.wait_for(disk_bound, [&] { return s.cluster.is_whole(); });
  s.sleep(after);
}

// -- more than that ----------------------------------------------------------------------------

constexpr std::size_t floods = 4;
constexpr std::size_t flood_rate = 150;
constexpr std::size_t flood_body = 64 * 1024;
constexpr auto flood_lasts = 8'000ms;
constexpr auto flood_drain_max = 5'000ms;

void flood_a_stopped_peer(stage& s) {
  std::vector<std::unique_ptr<message_load>> all;
  for (std::size_t i = 0; i < floods; ++i) {
    message_load_options how{.from = make_bpi_identity("flood-" + std::to_string(i)),
                             .to = make_bpi_identity("flooded-" + std::to_string(i)),
                             .from_urls = {s.cluster.node(1).socket_url()},
                             .to_urls = {s.cluster.node(2).socket_url()},
                             .per_second = flood_rate,
                             .body_bytes = flood_body};
    for (const auto& who : {how.from, how.to})
      s.cluster.call(1, "POST", "/api/v1/oracle/nodes/register", registration_of(who));
    all.push_back(std::make_unique<message_load>(std::move(how)));
  }
  s.sleep(before);
  for (auto& x : all)
    x->begin();
  s.sleep(before);
  s.mark("SIGSTOP node-2, at which four BPI nodes are flooded", std::nullopt);
  s.cluster.freeze(2);
  s.sleep(flood_lasts);
  s.cluster.thaw(2);
  s.mark("SIGCONT node-2", 3 * failover_bound);
  // Nothing waits for it to be drained but the clients.
  auto draining = std::async(std::launch::async, [&] {
    for (auto& x : all)
      for (auto& one : x->finish(flood_drain_max))
        s.messages.push_back(std::move(one));
  });
  s.cluster.wait_for(floods * flood_drain_max + after,
                     [&] { return draining.wait_for(0ms) == std::future_status::ready; });
  draining.wait();
  s.sleep(after);
}

void kill_all_nodes_and_postgres_then_restart(stage& s) {
  s.sleep(before);
  s.mark("kill -9 every node, and PostgreSQL crashes", std::nullopt);
  s.cluster.database().crash(true);
  for (std::size_t i = 1; i <= s.cluster.size(); ++i)
    s.cluster.end(i, SIGKILL);
  s.sleep(1'000ms);
  s.mark("everything is started", whole_start_bound);
  s.cluster.database().start();
  for (std::size_t i = 1; i <= s.cluster.size(); ++i)
    s.cluster.launch(i);
  s.cluster.wait_for(whole_start_bound, [&] { return s.cluster.is_whole(); });
  s.sleep(after);
}

constexpr std::uint64_t small_disk = 448 * mib;

std::vector<scenario> make_scenarios() {
  return {
      {.name = "kill_9_owner_under_load",
       .number = 1,
       .summary = "kill -9 of a node that owns what the clients write to",
       .invariants = "LEOAT",
       .play = kill_9_owner_under_load,
       .is_short = true},
      {.name = "kill_between_external_send_and_outbox_mark",
       .number = 5,
       .summary = "a node dies when an effect is sent and not yet noted as sent",
       .invariants = "E",
       .play = kill_between_external_send_and_outbox_mark,
       .is_short = true,
       .environment = {{2, {{"BPCI_FAILPOINTS", "outbox-after-send:kill@25"}}}}},
      {.name = "admin_kill_actor_holding_a_request",
       .number = 6,
       .summary = "an admin ends an actor in the middle of a commit",
       .invariants = "A",
       .play = admin_kill_actor_holding_a_request,
       .is_short = true},
      {.name = "poison_message",
       .number = 8,
       .summary = "a command that crashes its actor each time",
       .invariants = "A",
       .play = poison_message},
      {.name = "symmetric_partition_database_with_majority",
       .number = 9,
       .summary = "a node is alone, the others have the database",
       .invariants = "LEOT",
       .play = symmetric_partition_database_with_majority,
       .needs_network = true,
       .is_short = true},
      {.name = "node_loses_database_keeps_peers",
       .number = 11,
       .summary = "the way of a node to the database is silent",
       .invariants = "O",
       .play = node_loses_database_keeps_peers},
      {.name = "postgres_immediate_restart",
       .number = 12,
       .summary = "PostgreSQL crashes, at once up again and after 3 s",
       .invariants = "LT",
       .play = postgres_immediate_restart,
       .is_short = true},
      {.name = "postgres_disk_full_then_freed",
       .number = 14,
       .summary = "the database's disk is full for 8 s",
       .invariants = "LT",
       .play = postgres_disk_full_then_freed,
       .disk_bytes = small_disk},
      {.name = "flood_a_stopped_peer",
       .number = 16,
       .summary = "38 MB/s of messages to a node that is stopped",
       .invariants = "MA",
       .play = flood_a_stopped_peer,
       .memory_bytes = 384 * mib},
      {.name = "join_leave_every_2s_for_a_minute",
       .number = 17,
       .summary = "a node comes and goes",
       .invariants = "LEO",
       .play = join_leave_every_2s_for_a_minute},
      {.name = "upgrade_n_to_n_plus_1_to_n_under_load",
       .number = 18,
       .summary = "rolling upgrade and back; the same program, told to speak one protocol more",
       .invariants = "LEA",
       .play = upgrade_n_to_n_plus_1_to_n_under_load},
      {.name = "kill_all_nodes_and_postgres_then_restart",
       .number = 20,
       .summary = "everything dies at once",
       .invariants = "LT",
       .play = kill_all_nodes_and_postgres_then_restart},
      {.name = "commit_that_outlives_its_owner",
       .summary = "a transaction of a dead owner is committed in the end",
       .invariants = "O",
       .play = commit_that_outlives_its_owner},
      {.name = "rolling_restart_under_load",
       .summary = "each node stops in good order and comes back",
       .invariants = "LEA",
       .play = rolling_restart_under_load},
  };
}

} // namespace

const std::vector<scenario>& scenarios() {
  static const auto all = make_scenarios();
  return all;
}

const scenario* find_scenario(const std::string& name) {
  const auto found = std::ranges::find(scenarios(), name, &scenario::name);
  return found == scenarios().end() ? nullptr : &*found;
}

scenario random_mix(std::vector<fault> kinds, std::uint64_t seed) {
  const auto has = [&](fault x) { return std::ranges::find(kinds, x) != kinds.end(); };
  scenario out;
  out.name = "random_mix";
  out.summary = "faults of many kinds, one after another, in an order that the seed gives";
  out.invariants = "LEOAMT";
  out.needs_network = has(fault::partition) || has(fault::one_way_partition) || has(fault::isolate);
  out.disk_bytes = has(fault::fill_disk) ? small_disk : 0;
  out.needs_clock = has(fault::shift_clock);
  out.play = [kinds = std::move(kinds), seed](stage& s) {
    const auto begun = steady_clock::now();
    for (const auto& x : make_schedule(seed, s.lasts(), kinds, s.cluster.size())) {
      s.cluster.wait_for(x.at, [&] { return steady_clock::now() >= begun + x.at; });
      s.play(x);
    }
  };
  return out;
}

} // namespace bpci::chaos
