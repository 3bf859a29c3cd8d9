#pragma once

#include "messages/describe.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace bpci::storage {

/// What is counted of a pool, for the metrics; readable at any time from any thread.
struct pool_counters {
  std::atomic<std::uint64_t> queries{0};  ///< transactions that were asked for
  std::atomic<std::uint64_t> failures{0}; ///< of these, answered with any failure
  std::atomic<std::uint64_t> timeouts{0}; ///< of these, because the deadline had passed
  std::atomic<std::uint64_t> refused{0};  ///< of these, because the queue was full
  std::atomic<std::uint64_t> queue_depth{0};
  std::atomic<std::uint64_t> busy{0}; ///< workers with a transaction in hand
};

struct pg_pool_options {
  std::string conninfo;                          ///< may hold a password: never logged
  std::size_t size = 8;                          ///< connections
  std::size_t queue_limit = 1024;                ///< transactions that wait for a connection
  std::chrono::milliseconds query_timeout{5000}; ///< the most that one transaction may take
  /// A transaction whose process is stopped in the midst of it holds its locks for this long.
  std::chrono::milliseconds idle_in_transaction_max{1000};
  std::string application_name = "bpci"; ///< as pg_stat_activity shows it
  std::shared_ptr<pool_counters> counters = std::make_shared<pool_counters>();
};

/// "How are you?" To: a PG POOL. Answer: pool_stats.
struct get_pool_stats {
  bool operator==(const get_pool_stats&) const = default;
};
BPCI_MESSAGE(get_pool_stats)

/// `pool_counters` at one moment, and how many of the connections stand.
struct pool_stats {
  std::uint64_t queries = 0;
  std::uint64_t failures = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t refused = 0;
  std::uint64_t queue_depth = 0;
  std::uint64_t busy = 0;
  std::uint64_t connected = 0;

  bool operator==(const pool_stats&) const = default;
};
BPCI_MESSAGE(pool_stats, queries, failures, timeouts, refused, queue_depth, busy, connected)

} // namespace bpci::storage
