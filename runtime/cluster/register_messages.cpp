#include "runtime/cluster/register_messages.hpp"

#include "messages/register.hpp"
#include "messages/runtime/cluster.hpp"

namespace bpci::cluster {

void register_messages(caf::actor_system_config& config) {
  add_messages<member_list, list_members, list_agents, agent_list, watch_members, peer_up,
               peer_down, who_are_you, agent_identity, find_service, service_handle, show_actor>(
      config, "cluster");
}

} // namespace bpci::cluster
