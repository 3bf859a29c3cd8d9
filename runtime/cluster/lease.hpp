#pragma once

#include "messages/ids.hpp"

#include <atomic>
#include <chrono>
#include <memory>

namespace bpci::cluster {

/// Whether this node may still speak for the cluster: for `holds_for` from the *beginning* of its
/// last heartbeat that succeeded. MEMBERS renews it; whoever acknowledges, or answers from what it
/// holds in memory, asks it first. A courtesy to clients: what makes writes safe is the row lock of
/// their slot. Thread-safe.
class lease {
public:
  /// Of the clock of `boot_now`: a machine that slept has not kept its lease.
  using instant = std::chrono::steady_clock::time_point;

  explicit lease(std::chrono::milliseconds holds_for) : holds_for_(holds_for) {}

  void begin(incarnation self) noexcept { self_ = self.get(); }
  void renew(instant heartbeat_began) noexcept {
    until_ = (heartbeat_began + holds_for_).time_since_epoch().count();
  }
  void revoke() noexcept { until_ = 0; }

  [[nodiscard]] std::chrono::milliseconds holds_for() const noexcept { return holds_for_; }
  /// 0: this node has not joined yet.
  [[nodiscard]] incarnation self() const noexcept { return incarnation{self_.load()}; }
  [[nodiscard]] bool holds(instant now) const noexcept {
    return now.time_since_epoch().count() < until_.load();
  }

private:
  std::chrono::milliseconds holds_for_;
  std::atomic<std::uint64_t> self_{0};
  std::atomic<instant::rep> until_{0};
};

using lease_ptr = std::shared_ptr<lease>;

} // namespace bpci::cluster
