#pragma once

#include "messages/oracle/relay.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <list>

namespace bpci::oracle {

/// What waits for a BPI node that has no credit left, pure. The higher priority goes first; each
/// priority has a queue of its own, so that many messages of one cannot shut out another. A queue
/// that was passed over `patience` times has its turn: nothing waits for ever.
class backlog {
public:
  static constexpr std::size_t patience = 16;

  explicit backlog(std::size_t each_max) : each_max_(each_max) {}

  /// False: the queue of this priority is full, and `what` is where it was.
  [[nodiscard]] bool push(delivery& what) {
    auto& at = line_of(what);
    if (at.waiting.size() >= each_max_) return false;
    at.waiting.push_back(std::move(what));
    ++size_;
    return true;
  }

  /// Back to where it came from; never refused.
  void push_front(delivery what) {
    auto& at = line_of(what);
    at.waiting.push_front(std::move(what));
    ++size_;
  }

  /// Not when it is empty.
  [[nodiscard]] delivery pop() {
    auto& next = next_line();
    auto out = std::move(next.waiting.front());
    next.waiting.pop_front();
    next.passed_over = 0;
    --size_;
    return out;
  }

  void clear() {
    lines_ = {};
    size_ = 0;
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

private:
  struct line {
    std::list<delivery> waiting; ///< Takes no memory while it is empty, which it nearly always is.
    std::size_t passed_over = 0;
  };

  line& line_of(const delivery& x) {
    return lines_.at(lines_.size() - 1 - static_cast<std::size_t>(x.message->priority));
  }

  line& next_line() {
    auto waits = [](const line& x) { return !x.waiting.empty(); };
    auto next = std::ranges::find_if(
        lines_, [](const line& x) { return !x.waiting.empty() && x.passed_over >= patience; });
    if (next == lines_.end()) next = std::ranges::find_if(lines_, waits);
    for (auto behind = next + 1; behind != lines_.end(); ++behind)
      if (waits(*behind)) ++behind->passed_over;
    return *next;
  }

  std::size_t each_max_;
  std::size_t size_ = 0;
  std::array<line, 4> lines_; ///< Critical first.
};

} // namespace bpci::oracle
