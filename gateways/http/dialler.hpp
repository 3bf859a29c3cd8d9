#pragma once

#include "gateways/http/client.hpp"

#include <functional>
#include <memory>

namespace bpci::http {

/// WebSockets that this side opens, all on one I/O thread. Nothing blocks. Beside the options of
/// `websocket_client`, whose `connect_timeout` ends an attempt; `initial_credit` may be 0: then
/// nothing is read before the first `grant`.
class dialler {
public:
  /// Makes the listener of a connection that is about to open. `where` may be used from then on.
  using make_listener =
      std::function<std::shared_ptr<socket_listener>(std::shared_ptr<socket> where)>;

  /// Called once for each attempt, on the I/O thread unless the dialler has ended: it must not
  /// block. Errors: those of `websocket_client::connect`; `shutting_down`.
  using answer = std::function<void(result<void>)>;

  /// Cuts every connection and every attempt.
  virtual ~dialler() = default;

  virtual void dial(websocket_client_options how, make_listener listener, answer done) = 0;
};

std::unique_ptr<dialler> make_dialler();

} // namespace bpci::http
