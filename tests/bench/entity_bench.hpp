#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

/// What durable entities cost, measured by themselves. Each takes the conninfo of a database that
/// the program's migrations have been run on and that nothing else uses: its slots are taken over
/// and its entities stay behind.
namespace bpci::bench {

/// Transactions a second, with the row lock of the slot and without it, on the same connections, in
/// turns, so that what disturbs one disturbs the other.
struct fence_rates {
  double fenced = 0;
  double unfenced = 0;
};

struct fence_load {
  std::size_t connections = 32;
  std::size_t entities = 3'200;
  std::chrono::milliseconds turn{1'000};
  std::size_t turns = 5; ///< of each
};

fence_rates measure_fence(const std::string& conninfo, const fence_load& load = {});

/// What an entity that has answered once and is idle takes, with all that belongs to it: its actor,
/// its supervisor's record, its place in the tree and in the directory, ENTITIES' record, and a
/// state of one number.
struct idle_cost {
  std::uint64_t entities = 0;
  double resident_bytes = 0; ///< each, of the process
  double heap_bytes = 0;     ///< each, as the allocator counts
  double per_second = 0;     ///< activations
};

idle_cost measure_idle(const std::string& conninfo, std::size_t entities = 50'000);

} // namespace bpci::bench
