#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace bpci::peers {

/// What one peer may send before its link is read more slowly: frames and bytes a second, and what
/// may come at once. Each is a bucket, kept as the time at which it would be full again (as in
/// oracle/rate_limit.hpp).
class allowance {
public:
  using instant = std::chrono::steady_clock::time_point;

  struct rates {
    std::uint64_t frames_per_sec = 2'000;
    std::uint64_t bytes_per_sec = std::uint64_t{16} << 20;
    std::uint64_t burst_secs = 4; ///< so many seconds' worth; more than the largest frame
  };

  allowance() : allowance(rates{}) {}
  explicit allowance(rates how)
      : frame_(second / static_cast<std::int64_t>(std::max<std::uint64_t>(how.frames_per_sec, 1))),
        kibibyte_(second * 1'024
                  / static_cast<std::int64_t>(std::max<std::uint64_t>(how.bytes_per_sec, 1))),
        depth_(second * static_cast<std::int64_t>(how.burst_secs)) {}

  /// Takes a frame of this size; or says how long to wait for it, and takes nothing.
  std::optional<std::chrono::milliseconds> take(std::size_t bytes, instant now) {
    const auto frames = std::max(frames_full_at_, now) + frame_;
    const auto sizes =
        std::max(bytes_full_at_, now) + kibibyte_ * static_cast<std::int64_t>(bytes / 1'024);
    const auto over = std::max(frames, sizes) - now - depth_;
    if (over.count() > 0) return std::chrono::ceil<std::chrono::milliseconds>(over);
    frames_full_at_ = frames;
    bytes_full_at_ = sizes;
    return std::nullopt;
  }

private:
  static constexpr auto second = std::chrono::nanoseconds{1'000'000'000};

  std::chrono::nanoseconds frame_;
  std::chrono::nanoseconds kibibyte_;
  std::chrono::nanoseconds depth_;
  instant frames_full_at_ = instant::min();
  instant bytes_full_at_ = instant::min();
};

} // namespace bpci::peers
