#include "actors/governance/register_messages.hpp"

#include "messages/governance/bridge.hpp"
#include "messages/register.hpp"

namespace bpci::governance {

void register_messages(caf::actor_system_config& config) {
  add_messages<submit_proposal, round_record, submit_vote, vote_receipt, set_weight,
               read_electorate, electorate_record, list_rounds, round_page, find_round,
               round_detail, list_refused_proposals, refused_proposal_page, get_bridge_stats,
               bridge_stats, get_bridge_health, bridge_health>(config, "governance");
}

} // namespace bpci::governance
