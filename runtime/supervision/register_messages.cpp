#include "runtime/supervision/register_messages.hpp"

#include "messages/inspect.hpp"
#include "messages/runtime/supervision.hpp"

#include <caf/all.hpp>

#include <string>

namespace bpci::supervision {

namespace {

template <class... Message>
void add(caf::actor_system_config& config) {
  auto name_of = []<class T>(const T* x) { return "supervision." + std::string{message_name(x)}; };
  (config.add_message_type<Message>(name_of(static_cast<const Message*>(nullptr))), ...);
}

} // namespace

void register_messages(caf::actor_system_config& config) {
  add<tree_query, tree_page, find_child, kill_child, restart_child, pause_child, resume_child,
      child_action_done, quarantine_query, quarantine_page, release_message, message_released>(
      config);
}

} // namespace bpci::supervision
