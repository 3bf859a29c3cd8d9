#include "runtime/router/register_messages.hpp"

#include "messages/register.hpp"
#include "messages/runtime/entities.hpp"

namespace bpci::router {

void register_messages(caf::actor_system_config& config) {
  add_messages<entity::routed_commands, entity::routed_answers, entity::show_entity>(config,
                                                                                     "router");
}

} // namespace bpci::router
