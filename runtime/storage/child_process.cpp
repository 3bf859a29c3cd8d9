#include "runtime/storage/child_process.hpp"

#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <fcntl.h>
#include <future>
#include <linux/close_range.h>
#include <mutex>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace bpci::storage {

namespace {

/// Everything that the child needs between fork and exec, made before: after a fork in a program
/// with threads only async-signal-safe calls are allowed (POSIX, fork), so no allocation.
struct prepared {
  const process_spec* what;
  std::vector<char*> arguments;
  std::vector<char*> environment;
  int input = -1;
  int output = -1;
  int report = -1; ///< closed by a successful exec
  pid_t parent = 0;
};

/// The step that failed, as the child sends it to its parent.
struct obstacle {
  int error;
  std::array<char, 28> step;
};

[[noreturn]] void give_up(const prepared& how, const char* step) {
  obstacle what{errno, {}};
  std::strncpy(what.step.data(), step, what.step.size() - 1);
  [[maybe_unused]] auto written = write(how.report, &what, sizeof what);
  _exit(127);
}

void default_signals() {
  struct sigaction plain {};
  plain.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number)
    sigaction(number, &plain, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// Raw system calls: glibc's wrappers would synchronise with threads that the child has not got.
void drop_rights(const prepared& how) {
  if (!how.what->run_as) return;
  const auto& who = *how.what->run_as;
  if (syscall(SYS_setgroups, who.groups.size(), who.groups.data()) != 0) give_up(how, "setgroups");
  if (syscall(SYS_setresgid, who.gid, who.gid, who.gid) != 0) give_up(how, "setgid");
  if (syscall(SYS_setresuid, who.uid, who.uid, who.uid) != 0) give_up(how, "setuid");
}

[[noreturn]] void become(const prepared& how) {
  setsid();
  default_signals();
  if (dup2(how.input, 0) < 0 || dup2(how.output, 1) < 0 || dup2(how.output, 2) < 0)
    give_up(how, "dup2");
  drop_rights(how);
  // After the change of account, which would clear it.
  if (prctl(PR_SET_PDEATHSIG, how.what->death_signal) != 0) give_up(how, "prctl");
  // The parent may have died before the line above; nobody would tell us any more.
  if (getppid() != how.parent) _exit(127);
  if (chdir(how.what->work_dir.c_str()) != 0) give_up(how, "chdir");
  umask(077);
  close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  execve(how.what->program.c_str(), how.arguments.data(), how.environment.data());
  give_up(how, "exec");
}

failure system_failure(const std::string& step, int error) {
  return fail(ec::storage_failed, step + ": " + std::strerror(error));
}

} // namespace

std::string describe_wait_status(int status) {
  if (WIFSIGNALED(status)) return "signal " + std::to_string(WTERMSIG(status));
  return "exit code " + std::to_string(WEXITSTATUS(status));
}

/// Owns the thread that forks. PR_SET_PDEATHSIG is bound to that thread, not to the process, so it
/// must live as long as the child: it spends its life waiting for it.
class child_process::runner {
public:
  explicit runner(process_spec what) : what_(std::move(what)) {}

  ~runner() {
    send_signal(SIGKILL);
    if (thread_.joinable()) thread_.join();
  }

  result<void> launch() {
    std::promise<result<void>> started;
    auto answer = started.get_future();
    thread_ = std::thread{[this, &started] { run(started); }};
    return answer.get();
  }

  bool send_signal(int number) {
    std::lock_guard lock{mutex_};
    // Until it is reaped, which needs this mutex, its number cannot be given to another process.
    return pid_ > 0 && !status_ && kill(pid_, number) == 0;
  }

  std::optional<int> wait_for(std::chrono::milliseconds longest) {
    std::unique_lock lock{mutex_};
    ended_.wait_for(lock, longest, [&] { return status_.has_value(); });
    return status_;
  }

  void on_exit(std::function<void(int)> then) {
    std::unique_lock lock{mutex_};
    if (!status_) {
      then_ = std::move(then);
      return;
    }
    auto status = *status_;
    lock.unlock();
    then(status);
  }

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

private:
  void run(std::promise<result<void>>& started) {
    auto outcome = fork_and_exec();
    auto running = outcome.has_value();
    started.set_value(std::move(outcome));
    if (running) wait();
  }

  result<void> fork_and_exec() {
    std::array<int, 2> report{-1, -1};
    if (pipe2(report.data(), O_CLOEXEC) != 0) return system_failure("pipe", errno);
    auto input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    auto output = open(what_.output.c_str(),
                       O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    auto outcome = input < 0 || output < 0
                       ? result<void>{system_failure(what_.output.string(), errno)}
                       : fork_with(input, output, report);
    for (auto file : {input, output, report[0], report[1]})
      if (file >= 0) close(file);
    return outcome;
  }

  result<void> fork_with(int input, int output, std::array<int, 2>& report) {
    auto how = prepared{&what_, {}, {}, input, output, report[1], getpid()};
    auto name = what_.program.string();
    how.arguments.push_back(name.data());
    for (auto& argument : what_.arguments)
      how.arguments.push_back(argument.data());
    how.arguments.push_back(nullptr);
    std::array<std::string, 3> environment{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
                                           "TZ=UTC"};
    for (auto& entry : environment)
      how.environment.push_back(entry.data());
    how.environment.push_back(nullptr);

    auto child = fork();
    if (child < 0) return system_failure("fork", errno);
    if (child == 0) become(how);
    close(report[1]);
    report[1] = -1;
    obstacle what{};
    if (read(report[0], &what, sizeof what) == static_cast<ssize_t>(sizeof what)) {
      waitpid(child, nullptr, 0);
      return system_failure(std::string{what.step.data()} + " for " + name, what.error);
    }
    std::lock_guard lock{mutex_};
    pid_ = child;
    return {};
  }

  void wait() {
    siginfo_t how{};
    while (waitid(P_PID, static_cast<id_t>(pid_), &how, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
    }
    std::function<void(int)> then;
    int status = 0;
    {
      std::lock_guard lock{mutex_};
      waitpid(pid_, &status, 0);
      status_ = status;
      then = std::move(then_);
    }
    ended_.notify_all();
    if (then) then(status);
  }

  process_spec what_;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::atomic<pid_t> pid_{0};
  std::optional<int> status_;
  std::function<void(int)> then_;
};

child_process::child_process(std::unique_ptr<runner> it) : runner_(std::move(it)) {}

child_process::~child_process() = default;

result<std::unique_ptr<child_process>> child_process::start(process_spec what) {
  auto it = std::make_unique<runner>(std::move(what));
  if (auto launched = it->launch(); !launched) return launched.error();
  return std::unique_ptr<child_process>{new child_process{std::move(it)}};
}

pid_t child_process::pid() const noexcept {
  return runner_->pid();
}

bool child_process::send_signal(int number) {
  return runner_->send_signal(number);
}

std::optional<int> child_process::wait_for(std::chrono::milliseconds longest) {
  return runner_->wait_for(longest);
}

void child_process::on_exit(std::function<void(int)> then) {
  runner_->on_exit(std::move(then));
}

} // namespace bpci::storage
