/// `./dev bench cluster`: what a cluster costs and how soon it is back, each figure beside what
/// stands below it. docs/benchmarks.md says how to read the output.

#include "runtime/crypto/keys.hpp"
#include "runtime/log/log.hpp"
#include "runtime/storage/embedded_postgres.hpp"
#include "runtime/storage/migrate.hpp"
#include "tests/bench/entity_bench.hpp"
#include "tests/bench/failover_bench.hpp"
#include "tests/bench/report.hpp"
#include "tests/bench/restart_bench.hpp"
#include "tests/bench/tunnel_bench.hpp"
#include "tests/e2e/process.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <sys/stat.h>

namespace bpci::bench {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using std::chrono::nanoseconds;

/// Both sides of the fence have 32 connections; the rest is for whoever looks.
constexpr std::size_t database_connections = 96;
/// Of each side in a round: short ones, for the disk and the cores have other users.
constexpr std::size_t fence_turns = 8;
constexpr auto fence_turn = 250ms;

constexpr std::size_t tunnel_turns = 3;

/// For a process that measures memory.
constexpr auto memory_max = 300'000ms;
constexpr double bytes_of_state = sizeof(std::int64_t);

constexpr std::size_t quick_rounds = 2;
constexpr std::size_t quick_entities = 20;
constexpr std::size_t quick_restarts = 500;
constexpr std::size_t quick_idle = 10'000;

struct settings {
  std::size_t rounds = 5;
  std::size_t entities = 40;
  std::size_t pace_ms = 50;
  std::size_t restarts = 2'000; ///< a round
  std::size_t idle = 50'000;
  bool quick = false;
  std::vector<std::string> only; ///< empty: all parts
  std::string program;
  std::string out;

  [[nodiscard]] bool wants(const std::string& part) const {
    return only.empty() || std::ranges::find(only, part) != only.end();
  }
};

const std::vector<std::string> parts = {"failover", "restart", "memory", "fence", "tunnel"};

void say(const std::string& what) {
  std::fprintf(stderr, "bench: %s\n", what.c_str());
}

std::string with_digits(double x, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, x);
  return text;
}

fs::path this_program() {
  return fs::read_symlink("/proc/self/exe");
}

double ms(nanoseconds x) {
  return std::chrono::duration<double, std::milli>{x}.count();
}

series one(double x) {
  series out;
  out.add(x);
  return out;
}

double over(double x, double y) {
  return x / y;
}

/// What the parts have to tell.
struct findings {
  section figures{"figures", "bpci", {}};
  section ceilings{"ceilings", "what stands below it, of the same run", {}};
  section ratios{"ratios", "ratios", {}};
};

// -- failover --------------------------------------------------------------------------

struct failover_series {
  std::vector<nanoseconds> all; ///< of all entities and rounds
  series p50, p99, dead, claimed, adds;
  double unexpected = 0, never = 0, miscounted = 0;
  std::map<std::string, std::uint64_t> refusals;
};

void add_round(failover_series& to, failover_round x) {
  to.all.insert(to.all.end(), x.recoveries.begin(), x.recoveries.end());
  to.p50.add(percentile_ms(x.recoveries, 0.50));
  to.p99.add(percentile_ms(x.recoveries, 0.99));
  to.dead.add(ms(x.declared_dead));
  to.claimed.add(ms(x.slots_claimed));
  to.adds.add(static_cast<double>(x.adds));
  to.unexpected += static_cast<double>(x.unexpected);
  to.never += static_cast<double>(x.never);
  to.miscounted += static_cast<double>(x.miscounted);
  for (const auto& [code, count] : x.refusals)
    to.refusals[code] += count;
}

void say_round(const failover_series& all, const failover_round& x) {
  std::string text = "failover, round " + std::to_string(all.p99.values().size()) + ": p99 "
                     + with_digits(all.p99.values().back(), 0) + " ms; declared dead after "
                     + with_digits(ms(x.declared_dead), 0) + " ms, slots claimed after "
                     + with_digits(ms(x.slots_claimed), 0) + " ms;";
  for (const auto& [code, count] : x.refusals)
    text += " " + code + ": " + std::to_string(count);
  say(text);
}

void tell(const failover_series& x, findings& to) {
  auto all = x.all;
  const auto slowest = all.empty() ? 0 : ms(std::ranges::max(all));
  auto& rows = to.figures.rows;
  rows.push_back({"failover_p50_ms", "kill -9 to the first add, all rounds, p50", "ms", 0,
                  one(percentile_ms(all, 0.50))});
  rows.push_back(
      {"failover_p99_ms", "the same, p99 (goal 3000)", "ms", 0, one(percentile_ms(all, 0.99))});
  rows.push_back({"failover_slowest_ms", "the same, the slowest", "ms", 0, one(slowest)});
  rows.push_back({"failover_round_p50_ms", "p50 of a round", "ms", 0, x.p50});
  rows.push_back({"failover_round_p99_ms", "p99 of a round", "ms", 0, x.p99});
  rows.push_back({"failover_adds", "adds acknowledged in a round", "", 0, x.adds});
  rows.push_back(
      {"failover_errors", "errors that no client should see (goal 0)", "", 0, one(x.unexpected)});
  rows.push_back(
      {"failover_never", "entities that did not come back (goal 0)", "", 0, one(x.never)});
  rows.push_back({"failover_miscounted", "entities with an add lost or doubled (goal 0)", "", 0,
                  one(x.miscounted)});
  for (const auto& [code, count] : x.refusals)
    rows.push_back(
        {"failover_refused_" + code, "answers of " + code, "", 0, one(static_cast<double>(count))});
  to.ceilings.rows.push_back(
      {"declared_dead_ms", "kill -9 to the victim's eviction", "ms", 0, x.dead});
  to.ceilings.rows.push_back(
      {"slots_claimed_ms", "kill -9 to the claim of its last slot", "ms", 0, x.claimed});
  to.ratios.rows.push_back({"failover_p99_beyond_claim_ms", "p99 of a round, beyond the last claim",
                            "ms", 0, combine(x.p99, x.claimed, std::minus{})});
}

void measure_failover(const settings& how, findings& to) {
  say("failover: starting three nodes");
  failover_bench nodes{{.program = how.program,
                        .entities = how.entities,
                        .pace = std::chrono::milliseconds{how.pace_ms}}};
  failover_series all;
  for (std::size_t i = 0; i < how.rounds; ++i) {
    auto x = nodes.run_round();
    add_round(all, x);
    say_round(all, x);
  }
  tell(all, to);
}

// -- restarts --------------------------------------------------------------------------

struct restart_series {
  series p50, p99;

  double add(restart_times x) {
    p50.add(percentile_ms(x, 0.50) * 1'000);
    p99.add(percentile_ms(x, 0.99) * 1'000);
    return p99.values().back();
  }
};

void measure_restarts_in_turns(const settings& how, findings& to) {
  restart_series own, bare;
  for (std::size_t i = 0; i < how.rounds; ++i) {
    const auto least = bare.add(measure_bare_restarts(how.restarts));
    const auto ours = own.add(measure_restarts(how.restarts));
    say("restarts, round " + std::to_string(i + 1) + ": p99 " + with_digits(ours, 0)
        + " us, CAF alone " + with_digits(least, 0) + " us");
  }
  to.figures.rows.push_back(
      {"restart_p50_us", "kill to the next one's answer, p50", "us", 0, own.p50});
  to.figures.rows.push_back({"restart_p99_us", "the same, p99 (goal 1000)", "us", 0, own.p99});
  to.ceilings.rows.push_back(
      {"bare_restart_p50_us", "the same by CAF alone, p50", "us", 0, bare.p50});
  to.ceilings.rows.push_back(
      {"bare_restart_p99_us", "the same by CAF alone, p99", "us", 0, bare.p99});
  to.ratios.rows.push_back({"restart_p50_to_bare", "a restart / CAF alone, p50", "", 1,
                            combine(own.p50, bare.p50, over)});
  to.ratios.rows.push_back({"restart_p99_to_bare", "a restart / CAF alone, p99", "", 1,
                            combine(own.p99, bare.p99, over)});
}

// -- entities --------------------------------------------------------------------------

/// An empty, migrated database of a server that is gone with everything in it at the end.
class private_database {
public:
  private_database() : folder_(make_folder()) {
    storage::embedded_options how;
    how.data_dir = folder_ / "postgres";
    how.max_connections = database_connections;
    server_ = storage::embedded_postgres::start(how).value();
    storage::migrate(dsn()).value();
  }
  ~private_database() {
    server_.reset();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  private_database(const private_database&) = delete;
  private_database& operator=(const private_database&) = delete;

  [[nodiscard]] const std::string& dsn() const { return server_->dsn(); }

private:
  static fs::path make_folder() {
    auto pattern = (fs::temp_directory_path() / "bpci-bench-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
    // The unprivileged account of the database passes through.
    ::chmod(pattern.c_str(), 0711);
    return pattern;
  }

  fs::path folder_;
  std::unique_ptr<storage::embedded_postgres> server_;
};

void measure_fence_in_turns(const std::string& dsn, const settings& how, findings& to) {
  fence_load load;
  load.turns = fence_turns;
  load.turn = fence_turn;
  series fenced, unfenced;
  for (std::size_t i = 0; i <= how.rounds; ++i) {
    const auto x = measure_fence(dsn, load);
    if (i == 0) continue; // it has filled the caches
    fenced.add(x.fenced);
    unfenced.add(x.unfenced);
    say("commits, round " + std::to_string(i) + ": " + with_digits(x.fenced, 0) + "/s fenced, "
        + with_digits(x.unfenced, 0) + "/s not");
  }
  to.figures.rows.push_back(
      {"fenced_commits_per_sec", "fenced commits, 32 connections", "/s", 0, fenced});
  to.ceilings.rows.push_back(
      {"unfenced_commits_per_sec", "the same commits without the fence", "/s", 0, unfenced});
  to.ratios.rows.push_back({"fenced_to_unfenced", "fenced commits / unfenced ones (goal 0.80)", "",
                            2, combine(fenced, unfenced, over)});
}

/// This program again, in a process of its own, whose memory nothing else has touched. What it
/// prints.
std::vector<double> measure_apart(std::vector<std::string> words) {
  const auto name = words.front();
  const auto got =
      e2e::run_command({.program = this_program(), .arguments = std::move(words)}, memory_max);
  if (got.exit_code != 0) throw std::runtime_error(name + ": " + got.err);
  std::vector<double> out;
  std::istringstream in{got.out};
  for (double x = 0; in >> x;)
    out.push_back(x);
  return out;
}

void measure_memory(const std::string& dsn, const settings& how, findings& to) {
  const auto count = std::to_string(how.idle);
  say("memory: " + count + " idle entities, then as many bare actors");
  const auto own = measure_apart({"idle-entities", dsn, count});
  const auto bare = measure_apart({"bare-actors", count});
  const auto beyond = one(own.at(0) - bytes_of_state);
  to.figures.rows.push_back({"idle_entity_bytes",
                             "memory of an idle entity beyond its state (goal 2048)", "B", 0,
                             beyond});
  to.figures.rows.push_back({"idle_entity_heap_bytes", "of that, as the allocator counts", "B", 0,
                             one(own.at(1) - bytes_of_state)});
  to.figures.rows.push_back({"activations_per_sec", "entities activated", "/s", 0, one(own.at(2))});
  to.ceilings.rows.push_back({"bare_actor_bytes", "memory of an actor of CAF that holds nothing",
                              "B", 0, one(bare.at(0))});
  to.ratios.rows.push_back({"idle_entity_to_bare_actor", "an idle entity / a bare actor", "", 1,
                            combine(beyond, one(bare.at(0)), over)});
}

void measure_entities(const settings& how, findings& to) {
  private_database database;
  if (how.wants("memory")) measure_memory(database.dsn(), how, to);
  if (how.wants("fence")) measure_fence_in_turns(database.dsn(), how, to);
}

// -- the tunnel ------------------------------------------------------------------------

void measure_tunnel_in_turns(const settings& how, findings& to) {
  series plain, tunnel;
  for (std::size_t i = 1; i <= how.rounds; ++i) {
    const auto x = measure_tunnel({.rounds = tunnel_turns, .round = 1'000ms});
    plain.add(static_cast<double>(x.plain_median()));
    tunnel.add(static_cast<double>(x.tunnel_median()));
    say("tunnel, round " + std::to_string(i) + ": " + std::to_string(x.tunnel_median())
        + " messages/s, without it " + std::to_string(x.plain_median()));
  }
  to.figures.rows.push_back(
      {"tunnel_messages_per_sec", "messages of 200 B between nodes", "/s", 0, tunnel});
  to.ceilings.rows.push_back(
      {"plain_messages_per_sec", "the same over CAF's plain loopback", "/s", 0, plain});
  to.ratios.rows.push_back({"tunnel_to_plain", "through the tunnel / plain loopback (goal 0.80)",
                            "", 2, combine(tunnel, plain, over)});
}

// -- all of it -------------------------------------------------------------------------

void apply_quick(settings& how) {
  if (!how.quick) return;
  how.rounds = std::min(how.rounds, quick_rounds);
  how.entities = std::min(how.entities, quick_entities);
  how.restarts = std::min(how.restarts, quick_restarts);
  how.idle = std::min(how.idle, quick_idle);
}

report run(const settings& how) {
  findings got;
  if (how.wants("failover")) measure_failover(how, got);
  if (how.wants("restart")) measure_restarts_in_turns(how, got);
  if (how.wants("memory") || how.wants("fence")) measure_entities(how, got);
  if (how.wants("tunnel")) measure_tunnel_in_turns(how, got);
  report out;
  out.title = "cluster: " + std::to_string(how.rounds) + " rounds; failover with "
              + std::to_string(how.entities) + " clients, an add every "
              + std::to_string(how.pace_ms) + " ms each; " + std::to_string(how.restarts)
              + " restarts a round; " + std::to_string(how.idle) + " idle entities";
  out.sections = {std::move(got.figures), std::move(got.ceilings), std::move(got.ratios)};
  out.settings = {{"rounds", how.rounds},     {"entities", how.entities}, {"pace_ms", how.pace_ms},
                  {"restarts", how.restarts}, {"idle", how.idle},         {"quick", how.quick},
                  {"program", how.program}};
  return out;
}

int run_and_print(settings how) {
  apply_quick(how);
  if (how.program.empty()) how.program = (this_program().parent_path() / "bpci").string();
  const auto done = run(how);
  print_table(done);
  const auto where = how.out.empty() ? this_program().parent_path().parent_path().parent_path()
                                           / "bench" / "cluster.json"
                                     : fs::path{how.out};
  write_json(done, where).value();
  say("written to " + where.string());
  return 0;
}

int print_idle_entities(const std::string& dsn, std::size_t count) {
  const auto x = measure_idle(dsn, count);
  std::printf("%f %f %f\n", x.resident_bytes, x.heap_bytes, x.per_second);
  return 0;
}

int print_bare_actors(std::size_t count) {
  std::printf("%f\n", measure_bare_actors(count));
  return 0;
}

struct command_line {
  settings how;
  std::string dsn;
  std::size_t count = 0;
  std::function<int()> act = [this] { return run_and_print(how); };
};

void describe(CLI::App& app, command_line& line) {
  auto& how = line.how;
  app.add_option("--rounds", how.rounds)->check(CLI::Range(1, 1'000))->capture_default_str();
  app.add_flag("--quick", how.quick, "fewer of everything: to see that it runs");
  app.add_option("--only", how.only, "parts: failover restart memory fence tunnel")
      ->check(CLI::IsMember(parts));
  app.add_option("--entities", how.entities, "of the node that is killed, a client each")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  app.add_option("--pace-ms", how.pace_ms, "between two adds of a client")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  app.add_option("--restarts", how.restarts, "in a round")
      ->check(CLI::Range(10, 1'000'000))
      ->capture_default_str();
  app.add_option("--idle", how.idle, "entities whose memory is measured")
      ->check(CLI::Range(1'000, 1'000'000))
      ->capture_default_str();
  app.add_option("--program", how.program, "the node that is killed; the bpci beside this program");
  app.add_option("--out", how.out, "where the figures go; build/bench/cluster.json if not given");
  // What the program starts of itself.
  auto* idle = app.add_subcommand("idle-entities")->group("");
  idle->add_option("dsn", line.dsn)->required();
  idle->add_option("count", line.count)->required();
  idle->callback(
      [&line] { line.act = [&line] { return print_idle_entities(line.dsn, line.count); }; });
  auto* bare = app.add_subcommand("bare-actors")->group("");
  bare->add_option("count", line.count)->required();
  bare->callback([&line] { line.act = [&line] { return print_bare_actors(line.count); }; });
}

} // namespace

} // namespace bpci::bench

int main(int argc, char** argv) {
  using namespace bpci;
  if (const auto code = bench::run_tunnel_peer(argc, argv)) return *code;
  bench::command_line line;
  CLI::App app{"Measures what a cluster of bpci nodes costs, and how soon it is back."};
  bench::describe(app, line);
  CLI11_PARSE(app, argc, argv);
  crypto::init();
  // Thousands of restarts would each be a line.
  if (auto ok = log::start({.least = log::level::error, .json = false, .file = {}}); !ok) return 1;
  try {
    return line.act();
  } catch (const std::exception& why) {
    bench::say(why.what());
    return 1;
  }
}
