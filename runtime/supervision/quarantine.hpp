#pragma once

#include "messages/runtime/supervision.hpp"

#include <atomic>
#include <cstddef>
#include <list>
#include <map>
#include <mutex>
#include <vector>

namespace bpci::supervision {

/// Which messages were in hand when actors crashed. Pure.
class crash_book {
public:
  /// A message is set aside at its crash number `crashes_max`. Of those that are set aside, and of
  /// those that are not yet, at most `capacity` each are remembered; the oldest are forgotten.
  explicit crash_book(std::size_t crashes_max = 3, std::size_t capacity = 10'000);

  /// Returns whether this crash has set the message aside. Evidence against one that already is
  /// (it was on its way) is not kept.
  bool record(const message_id& id, crash_evidence what);

  [[nodiscard]] bool contains(const message_id& id) const;
  [[nodiscard]] std::size_t size() const noexcept { return aside_.order.size(); }
  [[nodiscard]] quarantine_page list(const quarantine_query& what) const;

  /// Forgets the message's crashes; false when it was not set aside.
  bool release(const message_id& id);

private:
  struct entry {
    std::vector<crash_evidence> crashes;
    std::list<message_id>::iterator place;
  };

  /// Entries by id, and their ids from the oldest to the newest.
  struct shelf {
    std::map<message_id, entry> entries;
    std::list<message_id> order;

    entry& add(const message_id& id, std::size_t capacity);
    void remove(std::map<message_id, entry>::iterator what);
  };

  std::size_t crashes_max_;
  std::size_t capacity_;
  shelf suspects_;
  shelf aside_;
};

/// The node's crash book: written by supervisors, asked by whoever is about to handle a message.
/// Thread-safe.
class quarantine {
public:
  explicit quarantine(std::size_t crashes_max = 3, std::size_t capacity = 10'000);

  /// As crash_book::record; logs when the message is set aside.
  bool record(const message_id& id, crash_evidence what);

  /// Costs one atomic load while nothing is set aside.
  [[nodiscard]] bool contains(const message_id& id) const;
  [[nodiscard]] std::size_t size() const noexcept { return size_.load(std::memory_order_acquire); }
  [[nodiscard]] quarantine_page list(const quarantine_query& what) const;
  bool release(const message_id& id);

private:
  std::atomic<std::size_t> size_{0};
  mutable std::mutex mutex_;
  crash_book book_; // guarded by mutex_
};

} // namespace bpci::supervision
