#include "tests/bench/server_process.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bpci::bench {

namespace {

/// A node with a database of its own takes a while to end in good order.
constexpr auto stop_max = std::chrono::seconds{40};

failure system_fault(const std::string& what) {
  return fail(ec::internal, what + ": " + std::strerror(errno));
}

int milliseconds_until(time_point deadline) {
  auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

[[noreturn]] void become(std::vector<std::string>& command, int output, int log) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  std::vector<char*> arguments;
  for (auto& x : command)
    arguments.push_back(x.data());
  arguments.push_back(nullptr);
  ::execv(arguments.front(), arguments.data());
  ::_exit(127);
}

/// Whether the process ended in time.
bool wait_for_end(pid_t pid, time_point deadline) {
  auto handle = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (handle < 0) return true;
  auto end = pollfd{handle, POLLIN, 0};
  auto ended = ::poll(&end, 1, milliseconds_until(deadline)) > 0;
  ::close(handle);
  return ended;
}

} // namespace

result<std::unique_ptr<server_process>> server_process::start(std::vector<std::string> command,
                                                              const std::filesystem::path& log) {
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) return system_fault("pipe");
  auto log_file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (log_file < 0) return system_fault(log.string());
  auto pid = ::fork();
  if (pid == 0) become(command, pipe[1], log_file);
  ::close(pipe[1]);
  ::close(log_file);
  if (pid > 0) return std::unique_ptr<server_process>{new server_process{pid, pipe[0]}};
  ::close(pipe[0]);
  return system_fault("fork");
}

server_process::~server_process() {
  ::kill(pid_, SIGTERM);
  if (!wait_for_end(pid_, std::chrono::steady_clock::now() + stop_max)) ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  ::close(output_);
}

result<std::string> server_process::read_line(time_point deadline) {
  for (;;) {
    if (auto end = unread_.find('\n'); end != std::string::npos) {
      auto line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return line;
    }
    auto more = pollfd{output_, POLLIN, 0};
    if (::poll(&more, 1, milliseconds_until(deadline)) == 0) return fail(ec::timeout);
    char text[512];
    auto count = ::read(output_, text, sizeof text);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return fail(ec::unavailable, "the server has ended");
    unread_.append(text, static_cast<std::size_t>(count));
  }
}

std::chrono::nanoseconds server_process::cpu() const {
  clockid_t clock{};
  timespec used{};
  if (::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return {};
  return std::chrono::seconds{used.tv_sec} + std::chrono::nanoseconds{used.tv_nsec};
}

std::size_t server_process::resident_bytes() const {
  auto in = std::ifstream{"/proc/" + std::to_string(pid_) + "/statm"};
  std::size_t all = 0;
  std::size_t resident = 0;
  in >> all >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

} // namespace bpci::bench
