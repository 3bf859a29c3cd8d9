#pragma once

#include "messages/error.hpp"
#include "messages/ids.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace bpci::http {

enum class frame_kind : std::uint8_t { binary, text };

/// One WebSocket message, complete. Text was checked to be UTF-8.
struct frame {
  frame_kind kind = frame_kind::binary;
  bytes data;

  bool operator==(const frame&) const = default;
};

/// What a frame that came in takes of the credit: one, and one more for each 4 KiB. So what is read
/// and not handled yet is bounded in bytes, too: by a mebibyte and a frame with the default credit.
constexpr std::uint32_t credit_of(std::size_t frame_bytes) noexcept {
  return static_cast<std::uint32_t>(1 + frame_bytes / 4'096);
}

/// The bounds of one WebSocket. Sizes are bytes.
struct websocket_limits {
  std::size_t max_frame_bytes = 1024 * 1024; ///< Of a message, all its fragments together.
  std::size_t max_write_queue_bytes = 4 * 1024 * 1024; ///< What waits to be sent.
  std::size_t initial_credit = 256; ///< Small frames that may come before any `grant`.
  std::chrono::milliseconds write_stall{
      10'000}; ///< No byte could be sent for so long: slow_reader.
  std::chrono::milliseconds ping_interval{20'000}; ///< Silence after which a ping is sent.
  std::chrono::milliseconds idle{60'000};          ///< Silence after which it is given up.
  std::chrono::milliseconds close_max{2'000};      ///< For the other side to answer a close frame.
};

/// One WebSocket. Every method may be called from any thread and never blocks. It may outlive the
/// connection and the server.
class socket {
public:
  virtual ~socket() = default;

  /// Queues a message; what is pending goes out in few system calls. False, and nothing is queued,
  /// if the queue would exceed its bound or the socket is closing. The same bytes may be given to
  /// many sockets; they are not copied before they are written.
  virtual bool send(std::shared_ptr<const bytes> data, frame_kind kind = frame_kind::binary) = 0;
  bool send(bytes data, frame_kind kind = frame_kind::binary) {
    return send(std::make_shared<const bytes>(std::move(data)), kind);
  }

  /// What `send` took and the system has not taken yet, with a small overhead for each message.
  [[nodiscard]] virtual std::size_t queued_bytes() const noexcept = 0;

  /// Sends what is queued, then a close frame with `close_code(why)` and "why: reason"; drops the
  /// connection if the other side does not answer within `close_max`. Frames that still come in
  /// are dropped. The first call counts.
  virtual void close(ec why, std::string reason = {}) = 0;

  /// The `frames` oldest messages that came in have been handled: gives back what they took of the
  /// credit (`credit_of`), and one for each that has not come yet. Without credit the server stops
  /// reading the connection, so the other side feels it through TCP.
  virtual void grant(std::size_t frames) = 0;

  /// New bounds in the place of `max_frame_bytes` and `max_write_queue_bytes`. What is sent after
  /// this call goes out when they hold.
  virtual void allow(std::size_t frame_bytes_max, std::size_t queue_bytes_max) = 0;

  /// The address of the other end, without the port.
  [[nodiscard]] virtual const std::string& remote_address() const noexcept = 0;
};

/// What comes from one WebSocket. Called on one I/O thread, one call at a time: it must not block.
class socket_listener {
public:
  virtual ~socket_listener() = default;

  /// All complete messages that one read of the connection brought, in order. Never empty.
  virtual void on_frames(std::vector<frame> frames) = 0;

  /// There is room again (half of the bound) after a `send` was refused for lack of it.
  virtual void on_writable() {}

  /// The connection is gone: the last call, and exactly one. `none` for a normal close; what this
  /// side gave to `close`; `too_large`, `malformed` for frames that broke the rules; `slow_reader`,
  /// `idle_timeout`; `unavailable` for a connection that broke; else what the close frame said.
  virtual void on_closed(ec why, std::string detail) = 0;
};

} // namespace bpci::http
