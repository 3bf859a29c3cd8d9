#pragma once

#include <caf/fwd.hpp>

namespace bpci::oracle {

/// The messages of messages/oracle/ that cross between actors. Call it for every actor system.
void register_messages(caf::actor_system_config& config);

} // namespace bpci::oracle
