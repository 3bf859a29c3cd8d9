#include "database_server.hpp"

#include "tests/e2e/process.hpp"

#include <pqxx/connection>
#include <pqxx/except>
#include <pqxx/nontransaction>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <stdexcept>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bpci::chaos {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr auto look_around = milliseconds{50};
constexpr auto start_again_after = milliseconds{300};
constexpr auto housekeeping_period = milliseconds{2'000};
constexpr auto crash_max = milliseconds{15'000};

/// More than there can be files in reserve.
constexpr std::size_t log_switches = 32;

constexpr std::size_t large_part = 1 << 20;
constexpr std::size_t small_part = 1 << 12;

/// Given back when the disk is full, as a node's own PostgreSQL does.
constexpr std::uint64_t ballast_bytes = std::uint64_t{24} << 20;
constexpr std::size_t shared_buffers_mib = 32;

bool mount_disk(const std::filesystem::path& at, std::uint64_t bytes) {
  const auto options = "mode=0711,size=" + std::to_string(bytes);
  return mount("bpci-chaos", at.c_str(), "tmpfs", 0, options.c_str()) == 0;
}

[[noreturn]] void give_up(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

/// Appends zeros until the disk takes no more.
void append_until_full(const std::filesystem::path& file) {
  const auto out = open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (out < 0) return;
  static const std::array<char, large_part> zeros{};
  for (auto size : {large_part, small_part})
    while (write(out, zeros.data(), size) > 0)
      continue;
  close(out);
}

} // namespace

std::optional<std::string> database_server::disk_obstacle() {
  auto folder = (std::filesystem::temp_directory_path() / "bpci-disk-XXXXXX").string();
  if (!mkdtemp(folder.data())) return "no temporary folder: " + std::string{std::strerror(errno)};
  auto out = std::optional<std::string>{};
  if (mount_disk(folder, small_part))
    umount2(folder.c_str(), MNT_DETACH);
  else
    out = "a disk of its own cannot be mounted: " + std::string{std::strerror(errno)};
  rmdir(folder.c_str());
  return out;
}

database_server::database_server(how x) : how_(std::move(x)) {
  std::filesystem::create_directories(how_.folder);
  // The unprivileged account of the database passes through.
  chmod(how_.folder.c_str(), 0711);
  if (how_.tmpfs_bytes != 0) mount();
  try_start();
  if (!up_) {
    unmount();
    throw std::runtime_error("PostgreSQL does not start in " + how_.folder.string());
  }
  restarts_ = 0;
  keeper_ = std::thread{[this] { keep_running(); }};
}

database_server::~database_server() {
  ending_ = true;
  keeper_.join();
  server_.reset();
  unmount();
}

void database_server::mount() {
  if (!mount_disk(how_.folder, how_.tmpfs_bytes)) give_up("mount " + how_.folder.string());
  mounted_ = true;
}

void database_server::unmount() noexcept {
  if (mounted_) umount2(how_.folder.c_str(), MNT_DETACH);
  mounted_ = false;
}

void database_server::try_start() {
  storage::embedded_options options;
  options.data_dir = how_.folder / "postgres";
  options.shared_buffers_mib = shared_buffers_mib;
  options.ballast_bytes = ballast_bytes;
  auto started = storage::embedded_postgres::start(options);
  if (!started) return;
  std::lock_guard lock{mutex_};
  server_ = std::move(*started);
  dsn_ = server_->dsn();
  ready_at_ = steady_clock::now();
  ++restarts_;
  up_ = true;
  server_->on_exit([this](const std::string&) { up_ = false; });
}

void database_server::keep_running() {
  auto next_start = steady_clock::now();
  auto next_look = next_start + housekeeping_period;
  while (!ending_) {
    std::this_thread::sleep_for(look_around);
    if (filling_) append_until_full(filler());
    const auto now = steady_clock::now();
    if (up_ && now >= next_look) {
      std::lock_guard lock{mutex_};
      server_->housekeep();
      next_look = now + housekeeping_period;
    }
    if (up_ || !wanted_ || now < next_start) continue;
    {
      std::lock_guard lock{mutex_};
      server_.reset();
    }
    try_start();
    next_start = steady_clock::now() + start_again_after;
  }
}

std::string database_server::dsn() const {
  std::lock_guard lock{mutex_};
  return dsn_;
}

std::filesystem::path database_server::socket() const {
  const auto text = dsn();
  const auto from = text.find("host='") + 6;
  return std::filesystem::path{text.substr(from, text.find('\'', from) - from)} / ".s.PGSQL.5432";
}

steady_clock::time_point database_server::ready_at() const {
  std::lock_guard lock{mutex_};
  return ready_at_;
}

void database_server::crash(bool stay_down) {
  wanted_ = !stay_down;
  {
    std::lock_guard lock{mutex_};
    if (!up_) return;
    kill(server_->pid(), SIGQUIT);
  }
  const auto before = restarts_.load();
  e2e::eventually(crash_max, [&] { return !up_ || restarts_ != before; });
}

void database_server::start() {
  wanted_ = true;
}

bool database_server::wait_until_running(milliseconds deadline) const {
  return e2e::eventually(deadline, [&] { return up_.load(); });
}

void database_server::fill_disk() {
  if (mounted_) filling_ = true;
}

void database_server::free_disk() {
  filling_ = false;
  // The keeper may be about to write once more.
  std::this_thread::sleep_for(2 * look_around);
  std::error_code ignored;
  std::filesystem::remove(filler(), ignored);
}

void database_server::switch_log() const {
  auto superuser = dsn();
  superuser.replace(superuser.find("user=bpci"), 9, "user=postgres");
  try {
    pqxx::connection connection{superuser + " connect_timeout=2"};
    pqxx::nontransaction session{connection};
    for (std::size_t i = 0; i < log_switches; ++i) {
      // An empty one would not be left.
      session.exec("SELECT pg_logical_emit_message(false, 'chaos', 'x')");
      session.exec("SELECT pg_switch_wal()");
    }
  } catch (const pqxx::failure&) { // that is what was wanted
  }
}

} // namespace bpci::chaos
