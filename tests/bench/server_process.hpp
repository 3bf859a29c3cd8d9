#pragma once

#include "messages/error.hpp"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

namespace bpci::bench {

using time_point = std::chrono::steady_clock::time_point;

/// A server under test, in a process of its own, so that what it costs can be told from what the
/// load generator costs. Ends with this object, or with this process.
class server_process {
public:
  /// Its output is read with `read_line`; what it logs goes to `log`.
  static result<std::unique_ptr<server_process>> start(std::vector<std::string> command,
                                                       const std::filesystem::path& log);
  ~server_process();
  server_process(const server_process&) = delete;
  server_process& operator=(const server_process&) = delete;

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

  /// Errors: `timeout`; `unavailable` if it has ended.
  result<std::string> read_line(time_point deadline);

  /// CPU time of all its threads since it started. (What /proc/PID/stat says, but in nanoseconds.)
  [[nodiscard]] std::chrono::nanoseconds cpu() const;

  [[nodiscard]] std::size_t resident_bytes() const;

private:
  server_process(pid_t pid, int output) : pid_(pid), output_(output) {}

  pid_t pid_;
  int output_;
  std::string unread_;
};

} // namespace bpci::bench
