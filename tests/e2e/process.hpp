#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <thread>
#include <vector>

namespace bpci::e2e {

using std::chrono::milliseconds;

struct process_spec {
  std::filesystem::path program;
  std::vector<std::string> arguments = {};
  std::map<std::string, std::string> environment = {}; ///< over that of the test
  std::filesystem::path log = {};                      ///< Standard error is appended to it.
};

/// A program that dies with the test: the kernel kills it when the test process ends, however that
/// happens. Standard output comes in lines.
class process {
public:
  /// Throws std::runtime_error if the program cannot be started. From the main thread: the kernel
  /// kills the child when the thread that made it ends.
  explicit process(const process_spec& what);
  ~process(); ///< Kills it.
  process(const process&) = delete;
  process& operator=(const process&) = delete;

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

  /// To standard input.
  void write(std::string_view text);
  void close_input();

  /// The next line that has not been taken yet; none at the deadline, or when the output has ended.
  std::optional<std::string> next_line(milliseconds deadline);

  /// The next line that begins with `prefix`; those before it are dropped.
  std::optional<std::string> next_line_with(std::string_view prefix, milliseconds deadline);

  /// All lines so far, taken or not.
  [[nodiscard]] std::string output() const;

  void send_signal(int number);

  /// The exit code, or 128 and the number of the signal that ended it; none at the deadline.
  std::optional<int> wait_for_exit(milliseconds deadline);

  [[nodiscard]] bool running();

private:
  void read_output();

  pid_t pid_ = -1;
  int watch_ = -1; ///< pidfd
  int input_ = -1;
  int output_ = -1;
  std::optional<int> exit_code_;

  mutable std::mutex mutex_;
  std::condition_variable more_;
  std::string all_;
  std::deque<std::string> lines_;
  bool ended_ = false;
  std::thread reader_;
};

struct command_outcome {
  int exit_code = -1;
  std::string out;
  std::string err;
};

/// Runs a program to its end. Throws std::runtime_error at the deadline.
command_outcome run_command(process_spec what, milliseconds deadline, std::string_view input = {});

/// Asks until it is so, for what announces itself by no event.
template <class Condition>
bool eventually(milliseconds deadline, Condition&& holds) {
  constexpr auto pause = milliseconds{20};
  const auto until = std::chrono::steady_clock::now() + deadline;
  while (!holds()) {
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(pause);
  }
  return true;
}

} // namespace bpci::e2e
