#include "runtime/storage/embedded_postgres.hpp"

#include "runtime/log/log.hpp"
#include "runtime/storage/child_process.hpp"
#include "runtime/storage/pg_layout.hpp"
#include "runtime/storage/postmaster_file.hpp"
#include "runtime/storage/session.hpp"

#include <pqxx/nontransaction>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <mutex>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace bpci::storage {

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// The names that `make_database` gives.
constexpr auto database = "bpci";
constexpr auto role = "bpci";
constexpr auto superuser = "postgres";

constexpr auto initdb_max = milliseconds{120'000};
/// For each statement that makes the role and the database.
constexpr auto setup_max = milliseconds{30'000};
/// For SIGQUIT to end the server: it kills by itself what has not ended 5 s later, and leaves
/// nothing behind then.
constexpr auto quit_max = milliseconds{7'000};
constexpr auto kill_max = milliseconds{2'000};
/// How often a starting server is asked.
constexpr auto ready_poll = milliseconds{50};
constexpr auto first_backoff = milliseconds{200};
constexpr auto backoff_max = milliseconds{2'000};
/// With less than this PostgreSQL cannot write the next segment of its log.
constexpr std::uint64_t disk_full_bytes = std::uint64_t{16} << 20;

bool contains(const std::string& text, std::string_view word) {
  return text.find(word) != std::string::npos;
}

bool says_disk_full(const std::string& words) {
  return contains(words, "No space left on device");
}

/// What a killed postmaster leaves behind, and what goes by itself once its children notice.
bool says_try_again(const std::string& words) {
  return contains(words, "pre-existing shared memory block")
         || contains(words, "is another postmaster") || contains(words, "is another postgres")
         || contains(words, "is another server");
}

std::string conninfo(const pg_layout& where, const char* user, const char* name) {
  auto host = std::string{};
  for (auto c : where.socket.native()) {
    if (c == '\'' || c == '\\') host += '\\';
    host += c;
  }
  return "host='" + host + "' port=5432 user=" + user + " dbname=" + name + " sslmode=disable";
}

std::string quoted_folder(const fs::path& folder) {
  auto text = std::string{"\""};
  for (auto c : folder.native()) {
    if (c == '"') text += '"';
    text += c;
  }
  return text + "\"";
}

} // namespace

/// The server with its files; `bring_up` in the order of its lines.
class embedded_postgres::server {
public:
  explicit server(embedded_options how) : how_(std::move(how)) {}

  ~server() {
    stop();
    remove_outside_socket();
  }

  result<void> bring_up() {
    for (auto step : {&server::choose_account, &server::make_files, &server::choose_binaries,
                      &server::init_cluster, &server::clear_way, &server::launch_until_ready,
                      &server::make_database})
      if (auto done = (this->*step)(); !done) return done.error();
    housekeep();
    dsn_ = conninfo(*where_, role, database);
    log::info("postgres-ready", {{"pid", process_->pid()}, {"socket", where_->socket.string()}});
    return {};
  }

  void stop() {
    std::lock_guard lock{stop_mutex_};
    if (!process_ || process_->wait_for(milliseconds{0})) return;
    stopping_ = true;
    process_->send_signal(SIGINT);
    if (process_->wait_for(how_.stop_max)) return;
    log::warn("postgres-stop-late", {{"pid", process_->pid()}});
    process_->send_signal(SIGQUIT);
    if (process_->wait_for(quit_max)) return;
    process_->send_signal(SIGKILL);
    process_->wait_for(kill_max);
  }

  void on_exit(std::function<void(std::string)> then) {
    process_->on_exit([this, then = std::move(then)](int status) {
      if (!stopping_) then(describe_end(status));
    });
  }

  bool release_ballast() {
    std::error_code error;
    auto released = fs::remove(where_->ballast, error);
    if (released) log::warn("ballast-released", {{"bytes", how_.ballast_bytes}});
    return released;
  }

  void housekeep() {
    prune_logs(where_->log);
    auto space = free_bytes(where_->root);
    // Twice, so that taking it back does not bring about what it is against.
    if (space > 2 * how_.ballast_bytes + disk_full_bytes)
      make_ballast(where_->ballast, how_.ballast_bytes);
    else if (!fs::exists(where_->ballast))
      log::warn("disk-nearly-full", {{"folder", where_->root.string()}, {"free_bytes", space}});
  }

  [[nodiscard]] const std::string& dsn() const noexcept { return dsn_; }
  [[nodiscard]] pid_t pid() const noexcept { return process_->pid(); }

private:
  /// A folder for the socket that had to be made elsewhere would stay for ever. It is empty now.
  void remove_outside_socket() const {
    std::error_code ignored;
    if (lock_ && where_->socket.parent_path() != where_->root) fs::remove(where_->socket, ignored);
  }

  result<void> choose_account() {
    // A database on root's rights would hand them to whoever finds a hole in it; PostgreSQL
    // refuses too.
    if (geteuid() != 0) return {};
    auto found = find_account(how_.user);
    if (!found) return found.error();
    account_ = std::move(*found);
    return {};
  }

  result<void> make_files() {
    auto made = make_layout(how_.data_dir, account_);
    if (!made) return made.error();
    where_ = std::move(*made);
    auto taken = directory_lock::take(where_->lock);
    if (!taken) return taken.error();
    lock_.emplace(std::move(*taken));
    return {};
  }

  result<void> choose_binaries() {
    auto major = cluster_major(where_->cluster);
    auto found = find_binaries(how_.bin_dir, major);
    if (!found) return found.error();
    binaries_ = std::move(*found);
    return {};
  }

  result<void> init_cluster() {
    if (cluster_major(where_->cluster)) return {};
    // In a folder of another name, so that one that was cut short is never taken for a cluster.
    auto fresh = where_->root / "cluster.new";
    std::error_code error;
    fs::remove_all(fresh, error);
    if (!error) fs::create_directory(fresh, error);
    if (!error) fs::permissions(fresh, fs::perms::owner_all, error);
    if (!error && account_ && chown(fresh.c_str(), account_->uid, account_->gid) != 0)
      error = {errno, std::generic_category()};
    if (error) return fail(ec::storage_failed, fresh.string() + ": " + error.message());
    if (auto made = run_initdb(fresh); !made) return made.error();
    fs::rename(fresh, where_->cluster, error);
    if (error) return fail(ec::storage_failed, where_->cluster.string() + ": " + error.message());
    return {};
  }

  result<void> run_initdb(const fs::path& folder) {
    auto words = where_->initdb_log();
    auto child = child_process::start(
        {binaries_ / "initdb",
         {"-D", folder.string(), "-U", superuser, "--encoding=UTF8", "--locale=C",
          "--data-checksums", "--auth-local=trust", "--auth-host=reject"},
         account_,
         words});
    if (!child) return child.error();
    auto status = (*child)->wait_for(initdb_max);
    if (status && *status == 0) return {};
    auto text = last_words(words);
    if (says_disk_full(text) || free_bytes(where_->root) < disk_full_bytes) return disk_full();
    return fail(ec::storage_failed,
                "initdb: " + (status ? describe_wait_status(*status) : "not done in two minutes")
                    + (text.empty() ? ", see " + words.string() : ": " + text));
  }

  /// Gets out of the way what would keep the server from starting.
  result<void> clear_way() {
    if (free_bytes(where_->root) < disk_full_bytes) release_ballast();
    return stop_orphan(where_->cluster);
  }

  result<void> launch_until_ready() {
    auto deadline = steady_clock::now() + how_.ready_max;
    for (auto backoff = first_backoff;; backoff = std::min(backoff * 2, backoff_max)) {
      if (auto launched = launch(); !launched) return launched.error();
      auto ready = wait_until_ready(deadline);
      if (ready) return {};
      stop();
      if (!worth_another() || steady_clock::now() + backoff >= deadline) return ready.error();
      log::warn("postgres-start-again", {{"why", ready.error().detail}});
      std::this_thread::sleep_for(backoff);
      stopping_ = false;
    }
  }

  result<void> launch() {
    process_.reset();
    auto child = child_process::start(
        {binaries_ / "postgres", settings(), account_, where_->start_log(), where_->root, SIGQUIT});
    if (!child) return child.error();
    process_ = std::move(*child);
    return {};
  }

  [[nodiscard]] std::vector<std::string> settings() const {
    std::vector<std::string> words{"-D", where_->cluster.string()};
    auto set = [&](const char* name, const std::string& value) {
      words.emplace_back("-c");
      words.push_back(std::string{name} + "=" + value);
    };
    set("listen_addresses", "");
    set("unix_socket_directories", quoted_folder(where_->socket));
    set("port", "5432");
    set("max_connections", std::to_string(how_.max_connections));
    set("shared_buffers", std::to_string(how_.shared_buffers_mib) + "MB");
    set("work_mem", "4MB");
    set("maintenance_work_mem", "64MB");
    set("max_wal_size", "256MB");
    set("fsync", "on");
    set("full_page_writes", "on");
    set("synchronous_commit", "on");
    // A caller that was cut off at its deadline is noticed while its statement still runs.
    set("client_connection_check_interval", "1s");
    set("timezone", "UTC");
    set("logging_collector", "on");
    set("log_destination", "stderr");
    set("log_directory", where_->log.string());
    set("log_filename", "postgres-%Y%m%d-%H%M%S.log");
    set("log_rotation_age", "0");
    set("log_rotation_size", "10MB");
    set("log_line_prefix", "%m [%p] %a ");
    // Statements carry values, and values may be secret.
    set("log_min_error_statement", "panic");
    set("log_error_verbosity", "terse");
    return words;
  }

  result<void> wait_until_ready(steady_clock::time_point deadline) {
    while (steady_clock::now() < deadline) {
      if (auto status = process_->wait_for(ready_poll))
        return fail(ec::storage_failed, describe_end(*status));
      if (answers()) return {};
    }
    return fail(ec::storage_failed,
                "PostgreSQL was started and does not answer; see " + where_->log.string());
  }

  [[nodiscard]] bool answers() const {
    try {
      wire it;
      open_session({conninfo(*where_, superuser, "postgres"), "bpci-start"}, it);
      return true;
    } catch (const std::exception&) {
      return false;
    }
  }

  /// Whether the last launch failed for a reason that passes, or that the ballast is against.
  bool worth_another() {
    auto words = server_words();
    if (says_disk_full(words) || free_bytes(where_->root) < disk_full_bytes)
      return release_ballast();
    return says_try_again(words);
  }

  [[nodiscard]] std::string server_words() const {
    auto early = last_words(where_->start_log());
    auto late = last_words(newest_log(where_->log));
    return early + (early.empty() || late.empty() ? "" : " ") + late;
  }

  [[nodiscard]] std::string describe_end(int status) const {
    if (free_bytes(where_->root) < disk_full_bytes) return disk_full().detail;
    // Who is killed has no last words; those in the log are of something else.
    auto words = WIFSIGNALED(status) ? std::string{} : server_words();
    return "PostgreSQL has ended with " + describe_wait_status(status)
           + (words.empty() ? "; see " + where_->log.string() : ": " + words);
  }

  [[nodiscard]] failure disk_full() const {
    return fail(ec::storage_failed, "the disk that holds " + where_->root.string()
                                        + " is full; make space, the data is intact");
  }

  result<void> make_database() {
    try {
      wire it;
      auto connection = open_session(
          {conninfo(*where_, superuser, "postgres"), "bpci-start", setup_max, setup_max}, it);
      deadline_scope limit{it, setup_max};
      pqxx::nontransaction session{*connection};
      if (session.exec("SELECT 1 FROM pg_roles WHERE rolname = 'bpci'").empty())
        session.exec("CREATE ROLE bpci LOGIN");
      if (session.exec("SELECT 1 FROM pg_database WHERE datname = 'bpci'").empty())
        session.exec("CREATE DATABASE bpci OWNER bpci");
      return {};
    } catch (const std::exception& e) {
      return fail(ec::storage_failed, std::string{"making the database: "} + e.what());
    }
  }

  embedded_options how_;
  std::optional<account> account_;
  std::optional<pg_layout> where_;
  std::optional<directory_lock> lock_;
  fs::path binaries_;
  std::string dsn_;
  std::mutex stop_mutex_;
  std::atomic<bool> stopping_{false};
  // The last member: its thread uses the others until it is gone.
  std::unique_ptr<child_process> process_;
};

embedded_postgres::embedded_postgres(std::unique_ptr<server> it) : server_(std::move(it)) {}

embedded_postgres::~embedded_postgres() = default;

result<std::unique_ptr<embedded_postgres>> embedded_postgres::start(embedded_options how) {
  auto it = std::make_unique<server>(std::move(how));
  if (auto up = it->bring_up(); !up) return up.error();
  return std::unique_ptr<embedded_postgres>{new embedded_postgres{std::move(it)}};
}

const std::string& embedded_postgres::dsn() const noexcept {
  return server_->dsn();
}

pid_t embedded_postgres::pid() const noexcept {
  return server_->pid();
}

void embedded_postgres::on_exit(std::function<void(std::string)> then) {
  server_->on_exit(std::move(then));
}

void embedded_postgres::stop() {
  server_->stop();
}

bool embedded_postgres::release_ballast() {
  return server_->release_ballast();
}

void embedded_postgres::housekeep() {
  server_->housekeep();
}

} // namespace bpci::storage
