#pragma once

#include "messages/error.hpp"
#include "runtime/storage/account.hpp"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace bpci::storage {

struct process_spec {
  std::filesystem::path program;
  std::vector<std::string> arguments;
  std::optional<account> run_as; ///< none: the account of this process
  std::filesystem::path output;  ///< takes stdout and stderr; emptied at start
  std::filesystem::path work_dir = "/";
  int death_signal = SIGKILL; ///< what the child gets when this process dies
};

/// A child process that cannot outlive this one. It runs in a session of its own (a Ctrl-C at the
/// terminal does not reach it), with default signals, a clean environment and no inherited files.
class child_process {
public:
  /// Errors: `storage_failed`, with the step that failed.
  static result<std::unique_ptr<child_process>> start(process_spec what);

  /// Kills the child if it still runs.
  ~child_process();
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;

  [[nodiscard]] pid_t pid() const noexcept;

  /// False when it has ended already; never hits a process that took over its number.
  bool send_signal(int number);

  /// The wait status (`man 2 waitpid`) once the child has ended; nothing when it has not in time.
  std::optional<int> wait_for(std::chrono::milliseconds longest);

  /// Calls `then(wait status)` on another thread when the child ends, or here and now when it has.
  /// `then` must not destroy this object.
  void on_exit(std::function<void(int)> then);

private:
  class runner;
  explicit child_process(std::unique_ptr<runner> it);
  std::unique_ptr<runner> runner_;
};

/// "exit code 1", "signal 9"
std::string describe_wait_status(int status);

} // namespace bpci::storage
