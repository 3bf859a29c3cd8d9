#include "gateways/wallet/key_worker_actor.hpp"

#include "messages/codec/json.hpp"
#include "runtime/time/clock.hpp"

namespace bpci::gateway::wallet {

namespace {

/// Whoever asked has been told so by now.
const failure too_late{ec::timeout, "other keys were worked on for too long"};

} // namespace

key_worker_actor::key_worker_actor(caf::actor_config& cfg, crypto::keystore_costs costs)
    : actor_base(cfg), costs_(costs) {}

caf::behavior key_worker_actor::make_behavior() {
  return {
      [this](const make_key& x) -> caf::result<key_made> {
        if (steady_now() > x.deadline) return to_caf(too_late.code, too_late.detail);
        ++made_;
        auto sealed = crypto::seal_key(crypto::generate(), x.secret->view(), costs_);
        if (!sealed) return to_caf(sealed.error().code, sealed.error().detail);
        return key_made{*sealed};
      },
      [this](const sign_with_key& x) -> caf::result<signature_made> {
        if (steady_now() > x.deadline) return to_caf(too_late.code, too_late.detail);
        ++opened_;
        const auto keys = crypto::open_key(x.sealed, x.secret->view());
        if (!keys) return to_caf(keys.error().code, keys.error().detail);
        return signature_made{crypto::sign(keys->secret, x.what).bytes};
      },
  };
}

std::string key_worker_actor::describe() const {
  return codec::to_text({{"made", made_}, {"opened", opened_}});
}

} // namespace bpci::gateway::wallet
