#include "gateways/wallet/attempts.hpp"

#include <algorithm>

namespace bpci::gateway::wallet {

std::optional<std::chrono::milliseconds> attempts::wait(const std::string& wallet, time now) const {
  const auto found = rows_.find(wallet);
  if (found == rows_.end() || found->second.until <= now) return {};
  return std::chrono::ceil<std::chrono::milliseconds>(found->second.until - now);
}

void attempts::failed(const std::string& wallet, time now) {
  auto& x = rows_[wallet];
  ++x.failures;
  if (x.failures < free_attempts) return;
  // Seven doublings are beyond the hour.
  const auto doublings = std::min<std::uint32_t>(x.failures - free_attempts, 7);
  x.until = now + std::min(first_wait * (1 << doublings), longest_wait);
}

} // namespace bpci::gateway::wallet
