#include "actors/oracle/register_messages.hpp"

#include "messages/oracle/conduct.hpp"
#include "messages/oracle/nodes.hpp"
#include "messages/oracle/relay.hpp"
#include "messages/register.hpp"

namespace bpci::oracle {

void register_messages(caf::actor_system_config& config) {
  add_messages<deliveries, outcomes, letters_waiting, route_up, route_down, route_snapshot,
               superseded, publish_notice, relay_order, relay_request, find_routes, route_list,
               relay_stats, get_relay_stats, registration, node_record, list_nodes, node_page,
               oracle_stats, get_oracle_stats, expel>(config, "oracle");
}

} // namespace bpci::oracle
