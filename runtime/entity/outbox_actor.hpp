#pragma once

#include "runtime/actor/actor_base.hpp"
#include "runtime/entity/courier.hpp"
#include "runtime/entity/entity_context.hpp"

#include <cstdint>

namespace bpci::entity {

/// OUTBOX: sends the effects of this node's entities to their targets, through ROUTER, and forgets
/// the answers that the entities gave long ago. Woken by the actors of the entities; looks for
/// itself once a second.
class outbox_actor final : public actor_base {
public:
  outbox_actor(caf::actor_config& cfg, entity_context_ptr shared);

  const char* name() const override { return "outbox"; }
  caf::behavior make_behavior() override;

protected:
  std::string describe() const override;

private:
  void tick();
  void sweep();
  void measure();
  void prune();
  void go_on();
  void run_errand();
  void report(const std::vector<setback>& written);
  void deliver();
  void send_on(effect_row row);

  [[nodiscard]] std::chrono::steady_clock::time_point clock_now() const;

  const entity_context_ptr shared_;
  courier core_;
  std::uint32_t ticks_ = 0;
  std::uint64_t delivered_ = 0;
  std::uint64_t set_aside_ = 0;
  bool pruning_ = false;
  bool reachable_ = true; ///< the database
};

} // namespace bpci::entity
