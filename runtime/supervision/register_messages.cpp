#include "runtime/supervision/register_messages.hpp"

#include "messages/register.hpp"
#include "messages/runtime/supervision.hpp"

namespace bpci::supervision {

void register_messages(caf::actor_system_config& config) {
  add_messages<tree_query, tree_page, find_child, kill_child, restart_child, pause_child,
               resume_child, child_action_done, quarantine_query, quarantine_page, release_message,
               message_released>(config, "supervision");
}

} // namespace bpci::supervision
