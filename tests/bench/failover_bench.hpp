#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

/// How long durable entities are away when the node that has them is killed: three real nodes with
/// certificates beside one PostgreSQL, and clients that add to probes over HTTP.
namespace bpci::bench {

struct failover_options {
  std::filesystem::path program;      ///< bpci
  std::size_t entities = 40;          ///< of the victim; a client each
  std::chrono::milliseconds pace{50}; ///< between two adds of a client
};

/// One `kill -9`. Times count from just before the signal.
struct failover_round {
  /// Of each entity, until an add was acknowledged that was sent when the victim was surely gone.
  std::vector<std::chrono::nanoseconds> recoveries;
  std::size_t never = 0; ///< Entities that took no add again before `failover_bench` gave up.

  // By the database: what a client cannot be faster than.
  std::chrono::nanoseconds declared_dead{0};
  std::chrono::nanoseconds slots_claimed{0}; ///< the last one

  std::uint64_t adds = 0;
  std::map<std::string, std::uint64_t> refusals; ///< by their codes, before the kill and after
  std::uint64_t unexpected = 0; ///< of them: neither a wait, nor a restart, nor a deadline
  std::uint64_t miscounted = 0; ///< Entities that have counted otherwise than their client.
};

class failover_bench {
public:
  /// Starts the nodes; everything is up when it returns. Main thread only. Throws
  /// std::runtime_error.
  explicit failover_bench(failover_options how);
  ~failover_bench();
  failover_bench(const failover_bench&) = delete;
  failover_bench& operator=(const failover_bench&) = delete;

  /// Another victim with each call. It is a member again, and has its share of the slots, when this
  /// returns. Throws std::runtime_error if that takes too long.
  failover_round run_round();

private:
  class stage;
  std::unique_ptr<stage> stage_;
};

} // namespace bpci::bench
