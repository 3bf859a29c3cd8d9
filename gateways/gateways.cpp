#include "gateways/gateways.hpp"

#include "gateways/api/api_actor.hpp"
#include "gateways/api/front_door.hpp"
#include "gateways/api/listener_actor.hpp"
#include "gateways/routes/consensus_bridge_routes.hpp"
#include "gateways/routes/inter_app_routes.hpp"
#include "gateways/routes/probe_routes.hpp"
#include "gateways/routes/routes.hpp"
#include "gateways/wallet/key_worker_actor.hpp"
#include "gateways/wallet/wallet_actor.hpp"
#include "gateways/websocket/dialler_actor.hpp"

#include <caf/actor_system.hpp>

namespace bpci::gateway {

namespace {

using supervision::spawn_context;

/// To bind a port, with some retries when it is still taken by the node's former life.
constexpr auto listen_max = std::chrono::milliseconds{10'000};

std::vector<route> all_routes() {
  auto out = health_routes();
  for (auto more : {admin_routes(), openapi_routes(), start_routes(), oracle_routes(),
                    consensus_bridge_routes(), inter_app_routes(), probe_routes(), chain_routes(),
                    transaction_routes(), wallet_routes()})
    out.insert(out.end(), more.begin(), more.end());
  return out;
}

} // namespace

supervision::child_spec gateways(const context_ptr& shared) {
  auto door = std::make_shared<front_door>(shared, all_routes());
  supervision::supervisor_options how;
  how.children = {
      {.id = "api",
       .type = "API",
       .spawn = [shared](const spawn_context& in) -> result<caf::actor> {
         return in.system.spawn<api_actor>(shared);
       }},
      {.id = "keys",
       .type = "KEY WORKER",
       .spawn = [](const spawn_context& in) -> result<caf::actor> {
         return in.system.spawn<wallet::key_worker_actor, caf::detached>();
       }},
      {.id = "wallet",
       .type = "WALLET",
       .spawn = [shared](const spawn_context& in) -> result<caf::actor> {
         return in.system.spawn<wallet::wallet_actor>(shared);
       }},
      {.id = "listener",
       .type = "LISTENER",
       .spawn = [shared, door](const spawn_context& in) -> result<caf::actor> {
         return in.system.spawn<listener_actor, caf::detached>(shared, door, in.ready);
       },
       .wait_ready_max = listen_max},
      {.id = "dialler",
       .type = "DIALLER",
       .spawn = [](const spawn_context& in) -> result<caf::actor> {
         return in.system.spawn<dialler_actor>();
       }},
  };
  return supervision::supervisor_child("gateway", std::move(how));
}

} // namespace bpci::gateway
