#pragma once

#include "tests/bench/dialect.hpp"
#include "tests/bench/server_process.hpp"

#include <chrono>
#include <cstdint>
#include <vector>

namespace bpci::bench {

using nanoseconds = std::chrono::nanoseconds;

/// What was measured between two moments of a run.
struct measured {
  std::uint64_t acknowledged = 0;
  nanoseconds took{};
  nanoseconds server_cpu{};
  std::vector<nanoseconds> latencies; ///< From the moment when a message was due to its receipt.
};

/// Both ends of all connections to one server, on the caller's thread. Every message is made
/// before the run that sends it.
class load {
public:
  load(dialect& speech, const server_process& server, std::size_t connections);
  ~load();
  load(const load&) = delete;
  load& operator=(const load&) = delete;

  result<void> connect(std::uint16_t port);

  /// Drops what earlier calls have left over.
  void prepare(std::size_t messages);

  /// As fast as it goes, with `in_flight` unacknowledged messages on each connection. Measures for
  /// `measure` after `warm_up`, or until a connection has sent all that was prepared for it.
  result<measured> saturate(std::size_t in_flight, nanoseconds warm_up, nanoseconds measure);

  /// `rate` messages a second, evenly, on all connections in turn; a late one is measured from when
  /// it was due.
  result<measured> pace(double rate, nanoseconds warm_up, nanoseconds measure);

private:
  enum class state : std::uint8_t { closed, upgrading, greeting, open };

  /// Frames behind one another, sent in order.
  struct prepared {
    bytes data;
    std::vector<std::size_t> ends;
    std::vector<time_point> due; ///< Of those that were sent.
    std::uint64_t first = 1;     ///< The number of the first one.
    std::size_t acknowledged = 0;

    [[nodiscard]] bool dry() const { return due.size() == ends.size(); }
  };

  struct connection {
    int fd = -1;
    load::state state = state::closed;
    bytes in;  ///< What has no end yet.
    bytes out; ///< What is not sent yet.
    std::size_t sent = 0;
    bool dirty = false;   ///< In `dirty_`.
    bool blocked = false; ///< The system takes no more; epoll tells when it does.
    prepared messages;
  };

  result<void> open_next(std::uint16_t port);
  result<void> turn(nanoseconds wait);
  result<void> receive(std::size_t who);
  result<void> hear(std::size_t who, std::span<const std::uint8_t> fresh);
  result<std::size_t> take(std::size_t who, std::span<const std::uint8_t> data);
  result<std::size_t> take_upgrade(connection& x, std::span<const std::uint8_t> data);
  result<void> take_frame(std::size_t who, std::span<const std::uint8_t> payload);
  [[nodiscard]] failure refused(std::size_t who, const std::string& why) const;
  result<void> take_answer(std::size_t who, const heard& what);
  void send(std::size_t who, std::span<const std::uint8_t> raw);
  void reply(std::size_t who);
  void send_next(std::size_t who, time_point due);
  result<void> flush(std::size_t who);
  result<void> flush_all();
  result<void> drain();
  void begin_measuring(time_point now);
  void end_measuring(time_point now);

  dialect& speech_;
  const server_process& server_;
  std::vector<connection> connections_;
  int epoll_ = -1;
  std::vector<std::size_t> dirty_;
  bytes scratch_;
  bytes reply_;

  std::size_t opening_ = 0;
  std::size_t open_ = 0;

  // Of the run under way.
  bool refill_ = false; ///< An acknowledged message makes room for the next.
  bool dry_ = false;
  std::uint64_t unacknowledged_ = 0;
  time_point since_{}; ///< Of the messages whose latency counts: due from here
  time_point until_{}; ///< to here.
  bool measuring_ = false;
  time_point measuring_since_{};
  nanoseconds cpu_before_{};
  measured seen_;
};

} // namespace bpci::bench
