#include "runtime/slots/register_messages.hpp"

#include "messages/register.hpp"
#include "messages/runtime/slots.hpp"

namespace bpci::slots {

void register_messages(caf::actor_system_config& config) {
  add_messages<watch_slots, slots_changed, read_slots, drain_slots, slots_drained, slots_offered,
               slot_query, slot_page, move_query, move_page, pin_slots, slots_pinned, plan_drain,
               drain_plan>(config, "slots");
}

} // namespace bpci::slots
