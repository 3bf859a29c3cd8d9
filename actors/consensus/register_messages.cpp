#include "actors/consensus/register_messages.hpp"

#include "messages/chain/questions.hpp"
#include "messages/register.hpp"

namespace bpci::consensus {

void register_messages(caf::actor_system_config& config) {
  add_messages<chain::get_engine, chain::engine_status, chain::propose_now, chain::lift_halt,
               chain::list_evidence, chain::evidence_page>(config, "chain");
}

} // namespace bpci::consensus
