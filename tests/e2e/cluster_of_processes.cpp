#include "cluster_of_processes.hpp"

#include "free_port.hpp"
#include "messages/codec/json.hpp"
#include "messages/oracle/nodes.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iostream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace bpci::e2e {

namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

/// A first start makes a database, on a machine that may have other things to do.
constexpr auto start_max = 90'000ms;
constexpr auto stop_max = 30'000ms;
constexpr auto meet_max = 30'000ms;
constexpr auto call_max = 15'000ms;
constexpr auto register_max = 30'000ms;
constexpr auto command_max = 60'000ms;

/// Of one node, as much as tells what went wrong.
constexpr off_t shown_bytes = 24 * 1024;

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

// -- logs of a test that fails ------------------------------------------------

/// Fixed room, for they are read while the program ends by SIGABRT: that is how CAF_REQUIRE fails.
struct known_log {
  std::array<char, 240> path;
};
std::array<known_log, 8> known_logs{};
std::atomic<std::size_t> known_log_count{0};

void say(const char* text) {
  [[maybe_unused]] const auto written = write(2, text, std::strlen(text));
}

/// Only system calls.
void show_logs() {
  std::array<char, 4096> part{};
  for (std::size_t i = 0; i < known_log_count; ++i) {
    const auto file = open(known_logs[i].path.data(), O_RDONLY | O_CLOEXEC);
    if (file < 0) continue;
    say("\n---- ");
    say(known_logs[i].path.data());
    say("\n");
    const auto size = lseek(file, 0, SEEK_END);
    lseek(file, std::max<off_t>(0, size - shown_bytes), SEEK_SET);
    for (auto n = read(file, part.data(), part.size()); n > 0;
         n = read(file, part.data(), part.size())) {
      [[maybe_unused]] const auto written = write(2, part.data(), static_cast<std::size_t>(n));
    }
    close(file);
  }
}

void on_abort(int) {
  show_logs();
}

void remember_log(const std::string& path) {
  std::signal(SIGABRT, on_abort);
  const auto at = known_log_count.load();
  if (at == known_logs.size() || path.size() >= known_logs[at].path.size()) return;
  std::ranges::copy(path, known_logs[at].path.begin());
  known_log_count = at + 1;
}

void forget_logs() {
  known_log_count = 0;
  known_logs = {};
}

// -- PostgreSQL ---------------------------------------------------------------

/// PostgreSQL's own note of its process, in the first line; 0 when there is no such process. One
/// that had to be killed leaves its note behind.
pid_t read_postmaster(const std::filesystem::path& file) {
  const auto text = read_file(file);
  pid_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out > 0 && kill(out, 0) == 0 ? out : 0;
}

std::filesystem::path make_folder() {
  auto name = (std::filesystem::temp_directory_path() / "bpci-e2e-XXXXXX").string();
  if (!mkdtemp(name.data())) give_up("no temporary folder can be made: " + name);
  // The unprivileged account of the database passes through.
  chmod(name.c_str(), 0711);
  return name;
}

// -- certificates -------------------------------------------------------------

void run_or_give_up(std::vector<std::string> words) {
  const auto what = words.at(0) + ' ' + words.at(1);
  const auto done =
      run_command({.program = BPCI_PROGRAM, .arguments = std::move(words)}, command_max);
  if (done.exit_code != 0) give_up(what + ": " + done.err);
}

/// Without certificates a node can only be alone.
void make_certificates(const std::filesystem::path& folder, std::size_t nodes) {
  const auto data_dir = [&](std::size_t number) {
    return (folder / ("node-" + std::to_string(number))).string();
  };
  run_or_give_up({"cluster", "init", "--data-dir", data_dir(1), "--member", "node-1"});
  const auto token = (folder / "join.token").string();
  for (std::size_t i = 2; i <= nodes; ++i) {
    run_or_give_up({"cluster", "join-token", "--data-dir", data_dir(1), "--member",
                    "node-" + std::to_string(i), "--out", token});
    run_or_give_up({"cluster", "join", "--token-file", token, "--data-dir", data_dir(i)});
  }
}

} // namespace

void give_up(const std::string& why) {
  std::cerr << "e2e: " << why << std::endl;
  std::abort();
}

shows_logs::shows_logs() : failures_before_(caf::test::engine::current_test()->bad()) {}

shows_logs::~shows_logs() {
  if (caf::test::engine::current_test()->bad() > failures_before_) show_logs();
}

// -- one node -----------------------------------------------------------------

cluster_node::cluster_node(std::filesystem::path folder, std::string id, std::string settings)
    : folder_(std::move(folder)),
      id_(std::move(id)),
      settings_(std::move(settings)),
      port_(free_port()) {}

void cluster_node::write_config() const {
  std::ofstream out{folder_ / (id_ + ".yaml")};
  out << "node: {id: " << id_ << ", data_dir: " << data_dir().string() << "}\n"
      << "logging: {format: text}\n"
      << settings_;
}

void cluster_node::start() {
  const auto log = (folder_ / (id_ + ".log")).string();
  if (!process_) {
    write_config();
    remember_log(log);
  }
  process_spec what{.program = BPCI_PROGRAM,
                    .arguments = {"server", "start", "--config",
                                  (folder_ / (id_ + ".yaml")).string(), "--set",
                                  "listen.port=" + std::to_string(port_)},
                    .log = log};
  process_ = std::make_unique<process>(what);
  if (!process_->next_line_with(id_ + " is ready: http://" + address(), start_max))
    give_up(id_ + " does not become ready");
}

int cluster_node::stop(int signal) {
  process_->send_signal(signal);
  const auto code = process_->wait_for_exit(stop_max);
  if (!code) give_up(id_ + " does not stop");
  return *code;
}

std::string cluster_node::token_shown() const {
  constexpr std::string_view before = "admin token (shown once): ";
  const auto text = process_->output();
  const auto at = text.find(before);
  if (at == std::string::npos) return {};
  const auto begin = at + before.size();
  return text.substr(begin, text.find('\n', begin) - begin);
}

std::vector<std::string> cluster_node::log_lines(const std::vector<std::string>& words) const {
  std::vector<std::string> out;
  std::istringstream in{read_file(folder_ / (id_ + ".log"))};
  for (std::string line; std::getline(in, line);)
    if (std::ranges::all_of(words,
                            [&](const auto& word) { return line.find(word) != std::string::npos; }))
      out.push_back(line);
  return out;
}

pid_t cluster_node::postmaster() const {
  return read_postmaster(data_dir() / "postgres/cluster/postmaster.pid");
}

std::size_t cluster_node::resident_bytes() const {
  std::ifstream in{"/proc/" + std::to_string(pid()) + "/statm"};
  std::size_t pages = 0;
  in >> pages >> pages;
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

identity make_identity(const std::string& name) {
  static int count = 0;
  identity out{.id = name + "-" + std::to_string(++count), .seed = crypto::random_nonce()};
  out.public_key = crypto::to_hex(out.keys().pub);
  return out;
}

// -- the cluster --------------------------------------------------------------

cluster_of_processes::cluster_of_processes(std::size_t nodes, const std::string& settings)
    : folder_(make_folder()) {
  if (nodes > 1) make_certificates(folder_, nodes);
  for (std::size_t i = 1; i <= nodes; ++i) {
    auto own = settings;
    if (i > 1)
      own += "storage: {dsn: \"host=" + (node(1).data_dir() / "postgres/socket").string()
             + " dbname=bpci user=bpci\"}\n";
    nodes_.push_back(std::make_unique<cluster_node>(folder_, "node-" + std::to_string(i), own));
    nodes_.back()->start();
    if (i > 1) continue;
    if (!eventually(call_max, [&] { return !node(1).token_shown().empty(); }))
      give_up("node-1 shows no token");
    token_ = node(1).token_shown();
  }
  if (!eventually(meet_max, [&] { return complete(); }))
    give_up("the nodes do not find each other");
}

cluster_of_processes::~cluster_of_processes() {
  // The first one holds the database of the others.
  for (auto x = nodes_.rbegin(); x != nodes_.rend(); ++x)
    if ((*x)->running()) (*x)->stop(SIGTERM);
  nodes_.clear();
  forget_logs();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

bool cluster_of_processes::complete() {
  for (std::size_t i = 1; i <= size(); ++i) {
    if (!node(i).running()) return false;
    const auto ready = call(i, "GET", "/health/ready");
    if (!ready || ready->status != 200) return false;
    for (std::size_t other = 1; other <= size(); ++other) {
      if (other == i) continue;
      const auto seen = member_seen(i, node(other).id());
      if (seen.is_null() || !seen.at("connected").as_bool()) return false;
    }
  }
  return true;
}

result<http::response> cluster_of_processes::call(std::size_t number, const std::string& method,
                                                  const std::string& path, const std::string& body,
                                                  http::header_list headers) {
  if (!headers.find("Authorization")) headers.set("Authorization", "Bearer " + token_);
  if (!body.empty() && !headers.find("Content-Type"))
    headers.set("Content-Type", "application/json");
  return http::call(node(number).http_url(), method, path, headers, body, call_max);
}

json::value cluster_of_processes::get(std::size_t number, const std::string& path) {
  const auto answer = call(number, "GET", path);
  if (!answer || answer->status != 200) return nullptr;
  auto parsed = codec::parse_json(answer->body);
  return parsed ? parsed->at("data") : json::value{nullptr};
}

identity cluster_of_processes::registered(const std::string& name) {
  auto out = make_identity(name);
  const oracle::registration what{.node_id = node_id{out.id},
                                  .node_type = "Banking",
                                  .endpoint = "ws://127.0.0.1:1",
                                  .capabilities = {"Test"},
                                  .public_key = out.public_key};
  const auto body = codec::to_text(codec::to_json(what));
  std::string why;
  // A machine with other things to do may keep the database waiting; to register again is harmless.
  const auto done = eventually(register_max, [&] {
    const auto answer = call(1, "POST", "/api/v1/oracle/nodes/register", body);
    why = answer ? answer->body : to_string(answer.error());
    return answer && answer->status == 200;
  });
  if (!done) give_up(out.id + " cannot be registered: " + why);
  return out;
}

command_outcome cluster_of_processes::cli(std::size_t number, std::vector<std::string> words,
                                          std::map<std::string, std::string> environment) {
  environment.insert({{"HOME", (folder_ / "home").string()},
                      {"XDG_CONFIG_HOME", (folder_ / "home/.config").string()},
                      {"BPCI_URL", node(number).http_url()},
                      {"BPCI_TOKEN", token_},
                      {"NO_COLOR", "1"}});
  return run_command({.program = BPCI_PROGRAM,
                      .arguments = std::move(words),
                      .environment = std::move(environment)},
                     command_max);
}

json::value cluster_of_processes::member_seen(std::size_t by, const std::string& id) {
  const auto data = get(by, "/api/v1/cluster/members");
  if (data.is_null()) return nullptr;
  for (const auto& row : data.at("members").as_array())
    if (row.at("member").at("id").as_string() == id) return row;
  return nullptr;
}

json::array cluster_of_processes::tree(std::size_t by, const std::string& filter) {
  const auto data = get(by, "/api/v1/actors?limit=1000&filter=" + filter);
  return data.is_null() ? json::array{} : data.at("rows").as_array();
}

cluster_of_processes& shared_cluster(const cluster_kind& kind) {
  static cluster_kind last;
  static std::unique_ptr<cluster_of_processes> it;
  if (!it || last != kind) {
    it.reset();
    it = std::make_unique<cluster_of_processes>(kind.nodes, kind.settings);
    last = kind;
  }
  return *it;
}

} // namespace bpci::e2e
