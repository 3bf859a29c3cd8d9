#pragma once

#include "history.hpp"

#include <mutex>
#include <string>

namespace bpci::chaos {

/// Says what happens and when, on standard output. Thread-safe.
class timeline {
public:
  timeline() : begun_(std::chrono::steady_clock::now()) {}

  void say(const std::string& what);
  /// "12.345 s", from the beginning.
  [[nodiscard]] std::string text(instant at) const;

private:
  instant begun_;
  std::mutex mutex_;
};

} // namespace bpci::chaos
