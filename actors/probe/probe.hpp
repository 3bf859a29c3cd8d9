#pragma once

#include "runtime/entity/kind.hpp"

/// The durable entities that are only there to be watched: a counter that tells a sink of each
/// `add`, and that sink. The messages are in messages/probe/probe.hpp.
namespace bpci::probe {

entity::kind_ptr counter_kind_of_entity();
entity::kind_ptr sink_kind_of_entity();

} // namespace bpci::probe
