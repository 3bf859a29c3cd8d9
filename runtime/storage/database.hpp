#pragma once

#include <mutex>
#include <string>

namespace bpci::storage {

/// Where the database of this node is, once it is known: a private one says so when it runs.
/// Thread-safe.
class database {
public:
  /// A libpq connection string; empty: not known yet.
  [[nodiscard]] std::string conninfo() const {
    auto lock = std::lock_guard{mutex_};
    return conninfo_;
  }

  void set(std::string conninfo) {
    auto lock = std::lock_guard{mutex_};
    conninfo_ = std::move(conninfo);
  }

private:
  mutable std::mutex mutex_;
  std::string conninfo_; // guarded by mutex_; may hold a password
};

} // namespace bpci::storage
