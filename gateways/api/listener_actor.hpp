#pragma once

#include "gateways/api/context.hpp"
#include "gateways/http/server.hpp"
#include "runtime/actor/actor_base.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace bpci::gateway {

/// LISTENER: owns the HTTP server. Spawn detached: stopping a server waits for its requests.
class listener_actor : public actor_base {
public:
  listener_actor(caf::actor_config& cfg, context_ptr shared, std::shared_ptr<http::handler> handler,
                 std::function<void()> ready);

  const char* name() const override { return "listener"; }

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;
  std::string describe() const override;

private:
  void listen();
  void listen_further();

  context_ptr shared_;
  std::shared_ptr<http::handler> handler_;
  std::function<void()> ready_;
  std::unique_ptr<http::server> server_;
  std::vector<std::unique_ptr<http::server>> further_;
};

} // namespace bpci::gateway
