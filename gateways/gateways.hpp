#pragma once

#include "gateways/api/context.hpp"
#include "runtime/supervision/child_spec.hpp"

namespace bpci::gateway {

/// The table of gateways, as one child of the node's root supervisor.
supervision::child_spec gateways(const context_ptr& shared);

} // namespace bpci::gateway
