#pragma once

#include <caf/fwd.hpp>

namespace bpci::ledger {

/// The questions to LEDGER and MEMPOOL, and their answers, which cross from member to member. Call
/// it for every actor system.
void register_messages(caf::actor_system_config& config);

} // namespace bpci::ledger
