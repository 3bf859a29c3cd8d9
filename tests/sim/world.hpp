#pragma once

#include "model_database.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// A whole cluster in one thread under virtual time: the pure cores of membership and slots of
/// every node, a model of their database, a network and clocks that misbehave, and writers that
/// trust what their node tells them. The seed decides everything; the same seed is the same run.
namespace bpci::sim {

struct plan {
  std::uint64_t seed = 1;
  std::size_t nodes = 3;
  milliseconds trouble{30'000}; ///< faults come
  milliseconds calm{45'000};    ///< then none: the cluster has to become whole
  fence how = fence::locked;
  // which faults
  bool kills = true;
  bool stops = true; ///< SIGTERM, and a start afterwards
  bool freezes = true;
  bool cuts = true; ///< between nodes
  bool database_cuts = true;
  bool database_outages = true;
};

struct verdict {
  std::vector<std::string> violations; ///< empty: all is well
  std::vector<std::string> trace;      ///< what happened, with times
  std::uint64_t commits = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t faults = 0;
  std::uint64_t evictions = 0;
};

verdict run(const plan& what);

/// For a failed run: the seed and its trace.
std::string to_string(const plan& what, const verdict& x);

} // namespace bpci::sim
