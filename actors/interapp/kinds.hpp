#pragma once

#include "runtime/entity/kinds.hpp"

namespace bpci::interapp {

/// The durable entities of inter-app communication: `app` and `agreement`.
void add_kinds(entity::kinds& to);

} // namespace bpci::interapp
