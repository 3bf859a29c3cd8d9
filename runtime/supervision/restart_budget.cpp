#include "runtime/supervision/restart_budget.hpp"

#include <algorithm>

namespace bpci::supervision {

restart_budget::restart_budget(std::uint32_t per_second, std::uint32_t burst)
    : interval_(std::chrono::nanoseconds{std::chrono::seconds{1}} / std::max(per_second, 1u)),
      tolerance_(interval_ * (std::max(burst, 1u) - 1)) {}

std::chrono::milliseconds restart_budget::take(instant now) {
  auto lock = std::lock_guard{mutex_};
  auto allowed_at = full_at_ - tolerance_;
  full_at_ = std::max(full_at_, now) + interval_;
  if (allowed_at <= now) return std::chrono::milliseconds{0};
  return std::chrono::ceil<std::chrono::milliseconds>(allowed_at - now);
}

} // namespace bpci::supervision
