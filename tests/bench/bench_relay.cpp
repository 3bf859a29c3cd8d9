/// `./dev bench relay`: what a node of the cluster relays, beside what its signature checks and a
/// bare WebSocket forwarder allow. docs/benchmarks.md says how to read the output.

#include "gateways/http/client.hpp"
#include "messages/oracle/codec.hpp"
#include "messages/oracle/signing.hpp"
#include "tests/bench/bpci_dialect.hpp"
#include "tests/bench/forwarder.hpp"
#include "tests/bench/forwarder_dialect.hpp"
#include "tests/bench/load.hpp"
#include "tests/bench/report.hpp"
#include "tests/bench/temporary_directory.hpp"
#include "tests/bench/verify_rate.hpp"

#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sys/resource.h>
#include <sys/stat.h>

namespace bpci::bench {

namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

/// A first start makes a database.
constexpr auto start_max = std::chrono::seconds{120};
constexpr auto request_max = std::chrono::seconds{10};

constexpr auto verify_for = std::chrono::milliseconds{250};

/// Of the time of a run, before it counts.
constexpr double warm_up_share = 0.25;

/// How much more is prepared than the run before would have used.
constexpr double spare = 1.5;

/// Signed while nothing is known of the server's speed.
constexpr std::size_t first_messages = 10'000;
constexpr std::size_t first_batches = 6'000;

/// At which share of the maximum rate latency is measured.
constexpr double pace_share = 0.5;

struct settings {
  std::size_t connections = 100;
  double seconds = 2;
  std::size_t in_flight = 16;
  std::size_t body = 256;
  std::size_t batch = 50; ///< Messages under one signature; 1: no batches are measured.
  std::size_t rounds = 5;
  double pace = 0;     ///< 0: half of the maximum rate
  double minutes = 10; ///< Of `hold`.
  bool heartbeats = false;
  std::string out;
};

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

/// As many files as the system allows; the servers inherit it.
void allow_many_files() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

// -- the servers -----------------------------------------------------------------

/// What was measured of one kind of load. Figures are those of a message, not of a frame.
struct measurements {
  std::size_t in_flight = 0; ///< Frames, on each connection.
  std::size_t items = 1;     ///< Messages of a frame.
  double expected_rate = 0;  ///< Frames a second of the run before.

  series rate, cpu_us, paced_cpu_us, p50_ms, p99_ms;
};

/// A server, the connections to it, and what was measured on them.
struct contender {
  std::unique_ptr<server_process> process;
  std::unique_ptr<load> connections;
  std::size_t resident_before = 0;

  measurements alone, together, scattered;
  series resident_idle_kb, resident_loaded_kb; ///< A connection.
  series resident_mb;                          ///< All of it, after the load.
};

double resident_kb_each(const contender& x, const settings& how) {
  auto more =
      static_cast<double>(x.process->resident_bytes()) - static_cast<double>(x.resident_before);
  return more / 1024 / static_cast<double>(how.connections);
}

result<void> connect(contender& x, dialect& speech, std::uint16_t port, const settings& how) {
  x.resident_before = x.process->resident_bytes();
  x.connections = std::make_unique<load>(speech, *x.process, how.connections);
  if (auto ok = x.connections->connect(port); !ok) return ok;
  x.resident_idle_kb.add(resident_kb_each(x, how));
  return {};
}

struct node_address {
  std::uint16_t port = 0;
  std::string token;
};

/// Limits that are there to stop a single client are out of the way; the rest is as delivered.
void write_node_config(const fs::path& where, const fs::path& data, const settings& how) {
  auto max_connections = std::max<std::size_t>(how.connections, 1'000);
  auto max_in_flight = std::max<std::size_t>(how.in_flight, 1'000);
  std::ofstream config{where};
  config << "node: {id: bench, data_dir: " << data.string() << "}\n"
         << "listen: {port: 0}\n"
         << "oracle_config:\n"
         << "  max_connections: " << max_connections << "\n"
         << "  security_config: {rate_limit_per_node: 1000000}\n"
         << "  limits: {max_in_flight: " << max_in_flight;
  if (!how.heartbeats) config << ", ping_interval_secs: 3600, idle_timeout_secs: 7200";
  config << "}\n";
}

/// Reads the token and the port from what the node says, in any order.
result<node_address> wait_for_node(server_process& node) {
  const auto deadline = steady_clock::now() + start_max;
  node_address out;
  while (out.port == 0 || out.token.empty()) {
    auto line = node.read_line(deadline);
    if (!line) return line.error();
    constexpr std::string_view token = "admin token (shown once): ";
    constexpr std::string_view ready = " is ready: http://";
    if (line->starts_with(token)) out.token = line->substr(token.size());
    if (line->find(ready) != std::string::npos)
      out.port = static_cast<std::uint16_t>(std::stoul(line->substr(line->rfind(':') + 1)));
  }
  return out;
}

result<void> register_node(const node_address& node, const node_id& id,
                           const crypto::public_key& key) {
  auto body = boost::json::object{{"node_id", id.get()},
                                  {"node_type", "Bench"},
                                  {"endpoint", "ws://127.0.0.1:1"},
                                  {"capabilities", boost::json::array{}},
                                  {"public_key", crypto::to_hex(key)}};
  http::header_list headers;
  headers.set("Authorization", "Bearer " + node.token);
  headers.set("Content-Type", "application/json");
  auto answer = http::call("http://127.0.0.1:" + std::to_string(node.port), "POST",
                           "/api/v1/oracle/nodes/register", headers, boost::json::serialize(body),
                           request_max);
  if (!answer) return answer.error();
  if (answer->status >= 300) return fail(ec::internal, "registering a node: " + answer->body);
  return {};
}

result<contender> start_bpci(bpci_dialect& speech, const fs::path& where, const settings& how) {
  contender out;
  auto config = where / "bench.yaml";
  write_node_config(config, where / "data", how);
  auto program = this_program().parent_path() / "bpci";
  auto process = server_process::start(
      {program.string(), "server", "start", "--config", config.string()}, where / "bpci.log");
  if (!process) return process.error();
  out.process = std::move(*process);
  say("starting a node, process " + std::to_string(out.process->pid()));
  auto node = wait_for_node(*out.process);
  if (!node) return node.error();
  say("registering " + std::to_string(how.connections) + " BPI nodes");
  for (std::size_t i = 0; i < how.connections; ++i)
    if (auto ok = register_node(*node, speech.id(i), speech.keys(i).pub); !ok) return ok.error();
  say("opening their links");
  if (auto ok = connect(out, speech, node->port, how); !ok) return ok.error();
  return out;
}

result<contender> start_forwarder(forwarder_dialect& speech, const fs::path& where,
                                  const settings& how) {
  contender out;
  auto process =
      server_process::start({this_program().string(), "forwarder"}, where / "forwarder.log");
  if (!process) return process.error();
  out.process = std::move(*process);
  auto port = out.process->read_line(steady_clock::now() + start_max);
  if (!port) return port.error();
  if (auto ok = connect(out, speech, static_cast<std::uint16_t>(std::stoul(*port)), how); !ok)
    return ok.error();
  return out;
}

// -- one round ---------------------------------------------------------------------

nanoseconds part_of(double seconds, double share) {
  return std::chrono::duration_cast<nanoseconds>(std::chrono::duration<double>{seconds * share});
}

double cpu_us_each(const measured& x, const measurements& what) {
  return std::chrono::duration<double, std::micro>{x.server_cpu}.count()
         / static_cast<double>(x.acknowledged * what.items);
}

/// `counts`: false for the round that warms up.
result<void> measure_rate(contender& x, measurements& what, const settings& how, bool counts) {
  auto expected = static_cast<std::size_t>(what.expected_rate * how.seconds * spare);
  const auto first = what.items == 1 ? first_messages : first_batches;
  x.connections->prepare(std::max(expected, first) + how.connections * what.in_flight);
  // What the first run has prepared may not last for longer than its warm-up.
  auto warm_up = counts ? part_of(how.seconds, warm_up_share) : nanoseconds{0};
  auto run =
      x.connections->saturate(what.in_flight, warm_up, part_of(how.seconds, 1 - warm_up_share));
  if (!run) return run.error();
  auto frames = static_cast<double>(run->acknowledged);
  what.expected_rate = frames / std::chrono::duration<double>{run->took}.count();
  if (!counts) return {};
  what.rate.add(what.expected_rate * static_cast<double>(what.items));
  what.cpu_us.add(cpu_us_each(*run, what));
  return {};
}

/// `rate`: frames a second.
result<void> measure_latency(contender& x, measurements& what, double rate, const settings& how,
                             bool counts) {
  x.connections->prepare(static_cast<std::size_t>(rate * how.seconds) + how.connections);
  auto run = x.connections->pace(rate, part_of(how.seconds, warm_up_share),
                                 part_of(how.seconds, 1 - warm_up_share));
  if (!run) return run.error();
  if (!counts) return {};
  what.paced_cpu_us.add(cpu_us_each(*run, what));
  what.p50_ms.add(percentile_ms(run->latencies, 0.50));
  what.p99_ms.add(percentile_ms(run->latencies, 0.99));
  return {};
}

struct figures {
  contender bpci, forwarder;
  series libsodium_us, project_us;
};

void measure_checks(figures& all, const std::vector<signed_bytes>& what) {
  all.libsodium_us.add(verify_microseconds(verifier::libsodium, what, verify_for));
  all.project_us.add(verify_microseconds(verifier::project, what, verify_for));
}

/// The contenders take turns, so that what else the machine does hits both.
result<void> run_round(figures& all, bpci_dialect& speech, const settings& how, bool counts) {
  auto& bare = all.forwarder.alone;
  auto& own = all.bpci.alone;
  if (auto ok = measure_rate(all.forwarder, bare, how, counts); !ok) return ok;
  speech.speak(manner::alone);
  if (auto ok = measure_rate(all.bpci, own, how, counts); !ok) return ok;
  auto pace = how.pace > 0 ? how.pace : own.expected_rate * pace_share;
  if (auto ok = measure_latency(all.forwarder, bare, pace, how, counts); !ok) return ok;
  if (auto ok = measure_latency(all.bpci, own, pace, how, counts); !ok) return ok;
  if (how.batch < 2) return {};
  for (auto kind : {manner::together, manner::scattered}) {
    speech.speak(kind);
    auto& what = kind == manner::together ? all.bpci.together : all.bpci.scattered;
    if (auto ok = measure_rate(all.bpci, what, how, counts); !ok) return ok;
    if (auto ok = measure_latency(all.bpci, what, what.expected_rate * pace_share, how, counts);
        !ok)
      return ok;
  }
  return {};
}

/// As many batches on each connection as the node's bounds on open messages leave room for.
std::size_t batches_in_flight(const settings& how) {
  constexpr std::size_t open_messages_max = 40'000;
  return std::clamp<std::size_t>(open_messages_max / (how.connections * how.batch), 1,
                                 how.in_flight);
}

std::vector<signed_bytes> things_to_check(const bpci_dialect& speech, std::size_t nodes) {
  std::vector<signed_bytes> out;
  for (std::size_t i = 0; i < nodes; ++i) {
    auto x = speech.make_envelope(i, 1);
    auto signature = crypto::signature_from_bytes(x.signature);
    out.push_back({speech.keys(i).pub, oracle::signing_bytes(x), signature.value()});
  }
  return out;
}

result<void> run_rounds(figures& all, bpci_dialect& speech,
                        const std::vector<signed_bytes>& to_check, const settings& how) {
  all.forwarder.alone.in_flight = all.bpci.alone.in_flight = how.in_flight;
  for (auto* x : {&all.bpci.together, &all.bpci.scattered}) {
    x->in_flight = batches_in_flight(how);
    x->items = how.batch;
  }
  say("warming up");
  if (auto ok = run_round(all, speech, how, false); !ok) return ok;
  for (std::size_t i = 1; i <= how.rounds; ++i) {
    measure_checks(all, to_check);
    if (auto ok = run_round(all, speech, how, true); !ok) return ok;
    say("round " + std::to_string(i) + " of " + std::to_string(how.rounds) + ": "
        + with_digits(all.bpci.alone.expected_rate, 0) + " messages/s, the forwarder "
        + with_digits(all.forwarder.alone.expected_rate, 0));
  }
  for (auto* x : {&all.bpci, &all.forwarder}) {
    x->resident_loaded_kb.add(resident_kb_each(*x, how));
    x->resident_mb.add(static_cast<double>(x->process->resident_bytes()) / 1024 / 1024);
  }
  return {};
}

// -- the report ----------------------------------------------------------------------

series a_second_of_a_core(const series& cpu_us) {
  return combine(cpu_us, cpu_us, [](double x, double) { return 1e6 / x; });
}

void add(std::vector<row>& to, std::vector<row> more) {
  for (auto& x : more)
    to.push_back(std::move(x));
}

std::vector<row> rows_of(const measurements& x, const std::string& name, const std::string& text) {
  return {
      {name + "messages_per_sec", text + "messages acknowledged, machine shared", "/s", 0, x.rate},
      {name + "messages_per_core_sec", text + "messages a second of one server core", "/s", 0,
       a_second_of_a_core(x.cpu_us)},
      {name + "cpu_us_per_message", text + "CPU of the server for a message", "us", 2, x.cpu_us},
      {name + "paced_cpu_us_per_message", text + "the same, paced", "us", 2, x.paced_cpu_us},
      {name + "latency_p50_ms", text + "latency, paced, p50", "ms", 2, x.p50_ms},
      {name + "latency_p99_ms", text + "latency, paced, p99", "ms", 2, x.p99_ms},
  };
}

std::vector<row> contender_rows(const contender& x) {
  auto out = rows_of(x.alone, {}, {});
  if (x.together.items > 1) {
    add(out, rows_of(x.together, "batch_", "batches to one: "));
    add(out, rows_of(x.scattered, "scattered_", "batches to many: "));
  }
  add(out, {
               {"resident_idle_kb_per_connection", "memory for a connection, idle", "KB", 1,
                x.resident_idle_kb},
               {"resident_loaded_kb_per_connection", "memory for a connection, after the load",
                "KB", 1, x.resident_loaded_kb},
               {"resident_mb", "memory of the server, after the load", "MB", 1, x.resident_mb},
           });
  return out;
}

std::vector<row> ceiling_rows(const figures& all) {
  auto rows = contender_rows(all.forwarder);
  for (auto& x : rows) {
    x.name = "forwarder_" + x.name;
    x.text = "forwarder: " + x.text;
  }
  rows.insert(
      rows.begin(),
      {{"verify_libsodium_us", "CPU of a signature check, libsodium", "us", 1, all.libsodium_us},
       {"verify_project_us", "CPU of a signature check, bpci::crypto", "us", 1, all.project_us}});
  return rows;
}

std::vector<row> ratio_rows(const figures& all) {
  const auto& own = all.bpci.alone;
  const auto& bare = all.forwarder.alone;
  const auto over = [](double x, double y) { return x / y; };
  const auto least = combine(all.libsodium_us, bare.cpu_us, std::plus{});
  std::vector<row> out{
      {"of_verify_rate", "messages a server core / checks a core (goal 0.80)", "", 2,
       combine(all.libsodium_us, own.cpu_us, over)},
      {"of_verify_and_forward", "the same / a check and a forwarding together", "", 2,
       combine(least, own.cpu_us, over)},
      {"beside_the_check_us", "CPU for a message beside its check (goal 14)", "us", 1,
       combine(own.cpu_us, all.libsodium_us, std::minus{})},
      {"latency_p50_to_forwarder", "p50 / the forwarder's at the same rate", "", 1,
       combine(own.p50_ms, bare.p50_ms, over)},
      {"latency_p99_to_forwarder", "p99 / the forwarder's at the same rate", "", 1,
       combine(own.p99_ms, bare.p99_ms, over)},
  };
  if (all.bpci.together.items > 1)
    add(out, {{"batch_of_verify_rate", "batches to one: the same (goal 30)", "", 1,
               combine(all.libsodium_us, all.bpci.together.cpu_us, over)},
              {"scattered_of_verify_rate", "batches to many: the same (goal 22)", "", 1,
               combine(all.libsodium_us, all.bpci.scattered.cpu_us, over)}});
  return out;
}

report make_report(const figures& all, const settings& how) {
  report out;
  auto pace = how.pace > 0 ? with_digits(how.pace, 0) + "/s" : std::string{"half of the maximum"};
  out.title = "relay: " + std::to_string(how.connections) + " connections, "
              + std::to_string(how.in_flight) + " in flight on each, bodies of "
              + std::to_string(how.body) + " bytes, a signature each, then one for "
              + std::to_string(how.batch) + "; " + std::to_string(how.rounds) + " rounds of "
              + with_digits(how.seconds, 1) + " s; paced: " + pace;
  auto own = contender_rows(all.bpci);
  out.sections = {{"figures", "bpci", std::move(own)},
                  {"ceilings", "ceilings of the same run", ceiling_rows(all)},
                  {"ratios", "ratios", ratio_rows(all)}};
  out.settings = {{"connections", how.connections},
                  {"in_flight", how.in_flight},
                  {"body_bytes", how.body},
                  {"seconds", how.seconds},
                  {"rounds", how.rounds},
                  {"pace", how.pace},
                  {"batch", how.batch}};
  return out;
}

// -- connections that are held ----------------------------------------------------------

/// What was seen in each minute.
struct watch {
  series resident_mb, resident_kb_each, cpu_us, cores, p50_ms, p99_ms, delivered;
};

/// One minute with traffic at an even rate. A connection that the node closes, and a message that
/// it refuses, ends the run.
result<void> hold_a_minute(contender& x, watch& seen, const settings& how) {
  constexpr double minute = 60;
  const auto messages = how.pace * minute;
  x.connections->prepare(static_cast<std::size_t>(messages) + how.connections);
  auto run = x.connections->pace(how.pace, nanoseconds{0}, part_of(minute, 1));
  if (!run) return run.error();
  const auto cpu = std::chrono::duration<double>{run->server_cpu}.count();
  seen.cpu_us.add(cpu * 1e6 / static_cast<double>(run->acknowledged));
  seen.cores.add(cpu / std::chrono::duration<double>{run->took}.count());
  seen.delivered.add(static_cast<double>(run->latencies.size()));
  seen.p50_ms.add(percentile_ms(run->latencies, 0.50));
  seen.p99_ms.add(percentile_ms(run->latencies, 0.99));
  seen.resident_mb.add(static_cast<double>(x.process->resident_bytes()) / 1024 / 1024);
  seen.resident_kb_each.add(resident_kb_each(x, how));
  return {};
}

report make_report(const contender& x, const watch& seen, const settings& how) {
  report out;
  out.title = "relay hold: " + std::to_string(how.connections) + " connections with heartbeats and "
              + with_digits(how.pace, 0) + " messages/s for " + with_digits(how.minutes, 0)
              + " minutes";
  // What is remembered of answered messages fills up in the first minutes.
  const auto& mb = seen.resident_mb.values();
  series growth;
  growth.add(mb.back() - mb[mb.size() / 2]);
  out.sections = {{"figures",
                   "bpci",
                   {{"resident_idle_kb_per_connection", "memory for a connection, idle", "KB", 1,
                     x.resident_idle_kb},
                    {"resident_kb_per_connection", "memory for a connection, each minute", "KB", 1,
                     seen.resident_kb_each},
                    {"resident_mb", "memory of the node, each minute", "MB", 1, seen.resident_mb},
                    {"resident_growth_mb", "what it grew by in the second half", "MB", 1, growth},
                    {"messages", "messages acknowledged, each minute", "", 0, seen.delivered},
                    {"cores", "cores that the node used", "", 2, seen.cores},
                    {"cpu_us_per_message", "CPU of the node for a message, heartbeats in it", "us",
                     1, seen.cpu_us},
                    {"latency_p50_ms", "latency, p50", "ms", 2, seen.p50_ms},
                    {"latency_p99_ms", "latency, p99", "ms", 2, seen.p99_ms}}}};
  out.settings = {{"connections", how.connections},
                  {"pace", how.pace},
                  {"minutes", how.minutes},
                  {"body_bytes", how.body}};
  return out;
}

result<report> hold(const settings& how) {
  crypto::init();
  temporary_directory where;
  bpci_dialect speech{how.connections, how.body, 1};
  auto bpci = start_bpci(speech, where.path(), how);
  if (!bpci) return bpci.error();
  watch seen;
  for (auto i = 1; i <= static_cast<int>(how.minutes); ++i) {
    if (auto ok = hold_a_minute(*bpci, seen, how); !ok) return ok.error();
    say("minute " + std::to_string(i) + ": " + with_digits(seen.resident_mb.values().back(), 1)
        + " MB, p99 " + with_digits(seen.p99_ms.values().back(), 2) + " ms, "
        + with_digits(seen.delivered.values().back(), 0) + " messages");
  }
  return make_report(*bpci, seen, how);
}

// -- all of it -----------------------------------------------------------------------

result<report> run(const settings& how) {
  crypto::init();
  temporary_directory where;
  bpci_dialect speech{how.connections, how.body, how.batch};
  auto message = speech.make_message(0, 1);
  auto ack = oracle::encode(oracle::client_frame{oracle::ack{speech.id(0), message_id{"m1000"}}},
                            oracle::encoding::msgpack);
  forwarder_dialect plain{how.connections, message.size(), ack.size()};

  auto bpci = start_bpci(speech, where.path(), how);
  if (!bpci) {
    auto log = std::ifstream{where.path() / "bpci.log"};
    std::fprintf(stderr, "%s", std::string{std::istreambuf_iterator{log}, {}}.c_str());
    return bpci.error();
  }
  auto forwarder = start_forwarder(plain, where.path(), how);
  if (!forwarder) return forwarder.error();
  figures all{std::move(*bpci), std::move(*forwarder), {}, {}};
  if (auto ok = run_rounds(all, speech, things_to_check(speech, how.connections), how); !ok)
    return ok.error();
  return make_report(all, how);
}

int run_and_print(result<report> (*what)(const settings&), const settings& how, const char* file) {
  allow_many_files();
  auto done = what(how);
  if (!done) {
    say(to_string(done.error()));
    return 1;
  }
  print_table(*done);
  auto where = how.out.empty()
                   ? this_program().parent_path().parent_path().parent_path() / "bench" / file
                   : fs::path{how.out};
  if (auto ok = write_json(*done, where); !ok) {
    say(to_string(ok.error()));
    return 1;
  }
  say("written to " + where.string());
  return 0;
}

} // namespace

} // namespace bpci::bench

int main(int argc, char** argv) {
  bpci::bench::settings how;
  CLI::App app{"Measures the relay of a bpci node."};
  app.add_option("--connections", how.connections, "BPI nodes")
      ->check(CLI::Range(2, 20'000))
      ->capture_default_str();
  app.add_option("--seconds", how.seconds, "of each measured run")
      ->check(CLI::Range(0.5, 120.0))
      ->capture_default_str();
  app.add_option("--in-flight", how.in_flight, "unacknowledged messages on each connection")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  app.add_option("--body", how.body, "bytes of each message")
      ->check(CLI::Range(1, 60'000))
      ->capture_default_str();
  app.add_option("--batch", how.batch, "messages under one signature; 1: no batches")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option("--rounds", how.rounds)->check(CLI::Range(1, 1'000))->capture_default_str();
  app.add_option("--pace", how.pace,
                 "messages a second while latency is measured; half of the maximum if not given")
      ->check(CLI::Range(1.0, 1e6));
  app.add_option("--out", how.out, "where the figures go; build/bench/relay.json if not given");
  // What the program starts of itself.
  auto* forwarder = app.add_subcommand("forwarder")->group("");
  auto* held = app.add_subcommand(
      "hold", "holds many connections, with heartbeats and some traffic, and watches the memory");
  bpci::bench::settings long_one;
  long_one.connections = 10'000;
  long_one.pace = 1'000;
  long_one.heartbeats = true;
  held->add_option("--connections", long_one.connections, "BPI nodes")
      ->check(CLI::Range(2, 20'000))
      ->capture_default_str();
  held->add_option("--minutes", long_one.minutes)
      ->check(CLI::Range(1.0, 1'440.0))
      ->capture_default_str();
  held->add_option("--pace", long_one.pace, "messages a second, on all connections in turn")
      ->check(CLI::Range(1.0, 1e5))
      ->capture_default_str();
  held->add_option("--out", long_one.out, "build/bench/hold.json if not given");
  CLI11_PARSE(app, argc, argv);
  if (*forwarder) return bpci::bench::run_forwarder();
  if (*held) return bpci::bench::run_and_print(bpci::bench::hold, long_one, "hold.json");
  return bpci::bench::run_and_print(bpci::bench::run, how, "relay.json");
}
