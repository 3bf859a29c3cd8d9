#pragma once

#include "gateways/api/call.hpp"
#include "gateways/api/context.hpp"

namespace bpci::gateway {

/// What the HTTP server calls on its I/O threads: finds the route and hands the request to the API
/// actor, or the WebSocket to the DOORMAN. Nothing here waits.
class front_door final : public http::handler {
public:
  front_door(context_ptr shared, std::vector<route> table);

  void on_request(http::request what, http::responder answer) override;
  result<std::shared_ptr<http::socket_listener>>
  on_websocket(http::upgrade_request what, std::shared_ptr<http::socket> where) override;

private:
  context_ptr shared_;
  router router_;
  permits permits_;
};

} // namespace bpci::gateway
