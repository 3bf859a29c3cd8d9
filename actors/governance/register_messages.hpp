#pragma once

#include <caf/fwd.hpp>

namespace bpci::governance {

/// The messages of messages/governance/ that cross between actors. Call it for every actor system.
void register_messages(caf::actor_system_config& config);

} // namespace bpci::governance
