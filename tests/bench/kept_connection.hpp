#pragma once

#include "messages/error.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace bpci::bench {

struct short_answer {
  int status = 0;
  std::string body;
};

/// One HTTP/1.1 connection that is kept from request to request, as the clients of a busy API keep
/// theirs: http::call makes one for each, and a benchmark would measure that. Blocking, of one
/// thread. It knows as much of HTTP as the program's own server speaks.
class kept_connection {
public:
  /// `address` is an IPv4 address and a port: "127.0.0.1:8080".
  explicit kept_connection(std::string address) : address_(std::move(address)) {}
  ~kept_connection() { close(); }
  kept_connection(const kept_connection&) = delete;
  kept_connection& operator=(const kept_connection&) = delete;

  /// Sends a whole request and reads its answer; connects first if need be. After an error the
  /// connection is gone. Errors: `unavailable` (no connection, or it broke), `timeout`,
  /// `malformed`.
  result<short_answer> call(std::string_view request, std::chrono::milliseconds deadline);

private:
  using instant = std::chrono::steady_clock::time_point;

  result<void> open();
  result<void> send_all(std::string_view what);
  /// Appends what comes; fails at the deadline or the end of the connection.
  result<void> read_more(instant until);
  result<short_answer> read_answer(instant until);
  void close() noexcept;

  std::string address_;
  std::string buffer_;
  int socket_ = -1;
};

} // namespace bpci::bench
