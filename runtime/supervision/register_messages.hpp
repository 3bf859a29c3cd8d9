#pragma once

#include <caf/fwd.hpp>

namespace bpci::supervision {

/// Makes messages/runtime/supervision.hpp known to CAF; before the actor system is made.
void register_messages(caf::actor_system_config& config);

} // namespace bpci::supervision
