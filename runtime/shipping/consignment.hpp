#pragma once

#include "runtime/shipping/bulk.hpp"

#include <chrono>

namespace bpci::shipping {

/// What became of one request: the HTTP status and body, or why there are none.
struct web_answer {
  int status = 0; ///< 0: nobody answered
  std::string body;
  std::string error; ///< when nobody answered
};

struct backoff_range {
  std::chrono::milliseconds first{500};
  std::chrono::milliseconds longest{30'000};
};

/// The lines that are being sent: which of them are settled, and when to try the others again.
/// Nothing behind them is sent before all of them are settled, so the order of batches holds. Pure.
class consignment {
public:
  explicit consignment(backoff_range how) : how_(how) {}

  [[nodiscard]] bool empty() const noexcept { return left_.empty(); }

  /// Of a new batch; only when empty.
  void load(std::vector<entry> entries);

  /// What the next request holds.
  [[nodiscard]] std::span<const entry> next() const;

  /// All that is not settled.
  [[nodiscard]] std::span<const entry> left() const noexcept { return left_; }

  struct outcome {
    std::size_t taken = 0;
    std::size_t refused = 0;           ///< not acceptable as they stand; dropped
    std::chrono::milliseconds wait{0}; ///< before the next request
    std::string why;                   ///< that not all is well; empty: it is
  };

  /// The answer to a request of `next()`. Whoever cannot be reached, is not permitted (401, 403),
  /// or is no Elasticsearch, costs time and no lines: somebody will put it right.
  outcome answered(const web_answer& x);

private:
  outcome once_more(std::string why);
  outcome smaller(std::string why);
  outcome items(const bulk_answer& x);

  backoff_range how_;
  std::vector<entry> left_;
  std::size_t most_ = 0; ///< of one request
  std::uint32_t failures_ = 0;
};

} // namespace bpci::shipping
