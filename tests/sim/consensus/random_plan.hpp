#pragma once

#include "plan.hpp"

namespace bpci::consensus::sim {

/// What a random run may hold.
struct shape {
  bool live = false;     ///< trouble ends, and everybody has to decide
  bool traitors = false; ///< below a third of the weight
  bool crashes = true;
  bool hopeless = false; ///< a third of the weight lies, as twins
  bool changes = false;  ///< validators come, go, and weigh more or less
  std::size_t least = 1, most = 7;
};

plan random_plan(std::uint64_t seed, const shape& how);

} // namespace bpci::consensus::sim
