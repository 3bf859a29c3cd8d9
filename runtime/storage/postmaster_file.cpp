#include "runtime/storage/postmaster_file.hpp"

#include "runtime/log/log.hpp"

#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <string>
#include <unistd.h>

// glibc 2.36 forgot this around its declarations.
extern "C" {
#include <sys/pidfd.h>
}

namespace bpci::storage {

namespace {

using std::chrono::milliseconds;

/// For each of SIGINT (fast shutdown), SIGQUIT (immediate) and SIGKILL.
constexpr auto orphan_stop_max = milliseconds{10'000};

/// The file holds whole seconds, and the kernel counts from its own idea of the boot time.
constexpr std::int64_t start_time_tolerance_s = 5;

std::string read_text(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::string_view take_line(std::string_view& text) {
  auto end = text.find('\n');
  auto line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

template <class Number>
std::optional<Number> to_number(std::string_view text) {
  Number value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::int64_t> boot_time() {
  std::ifstream in{"/proc/stat"};
  std::string word;
  while (in >> word)
    if (std::int64_t seconds = 0; word == "btime" && in >> seconds) return seconds;
  return std::nullopt;
}

/// Seconds since 1970 at which the process was forked.
std::optional<std::int64_t> start_time(pid_t pid) {
  auto text = read_text("/proc/" + std::to_string(pid) + "/stat");
  // The second field is the name in brackets, which may hold anything; the 22nd is the start.
  auto at = text.rfind(')');
  if (at == std::string::npos) return std::nullopt;
  auto rest = std::string_view{text}.substr(at + 2);
  for (int field = 3; field < 22; ++field) {
    auto space = rest.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(space + 1);
  }
  auto ticks = to_number<std::int64_t>(rest.substr(0, rest.find(' ')));
  auto boot = boot_time();
  if (!ticks || !boot) return std::nullopt;
  return *boot + *ticks / sysconf(_SC_CLK_TCK);
}

bool serves(pid_t pid, const std::filesystem::path& data_dir) {
  auto process = std::filesystem::path{"/proc"} / std::to_string(pid);
  std::error_code error;
  auto program = std::filesystem::read_symlink(process / "exe", error).filename().string();
  // The kernel adds " (deleted)" after an upgrade of the package.
  if (error || !program.starts_with("postgres")) return false;
  return std::filesystem::equivalent(process / "cwd", data_dir, error);
}

bool ends_in_time(int handle) {
  pollfd ended{handle, POLLIN, 0};
  return poll(&ended, 1, static_cast<int>(orphan_stop_max.count())) == 1;
}

bool stop(int handle) {
  for (auto number : {SIGINT, SIGQUIT, SIGKILL}) {
    pidfd_send_signal(handle, number, nullptr, 0);
    if (ends_in_time(handle)) return true;
  }
  return false;
}

/// `handle` keeps the number from meaning another process halfway through.
result<void> settle(int handle, const postmaster_file& left,
                    const std::filesystem::path& data_dir) {
  auto pid = std::to_string(left.pid);
  if (!serves(left.pid, data_dir)) {
    log::warn("postmaster-file-stale", {{"pid", left.pid}});
    std::error_code ignored;
    std::filesystem::remove(data_dir / "postmaster.pid", ignored);
    return {};
  }
  auto started = start_time(left.pid);
  if (!started || std::abs(*started - left.started_at) > start_time_tolerance_s)
    return fail(ec::storage_failed, "a PostgreSQL that this node did not start (process " + pid
                                        + ") uses " + data_dir.string()
                                        + "; stop it with `kill -INT " + pid + "`");
  log::warn("postmaster-orphan-stopping", {{"pid", left.pid}});
  if (stop(handle)) return {};
  return fail(ec::storage_failed, "process " + pid + ", a PostgreSQL left behind on "
                                      + data_dir.string() + ", does not end");
}

} // namespace

std::optional<postmaster_file> parse_postmaster_file(std::string_view text) {
  auto pid = to_number<pid_t>(take_line(text));
  auto data_dir = take_line(text);
  auto started = to_number<std::int64_t>(take_line(text));
  if (!pid || *pid <= 0 || data_dir.empty() || !started) return std::nullopt;
  return postmaster_file{*pid, std::filesystem::path{std::string{data_dir}}, *started};
}

result<void> stop_orphan(const std::filesystem::path& data_dir) {
  auto left = parse_postmaster_file(read_text(data_dir / "postmaster.pid"));
  if (!left) return {};
  auto handle = pidfd_open(left->pid, 0);
  // No such process: PostgreSQL clears such a file by itself.
  if (handle < 0) return {};
  auto settled = settle(handle, *left, data_dir);
  close(handle);
  return settled;
}

} // namespace bpci::storage
