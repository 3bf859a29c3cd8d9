#include "actors/peers/register_messages.hpp"

#include "messages/chain/peers.hpp"
#include "messages/register.hpp"

namespace bpci::peers {

void register_messages(caf::actor_system_config& config) {
  add_messages<chain::get_peers, chain::peer_list, chain::peer_status>(config, "chain");
}

} // namespace bpci::peers
