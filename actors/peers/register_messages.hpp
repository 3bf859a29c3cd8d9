#pragma once

#include <caf/fwd.hpp>

namespace bpci::peers {

/// What PEERS answers to a gateway of another member.
void register_messages(caf::actor_system_config& config);

} // namespace bpci::peers
