#pragma once

#include "messages/ids.hpp"

#include <cstddef>
#include <deque>
#include <string>
#include <unordered_set>

namespace bpci::client {

/// What BPI-1.0, section 5, has a receiver remember at least.
inline constexpr std::size_t dedupe_window_default = 10'000;

/// The last (source, id) pairs that were handled. Holds at most `capacity` of them.
class dedupe_window {
public:
  explicit dedupe_window(std::size_t capacity = dedupe_window_default);

  [[nodiscard]] bool contains(const node_id& source, const message_id& id) const;

  /// Forgets the oldest pair when it is full.
  void add(const node_id& source, const message_id& id);

  [[nodiscard]] std::size_t size() const noexcept { return order_.size(); }

private:
  std::size_t capacity_;
  std::unordered_set<std::string> known_;
  std::deque<std::string> order_; ///< oldest first
};

} // namespace bpci::client
