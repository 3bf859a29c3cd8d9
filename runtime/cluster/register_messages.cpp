#include "runtime/cluster/register_messages.hpp"

#include "messages/register.hpp"
#include "messages/runtime/cluster.hpp"

namespace bpci::cluster {

void register_messages(caf::actor_system_config& config) {
  add_messages<member_list, list_members, list_agents, agent_list, watch_members, peer_up,
               peer_down, who_are_you, agent_identity, find_service, service_handle, show_actor,
               drain_member, undrain_member, member_state_set, view_changed, change_seen,
               read_members, open_port, port_opened, dial_member, member_dialled,
               certificates_changed, certificates_written, probe, probe_answer, look_again,
               probe_for_me>(config, "cluster");
}

} // namespace bpci::cluster
