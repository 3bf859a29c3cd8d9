#pragma once

#include "runtime/metrics/metrics.hpp"

/// What is counted of the durable entities of this node.
namespace bpci::entity::counted {

metrics::gauge& active();
metrics::counter& activations();
metrics::counter& passivations();
metrics::counter& commits();  ///< transactions
metrics::counter& commands(); ///< carried out: one transaction commits several
metrics::counter& fenced();
metrics::counter& repeated();
metrics::counter& crashed();
metrics::gauge& outbox_depth();
metrics::gauge& outbox_age_seconds();
metrics::counter& outbox_delivered();
metrics::counter& outbox_set_aside();
metrics::counter& timers_fired();
metrics::histogram& timer_lateness();
metrics::counter& timers_skipped();

} // namespace bpci::entity::counted
