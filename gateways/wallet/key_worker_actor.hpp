#pragma once

#include "gateways/wallet/messages.hpp"
#include "runtime/actor/actor_base.hpp"

namespace bpci::gateway::wallet {

/// KEY WORKER: makes and opens keystores, one after the other, which takes a second and 256 MiB
/// each. Spawn detached. WALLET bounds what waits here; a secret key never leaves.
///
/// Accepts: make_key, sign_with_key.
class key_worker_actor : public actor_base {
public:
  explicit key_worker_actor(caf::actor_config& cfg,
                            crypto::keystore_costs costs = crypto::moderate_costs);

  const char* name() const override { return "key-worker"; }

protected:
  caf::behavior make_behavior() override;
  std::string describe() const override;

private:
  crypto::keystore_costs costs_;
  std::uint64_t made_ = 0, opened_ = 0;
};

} // namespace bpci::gateway::wallet
