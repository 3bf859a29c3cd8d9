#pragma once

#include "runtime/entity/kinds.hpp"

namespace bpci::oracle {

/// The oracle's durable entities: `mailbox` and `bpi-node`.
void add_kinds(entity::kinds& to);

} // namespace bpci::oracle
