#pragma once

#include "runtime/actor/actor_base.hpp"
#include "runtime/entity/entity_context.hpp"
#include "runtime/entity/timekeeper.hpp"

namespace bpci::entity {

namespace store {
struct due_timers;
}

/// TIMERS: sends `timer_fired` to the entities of this node's slots whose timers are due, through
/// ROUTER. Sleeps until the next is due, and looks once a second for those that others have set.
class timers_actor final : public actor_base {
public:
  timers_actor(caf::actor_config& cfg, entity_context_ptr shared);

  const char* name() const override { return "timers"; }
  caf::behavior make_behavior() override;

protected:
  std::string describe() const override;

private:
  void look();
  void look_again_at(std::chrono::steady_clock::time_point when);
  void on_due(const store::due_timers& found);
  void skip(std::vector<skipped_timer> what);
  void catch_up_with(due_timer what);
  void fire(const due_timer& what, const timer_fired& how, timestamp_ms now);

  [[nodiscard]] std::chrono::steady_clock::time_point clock_now() const;

  const entity_context_ptr shared_;
  timekeeper core_;
  bool reading_ = false;
  bool reachable_ = true;   ///< the database
  std::uint64_t alarm_ = 0; ///< an alarm of another number is void
  std::chrono::steady_clock::time_point alarm_at_ = std::chrono::steady_clock::time_point::max();
  std::chrono::steady_clock::time_point looked_at_{};
  std::uint64_t fired_ = 0;
};

} // namespace bpci::entity
