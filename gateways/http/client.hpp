#pragma once

#include "gateways/http/message.hpp"
#include "gateways/http/websocket.hpp"
#include "messages/error.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

/// A small blocking client: for the command line, the C++ library of BPI-1.0, and tests. TLS is
/// the business of the proxy in front of a node, so addresses are `http://` or `ws://`.
namespace bpci::http {

/// One request on a connection of its own. `base_url` is `http://host[:port]`, `path` begins with
/// `/` and is sent as it stands, with its query. Errors: `invalid_argument` for an address that
/// cannot be read, `unavailable` if there is no connection, `timeout`, `malformed` for an answer
/// that is not HTTP. A status of 400 and more is an answer, not an error.
result<response> call(const std::string& base_url, const std::string& method,
                      const std::string& path, const header_list& headers = {},
                      std::string body = {},
                      std::chrono::milliseconds timeout = std::chrono::seconds{30});

struct websocket_client_options {
  std::string url;                    ///< `ws://host[:port]/path`
  std::string subprotocol = "bpi.v1"; ///< Empty: none is offered.
  header_list headers;                ///< For the upgrade request, say Authorization.
  std::chrono::milliseconds connect_timeout{10'000}; ///< Until the handshake is done.
  /// `initial_credit` bounds the messages that wait for `receive`.
  websocket_limits limits;
};

/// How a WebSocket ended, see `socket_listener::on_closed`.
struct close_info {
  ec why = ec::none;
  std::string detail;
};

/// One WebSocket with a thread of its own. One thread may send while another receives.
class websocket_client {
public:
  /// Errors: those of `call`; and when the server refuses, the code of its problem document, or
  /// `not_permitted` when it gives none.
  static result<std::unique_ptr<websocket_client>> connect(const websocket_client_options& how);

  virtual ~websocket_client() = default;

  /// Queues a message; waits while the queue is full. Errors: `busy` when it stays so for
  /// `timeout`; when the connection has ended, what ended it (`unavailable` for a normal end).
  virtual result<void> send(std::shared_ptr<const bytes> data, frame_kind kind,
                            std::chrono::milliseconds timeout) = 0;
  result<void> send(bytes data, std::chrono::milliseconds timeout = std::chrono::seconds{10}) {
    return send(std::make_shared<const bytes>(std::move(data)), frame_kind::binary, timeout);
  }
  result<void> send_text(std::string_view text,
                         std::chrono::milliseconds timeout = std::chrono::seconds{10}) {
    return send(std::make_shared<const bytes>(text.begin(), text.end()), frame_kind::text, timeout);
  }

  /// The next message. Errors: `timeout`; when the connection has ended and all that came before
  /// is read, what ended it (`unavailable` for a normal end).
  virtual result<frame> receive(std::chrono::milliseconds timeout) = 0;

  /// Sends what is queued and a close frame; waits for the end at most `limits.close_max`.
  virtual void close(ec why = ec::none, std::string reason = {}) = 0;

  [[nodiscard]] virtual bool is_open() const = 0;

  /// How it ended; meaningless while it is open.
  [[nodiscard]] virtual close_info closed() const = 0;

  /// The subprotocol that the server chose; empty if none.
  [[nodiscard]] virtual const std::string& subprotocol() const noexcept = 0;
};

} // namespace bpci::http
