#pragma once

#include <caf/fwd.hpp>

namespace bpci::cluster {

/// The messages of messages/runtime/cluster.hpp. Call it for every actor system.
void register_messages(caf::actor_system_config& config);

} // namespace bpci::cluster
