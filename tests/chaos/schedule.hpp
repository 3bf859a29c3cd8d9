#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

/// Which faults come when. Pure: a seed always gives the same.
namespace bpci::chaos {

using std::chrono::milliseconds;

// clang-format off
enum class fault : std::uint8_t {
  kill_actor,        ///< through the admin API
  kill_node,         ///< kill -9, and a start after a while
  stop_node,         ///< SIGSTOP, SIGCONT after a while
  restart_node,      ///< SIGTERM, and a start
  partition,         ///< one node from the others, both ways; all keep the database
  one_way_partition, ///< what one node sends to the others vanishes
  isolate,           ///< one node from the others and from the database
  lose_database,     ///< one node from the database; it keeps its peers
  slow_database,     ///< 100 ms more for one node
  restart_postgres,  ///< immediate: as a crash
  fill_disk,         ///< of the database, then free it
  shift_clock        ///< of one node, by some hours
};
// clang-format on

std::string_view name(fault x);
std::optional<fault> fault_from(std::string_view name);
const std::vector<fault>& all_faults();

struct planned_fault {
  milliseconds at; ///< from the beginning
  fault what = fault::kill_actor;
  std::size_t target = 1; ///< the number of a node
  milliseconds lasts{0};

  bool operator==(const planned_fault&) const = default;
};

/// Numbers that a seed gives, the same on every machine.
class dice {
public:
  explicit dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() noexcept;
  /// Of [0, limit); `limit` is not 0.
  std::uint64_t below(std::uint64_t limit) noexcept { return next() % limit; }
  milliseconds between(milliseconds least, milliseconds most) noexcept;

private:
  std::uint64_t state_;
};

/// One fault after another until `length`, out of `kinds`, with time to recover between them: what
/// is safe has to hold anyway, and a cluster that never gets to its feet shows little of it.
std::vector<planned_fault> make_schedule(std::uint64_t seed, milliseconds length,
                                         const std::vector<fault>& kinds, std::size_t nodes);

} // namespace bpci::chaos
