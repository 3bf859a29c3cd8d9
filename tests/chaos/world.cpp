#include "world.hpp"

#include "runtime/entity/slot_of.hpp"
#include "tests/e2e/free_port.hpp"

#include <boost/json/parse.hpp>
#include <pqxx/connection>
#include <pqxx/field>
#include <pqxx/nontransaction>
#include <pqxx/result>
#include <pqxx/row>

#include <csignal>
#include <fstream>
#include <set>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

namespace bpci::chaos {

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr auto first_start_max = 90'000ms;
constexpr auto stop_max = 40'000ms;
constexpr auto command_max = 30'000ms;
constexpr auto tend_period = 25ms;
constexpr auto sample_period = 250ms;

/// Between two starts of a node that ends before it is ready.
constexpr auto restart_pause = 500ms;
constexpr unsigned early_ends_max = 5;

constexpr auto exit_fenced = 70;

constexpr unsigned node_port = 8080; ///< in a namespace of its own
constexpr auto slots = 1'024;

constexpr auto settings = R"(logging: {format: text}
oracle_config: {security_config: {rate_limit_per_node: 300}}
supervision: {max_restarts: 100}
)";

std::filesystem::path make_folder() {
  auto name = (std::filesystem::temp_directory_path() / "bpci-chaos-XXXXXX").string();
  if (!mkdtemp(name.data())) throw std::runtime_error("no temporary folder can be made: " + name);
  // The unprivileged account of the database passes through.
  chmod(name.c_str(), 0711);
  return name;
}

/// The number of processes that an owner's name stands for: "node-2".
std::size_t number_of(const std::string& id) {
  return id.starts_with("node-") ? std::stoul(id.substr(5)) : 0;
}

std::string end_text(int code) {
  return code >= 128 ? "signal " + std::to_string(code - 128) : "code " + std::to_string(code);
}

volatile std::sig_atomic_t signalled = 0;

} // namespace

void end_runs_on_signals() {
  for (auto number : {SIGINT, SIGTERM})
    std::signal(number, [](int) { signalled = 1; });
}

bool was_signalled() {
  return signalled != 0;
}

// -- making it -------------------------------------------------------------------------

world::world(world_options how, timeline& says)
    : how_(std::move(how)), says_(says), folder_(make_folder()) {
  if (how_.with_network) network_ = std::make_unique<chaos::network>(how_.nodes);
  database_ = std::make_unique<database_server>(
      database_server::how{.folder = folder_ / "database", .tmpfs_bytes = how_.disk_bytes});
  const auto host = network_ ? network_->host_address() : std::string{"127.0.0.1"};
  for (std::size_t i = 1; i <= how_.nodes; ++i) {
    auto one = std::make_unique<chaos::node>();
    one->id = "node-" + std::to_string(i);
    one->address = network_ ? network_->node_address(i) + ":" + std::to_string(node_port)
                            : host + ":" + std::to_string(e2e::free_port());
    one->environment = how_.environment[i];
    one->database = std::make_unique<tcp_proxy>(host, database_->socket());
    nodes_.push_back(std::move(one));
    write_config(i);
    shift_clock(i, 0);
  }
  make_certificates();
  start_all();
  sampler_ = std::thread{[this] { sample_memory(); }};
}

world::~world() {
  ending_ = true;
  if (sampler_.joinable()) sampler_.join();
  for (auto& x : nodes_)
    x->process.reset(); // kills it
  nodes_.clear();
  database_.reset();
  network_.reset();
  std::error_code ignored;
  if (!how_.keep_files) std::filesystem::remove_all(folder_, ignored);
}

void world::write_config(std::size_t number) const {
  const auto& x = *nodes_.at(number - 1);
  const auto colon = x.address.rfind(':');
  const auto host = x.address.substr(0, colon);
  const auto database_host = network_ ? network_->host_address() : std::string{"127.0.0.1"};
  std::ofstream out{folder_ / (x.id + ".yaml")};
  out << "node: {id: " << x.id << ", data_dir: " << (folder_ / x.id).string() << "}\n"
      << "listen: {host: " << host << ", port: " << x.address.substr(colon + 1) << "}\n"
      << "cluster: {link_host: " << host << "}\n"
      << "storage: {dsn: \"host=" << database_host << " port=" << x.database->port()
      << " user=bpci dbname=bpci sslmode=disable\"}\n"
      << settings;
}

/// As an operator does it, by the command line.
void world::make_certificates() {
  const auto run = [&](std::vector<std::string> words) {
    const auto got =
        e2e::run_command({.program = how_.program, .arguments = std::move(words)}, command_max);
    if (got.exit_code != 0) throw std::runtime_error("certificates: " + got.out + got.err);
  };
  if (size() < 2) return;
  const auto first = (folder_ / node(1).id).string();
  for (auto& x : nodes_)
    std::filesystem::create_directory(folder_ / x->id);
  run({"cluster", "init", "--data-dir", first});
  for (std::size_t i = 2; i <= size(); ++i) {
    const auto file = (folder_ / (node(i).id + ".join")).string();
    run({"cluster", "join-token", "--data-dir", first, "--member", node(i).id, "--out", file});
    run({"cluster", "join", "--token-file", file, "--data-dir", (folder_ / node(i).id).string()});
  }
}

void world::start_all() {
  launch(1);
  if (!wait_until_ready(first_start_max)) throw std::runtime_error("node-1 does not become ready");
  constexpr std::string_view before = "admin token (shown once): ";
  const auto shown = wait_for(command_max, [&] {
    const auto text = node(1).process->output();
    const auto at = text.find(before);
    if (at == std::string::npos) return false;
    token_ = text.substr(at + before.size(), text.find('\n', at) - at - before.size());
    return true;
  });
  if (!shown) throw std::runtime_error("node-1 shows no admin token");
  // For whoever looks into a run that goes on.
  if (how_.keep_files) {
    std::ofstream{folder_ / "token"} << token_ << "\n";
    chmod((folder_ / "token").c_str(), 0600);
  }
  for (std::size_t i = 2; i <= size(); ++i)
    launch(i);
  if (!wait_until_ready(first_start_max)) throw std::runtime_error("a node does not become ready");
  if (!wait_until_whole(first_start_max))
    throw std::runtime_error("the cluster does not become whole; its logs are in "
                             + folder_.string());
}

// -- processes ------------------------------------------------------------------------

std::filesystem::path world::clock_file(std::size_t number) const {
  return folder_ / ("node-" + std::to_string(number) + ".clock");
}

void world::shift_clock(std::size_t number, int hours) {
  // Complete at every moment: a node may read it now.
  const auto file = clock_file(number);
  const auto fresh = file.string() + ".new";
  std::ofstream{fresh} << (hours < 0 ? "" : "+") << hours << "h\n";
  std::filesystem::rename(fresh, file);
}

e2e::process_spec world::spec(std::size_t number) const {
  const auto& x = *nodes_.at(number - 1);
  auto words = network_ ? network_->prefix(number) : std::vector<std::string>{};
  for (auto word : {how_.program.string(), std::string{"server"}, std::string{"start"},
                    std::string{"--config"}, (folder_ / (x.id + ".yaml")).string()})
    words.push_back(std::move(word));
  e2e::process_spec out{.program = words.front(),
                        .arguments = {words.begin() + 1, words.end()},
                        .environment = x.environment,
                        .log = folder_ / (x.id + ".log")};
  if (!how_.faketime.empty())
    out.environment.insert({{"LD_PRELOAD", how_.faketime.string()},
                            {"FAKETIME_DONT_FAKE_MONOTONIC", "1"},
                            {"FAKETIME_TIMESTAMP_FILE", clock_file(number).string()},
                            {"FAKETIME_CACHE_DURATION", "1"}});
  return out;
}

void world::launch(std::size_t number) {
  auto& x = node(number);
  x.process = std::make_unique<e2e::process>(spec(number));
  x.pid = x.process->pid();
  x.seen_at = steady_clock::now();
  x.wanted = true;
  x.ready = false;
  x.frozen = false;
}

void world::notice_ready(std::size_t number) {
  auto& x = node(number);
  if (x.process->output().find(x.id + " is ready: http://") == std::string::npos) return;
  x.ready = true;
  x.early_ends = 0;
  end_absence(number);
}

void world::notice_end(std::size_t number, int code) {
  auto& x = node(number);
  begin_absence(number);
  says_.say(x.id + " has ended by itself with " + end_text(code) + ", and is started again");
  x.early_ends = x.ready ? 0 : x.early_ends + 1;
  x.start_at = steady_clock::now() + x.early_ends * restart_pause;
  const auto failpoint = x.environment.contains("BPCI_FAILPOINTS") && code == 128 + SIGKILL;
  if (failpoint) x.environment.erase("BPCI_FAILPOINTS"); // once
  if (code >= 128 && !failpoint)
    add_finding({'A', false, x.id + " has crashed with " + end_text(code)});
  x.process.reset();
  x.pid = 0;
  x.ready = false;
  if (x.early_ends >= early_ends_max)
    throw std::runtime_error(x.id + " ends at each start; its log is in " + folder_.string());
}

void world::tend() {
  if (was_signalled()) throw std::runtime_error("ended by a signal");
  for (std::size_t i = 1; i <= size(); ++i) {
    auto& x = node(i);
    if (!x.wanted) continue;
    if (!x.process) {
      if (steady_clock::now() >= x.start_at) launch(i);
      continue;
    }
    const auto now = steady_clock::now();
    const auto code = x.process->wait_for_exit(milliseconds{0});
    if (code) {
      notice_end(i, *code);
      continue;
    }
    x.seen_at = now;
    if (!x.ready) notice_ready(i);
  }
}

bool world::wait_for(milliseconds deadline, const std::function<bool()>& holds) {
  const auto until = steady_clock::now() + deadline;
  for (;;) {
    tend();
    if (holds()) return true;
    if (steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(tend_period);
  }
}

void world::sleep(milliseconds x) {
  wait_for(x, [] { return false; });
}

bool world::wait_until_ready(milliseconds deadline) {
  return wait_for(deadline, [this] {
    return std::ranges::all_of(nodes_, [](const auto& x) { return !x->wanted || x->ready; });
  });
}

void world::end(std::size_t number, int signal) {
  auto& x = node(number);
  begin_absence(number);
  x.wanted = false;
  x.ready = false;
  if (!x.process) return; // It has just ended by itself.
  x.process->send_signal(signal);
  const auto code = x.process->wait_for_exit(stop_max);
  x.pid = 0;
  if (!code)
    add_finding({'T', false, x.id + " does not stop"});
  else if (signal == SIGTERM && *code != 0 && *code != exit_fenced)
    add_finding({'T', false, x.id + " stopped with " + end_text(*code)});
  x.process.reset();
}

void world::freeze(std::size_t number) {
  auto& x = node(number);
  if (!x.process) return;
  begin_absence(number);
  x.frozen = true;
  x.process->send_signal(SIGSTOP);
}

void world::thaw(std::size_t number) {
  auto& x = node(number);
  if (!x.frozen || !x.process) return;
  x.process->send_signal(SIGCONT);
  x.frozen = false;
  end_absence(number);
}

// -- the state of things --------------------------------------------------------------

std::optional<std::int64_t> world::number_from_database(const std::string& sql) {
  try {
    pqxx::connection connection{database_->dsn() + " connect_timeout=2"};
    pqxx::nontransaction session{connection};
    const auto rows = session.exec(sql);
    if (rows.empty() || rows[0][0].is_null()) return std::nullopt;
    return rows[0][0].as<std::int64_t>();
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

bool world::is_whole() {
  std::size_t wanted = 0;
  for (std::size_t i = 1; i <= size(); ++i) {
    if (!node(i).wanted) continue;
    ++wanted;
    if (!node(i).ready) return false;
    const auto answer = call(i, "GET", "/health/ready", {}, 2'000ms);
    if (!answer || answer->status != 200) return false;
  }
  const auto up =
      number_from_database("SELECT count(*) FROM member WHERE state IN ('joining', 'up', "
                           "'draining')");
  // At rest: each has about what it should have, and nothing is on its way.
  const auto least = slots / std::max<std::int64_t>(up.value_or(1), 1) / 2;
  const auto owners = number_from_database(
      "SELECT count(*) FROM (SELECT count(*) AS n FROM slot s JOIN member m ON m.incarnation = "
      "s.owner WHERE m.state = 'up' AND NOT s.draining GROUP BY m.incarnation) x WHERE n >= "
      + std::to_string(least));
  const auto owned =
      number_from_database("SELECT count(*) FROM slot s JOIN member m ON m.incarnation = s.owner "
                           "WHERE m.state = 'up' AND NOT s.draining");
  return up == static_cast<std::int64_t>(wanted) && owners == up && owned == slots;
}

bool world::wait_until_whole(milliseconds deadline) {
  return wait_for(deadline, [this] { return is_whole(); });
}

std::size_t world::owner_of(const std::string& kind, const std::string& id) {
  const auto slot = entity::slot_of({kind, id}).get();
  try {
    pqxx::connection connection{database_->dsn() + " connect_timeout=2"};
    pqxx::nontransaction session{connection};
    const auto rows = session.exec_params("SELECT m.member_id FROM slot s JOIN member m ON "
                                          "m.incarnation = s.owner WHERE s.slot = $1",
                                          static_cast<int>(slot));
    return rows.empty() ? 0 : number_of(rows[0][0].as<std::string>());
  } catch (const std::exception&) {
    return 0;
  }
}

result<http::response> world::call(std::size_t number, const std::string& method,
                                   const std::string& path, const std::string& body,
                                   milliseconds deadline) {
  http::header_list headers;
  headers.set("Authorization", "Bearer " + token_);
  if (!body.empty()) headers.set("Content-Type", "application/json");
  return http::call(node(number).http_url(), method, path, headers, body, deadline);
}

// -- for the checker -------------------------------------------------------------------

void world::begin_absence(std::size_t number) {
  const auto& gone = node(number);
  std::lock_guard lock{mutex_};
  for (const auto& x : absences_)
    if (x.node == gone.id && x.to == instant::max()) return;
  // One that ends closes its connections first.
  absences_.push_back({gone.id, gone.seen_at - 2 * tend_period});
}

void world::end_absence(std::size_t number) {
  const auto& id = node(number).id;
  std::lock_guard lock{mutex_};
  for (auto& x : absences_)
    if (x.node == id && x.to == instant::max()) x.to = steady_clock::now();
}

std::vector<absence> world::absences() {
  std::lock_guard lock{mutex_};
  return absences_;
}

std::vector<memory_sample> world::memory() {
  std::lock_guard lock{mutex_};
  return memory_;
}

void world::add_finding(finding x) {
  if (!x.holds) says_.say(std::string{"!! "} + x.invariant + ": " + x.what);
  std::lock_guard lock{mutex_};
  findings_.push_back(std::move(x));
}

std::vector<finding> world::findings() {
  std::lock_guard lock{mutex_};
  return findings_;
}

void world::sample_memory() {
  static const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  while (!ending_) {
    std::this_thread::sleep_for(sample_period);
    for (auto& x : nodes_) {
      std::ifstream in{"/proc/" + std::to_string(x->pid) + "/statm"};
      std::uint64_t pages = 0;
      if (!(in >> pages >> pages)) continue;
      std::lock_guard lock{mutex_};
      memory_.push_back({x->id, steady_clock::now(), pages * page});
    }
  }
}

} // namespace bpci::chaos
