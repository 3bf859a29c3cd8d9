#include "process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <sstream>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

// glibc 2.36 forgot this around its declarations.
extern "C" {
#include <sys/pidfd.h>
}

extern char** environ;

namespace bpci::e2e {

namespace {

using clock = std::chrono::steady_clock;

constexpr auto kill_max = milliseconds{10'000};

[[noreturn]] void give_up(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

std::array<int, 2> make_pipe() {
  std::array<int, 2> out{};
  if (pipe2(out.data(), O_CLOEXEC) != 0) give_up("pipe");
  return out;
}

/// Everything between fork and exec is prepared here: the test has threads, so the child may only
/// make system calls.
struct prepared {
  std::vector<std::string> texts;
  std::vector<char*> arguments;
  std::vector<char*> environment;
  int input = -1;
  int output = -1;
  int error = -1;
  pid_t parent = 0;
};

void point_to(std::vector<char*>& out, std::vector<std::string>& texts) {
  for (auto& x : texts)
    out.push_back(x.data());
  out.push_back(nullptr);
}

std::vector<std::string> environment_of(const process_spec& what) {
  std::vector<std::string> out;
  for (auto** x = environ; *x; ++x) {
    const std::string entry{*x};
    if (!what.environment.contains(entry.substr(0, entry.find('=')))) out.push_back(entry);
  }
  for (const auto& [name, value] : what.environment)
    out.push_back(name + '=' + value);
  return out;
}

[[noreturn]] void become(const char* program, const prepared& how) {
  constexpr int not_started = 127;
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  if (dup2(how.input, 0) < 0 || dup2(how.output, 1) < 0) _exit(not_started);
  if (how.error >= 0 && dup2(how.error, 2) < 0) _exit(not_started);
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != how.parent) _exit(not_started);
  execve(program, how.arguments.data(), how.environment.data());
  _exit(not_started);
}

} // namespace

process::process(const process_spec& what) {
  // A child that has died must not take the test along when it is written to.
  std::signal(SIGPIPE, SIG_IGN);
  auto input = make_pipe();
  auto output = make_pipe();
  auto words = what.arguments;
  words.insert(words.begin(), what.program.string());
  auto variables = environment_of(what);
  prepared how;
  point_to(how.arguments, words);
  point_to(how.environment, variables);
  how.input = input[0];
  how.output = output[1];
  how.parent = getpid();
  if (!what.log.empty())
    how.error = open(what.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  pid_ = fork();
  if (pid_ < 0) give_up("fork");
  if (pid_ == 0) become(how.arguments.front(), how);
  for (auto file : {input[0], output[1], how.error})
    if (file >= 0) close(file);
  watch_ = pidfd_open(pid_, 0);
  input_ = input[1];
  output_ = output[0];
  reader_ = std::thread{[this] { read_output(); }};
}

process::~process() {
  send_signal(SIGKILL);
  wait_for_exit(kill_max);
  close_input();
  reader_.join();
  close(output_);
  close(watch_);
}

void process::write(std::string_view text) {
  while (!text.empty()) {
    const auto n = ::write(input_, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return; // It has ended; its exit code tells.
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

void process::close_input() {
  if (input_ >= 0) close(input_);
  input_ = -1;
}

void process::read_output() {
  std::string rest;
  std::array<char, 16 * 1024> part{};
  for (;;) {
    const auto n = ::read(output_, part.data(), part.size());
    if (n < 0 && errno == EINTR) continue;
    std::lock_guard lock{mutex_};
    if (n <= 0) {
      ended_ = true;
      more_.notify_all();
      return;
    }
    all_.append(part.data(), static_cast<std::size_t>(n));
    rest.append(part.data(), static_cast<std::size_t>(n));
    for (auto end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
      lines_.push_back(rest.substr(0, end));
      rest.erase(0, end + 1);
    }
    more_.notify_all();
  }
}

std::optional<std::string> process::next_line(milliseconds deadline) {
  std::unique_lock lock{mutex_};
  more_.wait_for(lock, deadline, [&] { return !lines_.empty() || ended_; });
  if (lines_.empty()) return std::nullopt;
  auto out = std::move(lines_.front());
  lines_.pop_front();
  return out;
}

std::optional<std::string> process::next_line_with(std::string_view prefix, milliseconds deadline) {
  const auto until = clock::now() + deadline;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(until - clock::now());
    auto line = next_line(std::max(left, milliseconds{0}));
    if (!line || line->starts_with(prefix)) return line;
  }
}

std::string process::output() const {
  std::lock_guard lock{mutex_};
  return all_;
}

void process::send_signal(int number) {
  if (!exit_code_) pidfd_send_signal(watch_, number, nullptr, 0);
}

std::optional<int> process::wait_for_exit(milliseconds deadline) {
  if (exit_code_) return exit_code_;
  constexpr int signal_base = 128;
  pollfd watched{watch_, POLLIN, 0};
  if (poll(&watched, 1, static_cast<int>(deadline.count())) <= 0) return std::nullopt;
  int status = 0;
  if (waitpid(pid_, &status, 0) != pid_) give_up("waitpid");
  exit_code_ = WIFSIGNALED(status) ? signal_base + WTERMSIG(status) : WEXITSTATUS(status);
  return exit_code_;
}

bool process::running() {
  return !wait_for_exit(milliseconds{0});
}

command_outcome run_command(process_spec what, milliseconds deadline, std::string_view input) {
  std::string file = (std::filesystem::temp_directory_path() / "bpci-e2e-XXXXXX").string();
  const auto handle = mkstemp(file.data());
  if (handle < 0) give_up("mkstemp");
  close(handle);
  what.log = file;
  command_outcome out;
  {
    process child{what};
    child.write(input);
    child.close_input();
    const auto code = child.wait_for_exit(deadline);
    if (!code) throw std::runtime_error(what.program.string() + " did not end in time");
    out.exit_code = *code;
    while (child.next_line(deadline))
      continue; // until the output has ended
    out.out = child.output();
  }
  std::ifstream in{file};
  std::ostringstream text;
  text << in.rdbuf();
  out.err = text.str();
  std::filesystem::remove(file);
  return out;
}

} // namespace bpci::e2e
