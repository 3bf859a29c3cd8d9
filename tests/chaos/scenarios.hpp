#pragma once

#include "stage.hpp"

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace bpci::chaos {

/// A named story of faults, out of the table in docs/chaos.md.
struct scenario {
  std::string name;
  unsigned number = 0; ///< in that table; 0: none
  std::string summary;
  std::string invariants; ///< that it is about; all of them are checked
  std::function<void(stage&)> play;
  bool needs_network = false;
  std::uint64_t disk_bytes = 0; ///< of the database; 0: a disk that is never full
  bool needs_clock = false;
  bool is_short = false; ///< less than 40 s
  std::uint64_t memory_bytes = std::uint64_t{512} << 20;
  std::map<std::size_t, std::map<std::string, std::string>> environment = {};
};

const std::vector<scenario>& scenarios();
const scenario* find_scenario(const std::string& name);

/// Faults of these kinds in an order that the seed gives.
scenario random_mix(std::vector<fault> kinds, std::uint64_t seed);

} // namespace bpci::chaos
