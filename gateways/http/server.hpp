#pragma once

#include "gateways/http/message.hpp"
#include "gateways/http/websocket.hpp"
#include "messages/error.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

/// An HTTP/1.1 and WebSocket server on one listener, behind an interface of our own: nothing
/// outside beast_*.cpp knows which library does it.
namespace bpci::http {

/// Sizes are bytes. Each bound holds before what it bounds is stored.
struct server_options {
  std::string host = "127.0.0.1"; ///< An IPv4 or IPv6 address.
  std::uint16_t port = 0;         ///< 0: the system chooses.
  std::size_t io_threads = 1;

  std::size_t max_header_bytes = 16 * 1024;
  std::size_t max_body_bytes = 1024 * 1024;
  std::chrono::milliseconds header_timeout{
      10'000}; ///< From a request's first byte to its last header.
  std::chrono::milliseconds body_timeout{30'000};    ///< From there to the end of its body.
  std::chrono::milliseconds request_timeout{30'000}; ///< From there to the answer.
  std::chrono::milliseconds idle_timeout{60'000};    ///< Between two requests of a connection.
  std::size_t max_http_connections = 12'000;         ///< Those that are not (yet) WebSockets.

  std::size_t max_websockets = 10'000;
  websocket_limits websocket;
  /// The subprotocols that are spoken, best first. A client that offers some, but none of these,
  /// is refused; one that offers none is accepted without.
  std::vector<std::string> subprotocols = {"bpi.v1"};
};

/// Answers one request, once, from any thread; copies share the one answer. If the last copy goes
/// away unused, the client gets 503 `restarted`: so the death of an actor that held the request is
/// noticed at once. After `request_timeout` the client gets 504 `timeout`; what comes later, and
/// every answer after the first, is ignored.
class responder {
public:
  class slot {
  public:
    virtual ~slot() = default;
    virtual void answer(response what) = 0;
  };

  explicit responder(std::shared_ptr<slot> where) : where_(std::move(where)) {}

  void operator()(response what) const { where_->answer(std::move(what)); }

private:
  std::shared_ptr<slot> where_;
};

/// What the server asks for. Called on the I/O threads, by several at once: it must not block, and
/// hand on whatever takes longer than some microseconds. An exception that leaves it costs the
/// request (500) or the connection (close code 1011), not the server.
class handler {
public:
  virtual ~handler() = default;

  virtual void on_request(request what, responder answer) = 0;

  /// A client wants a WebSocket. A failure is answered as a problem document; a listener opens the
  /// connection. `where` may be used from then on, also before this returns: what it sends goes
  /// out behind the handshake.
  virtual result<std::shared_ptr<socket_listener>> on_websocket(upgrade_request what,
                                                                std::shared_ptr<socket> where) = 0;
};

struct server_stats {
  std::size_t http_connections = 0; ///< Open now.
  std::size_t websockets = 0;       ///< Open now.
  std::uint64_t accepted = 0;       ///< Since the start, like those below.
  std::uint64_t refused = 0;        ///< Over a bound on connections.
  std::uint64_t requests = 0;
};

class server {
public:
  virtual ~server() = default;

  /// Binds, and starts the I/O threads. Returns the port. Errors: `address_in_use`,
  /// `config_invalid` for a host that is no address of this machine. Call once.
  virtual result<std::uint16_t> start() = 0;

  /// Stops accepting, lets requests in flight finish, closes WebSockets with `shutting_down`. What
  /// is not done `within` that time is cut off. Not from an I/O thread, since it waits for them.
  virtual void stop(std::chrono::milliseconds within) = 0;

  [[nodiscard]] virtual server_stats stats() const = 0;
};

/// The destructor of a server that still runs stops it without waiting for anything.
std::unique_ptr<server> make_server(server_options how, std::shared_ptr<handler> who);

} // namespace bpci::http
