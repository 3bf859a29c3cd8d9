#pragma once

#include <caf/fwd.hpp>

namespace bpci::slots {

/// The messages of messages/runtime/slots.hpp. Call it for every actor system.
void register_messages(caf::actor_system_config& config);

} // namespace bpci::slots
