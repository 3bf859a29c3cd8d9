#pragma once

#include <caf/fwd.hpp>

namespace bpci::consensus {

/// The messages of messages/chain/ to ENGINE and EVIDENCE that cross between members.
void register_messages(caf::actor_system_config& config);

} // namespace bpci::consensus
