#pragma once

#include "runtime/entity/kinds.hpp"

namespace bpci::governance {

/// The durable entities of the consensus bridge: `round` and `electorate`.
void add_kinds(entity::kinds& to);

} // namespace bpci::governance
