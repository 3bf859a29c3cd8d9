#pragma once

#include "messages/error.hpp"

#include <pqxx/connection>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

/// One connection to PostgreSQL, opened the same way everywhere, and the means to take it away
/// from a thread that is stuck in it. For the .cpp files of this folder.
namespace bpci::storage {

/// libpq measures its own patience with a server that accepts and stays silent in seconds, and
/// takes anything below two as two.
constexpr auto connect_max = std::chrono::seconds{2};

struct session_options {
  std::string conninfo; ///< keywords or a postgresql:// address
  std::string application_name;
  std::chrono::milliseconds statement_max{5000};
  std::chrono::milliseconds idle_in_transaction_max{5000};
};

/// The socket of a connection as another thread may cut it, and what that connection is being used
/// for. libpq waits for a silent server without end; shutting its socket down is what wakes it.
class wire {
public:
  wire() = default;
  ~wire();
  wire(const wire&) = delete;
  wire& operator=(const wire&) = delete;

  // -- by the thread that uses the connection --------------------------------

  void opened(int socket);
  void closed();
  void failed_to_open();

  /// Job numbers start at 1. False when the job was cut before it began.
  void take(std::uint64_t job);
  bool begin();
  void end();

  /// Waits before the next attempt to connect. False when the job was cut meanwhile.
  bool pause(std::chrono::milliseconds time);

  // -- by any thread ---------------------------------------------------------

  enum class stage : std::uint8_t { over, not_begun, begun };

  /// Cuts the connection if it is in use for `job`; tells how far the job had come.
  stage cut(std::uint64_t job);

  [[nodiscard]] bool connected() const;

  /// Whether the last attempt to connect succeeded: a server that lost a connection because a job
  /// was cut is reachable all the same.
  [[nodiscard]] bool reachable() const;

private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int socket_ = -1; ///< a duplicate: never closed by libpq, never another file's number
  bool reachable_ = false;
  std::uint64_t job_ = 0;
  bool begun_ = false;
  bool cut_ = false;
};

/// Cuts `it` when the time is over before the scope is.
class deadline_scope {
public:
  deadline_scope(wire& it, std::chrono::milliseconds longest);
  ~deadline_scope();
  deadline_scope(const deadline_scope&) = delete;
  deadline_scope& operator=(const deadline_scope&) = delete;

private:
  wire& wire_;
  std::mutex mutex_;
  std::condition_variable over_;
  bool done_ = false;
  std::thread thread_;
};

/// Connects, within `connect_max` for each address, and tells `it` the socket. The connection
/// never reconnects by itself: half a transaction would go to the new one.
/// Throws what libpqxx throws; the text holds no password.
std::unique_ptr<pqxx::connection> open_session(const session_options& how, wire& it);

} // namespace bpci::storage
