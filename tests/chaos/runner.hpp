#pragma once

#include "checker.hpp"
#include "scenarios.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace bpci::chaos {

struct run_options {
  std::filesystem::path program;
  std::filesystem::path faketime; ///< empty: it is not there
  std::uint64_t seed = 1;
  milliseconds lasts{60'000};     ///< of a scenario without an end of its own
  std::uint64_t memory_bytes = 0; ///< 0: the scenario's own cap
  bool keep_files = false;
};

/// Why this machine cannot play it; nothing if it can.
std::optional<std::string> obstacle_to(const scenario& what, const run_options& how);

/// Plays it on a cluster of its own, judges, and tells everything on standard output. Whether it
/// held.
bool run(const scenario& what, const run_options& how);

/// libfaketime of this machine, or of build/deps; empty if there is none.
std::filesystem::path find_faketime();

} // namespace bpci::chaos
