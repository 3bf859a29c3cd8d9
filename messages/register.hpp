#pragma once

#include "messages/describe.hpp"
#include "messages/inspect.hpp"

#include <caf/actor_system_config.hpp>

#include <string>

namespace bpci {

/// Gives CAF the names under which these messages travel between nodes: `oracle.route_up`. A
/// message that is not registered arrives empty.
template <described... T>
void add_messages(caf::actor_system_config& config, const std::string& subsystem) {
  (config.add_message_type<T>(subsystem + "."
                              + std::string{message_name(static_cast<const T*>(nullptr))}),
   ...);
}

} // namespace bpci
