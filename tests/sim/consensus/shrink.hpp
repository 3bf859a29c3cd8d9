#pragma once

#include "plan.hpp"

#include <functional>

namespace bpci::consensus::sim {

/// Leaves out faults, traitors and transactions while what is left still fails. `runs` bounds the
/// tries.
plan shrunk(plan what, const std::function<bool(const plan&)>& fails, int runs = 400);

} // namespace bpci::consensus::sim
