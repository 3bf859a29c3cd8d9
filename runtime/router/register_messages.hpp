#pragma once

namespace caf {
class actor_system_config;
}

namespace bpci::router {

/// What the ROUTERs of two members say to each other, and to the ENTITIES of another member.
void register_messages(caf::actor_system_config& config);

} // namespace bpci::router
