#include "runtime/supervision/restart_policy.hpp"

#include <algorithm>

namespace bpci::supervision {

namespace {

using std::chrono::milliseconds;

milliseconds with_jitter(milliseconds base, std::uint32_t percent, std::uint64_t random) noexcept {
  auto spread = base.count() * std::min<std::int64_t>(percent, 100) / 100;
  auto choices = static_cast<std::uint64_t>(2 * spread + 1);
  return base - milliseconds{spread} + milliseconds{random % choices};
}

bool is_restarted(policy of_child, ending how) noexcept {
  switch (of_child) {
  case policy::permanent:
    return true;
  case policy::transient:
    return how != ending::normal && how != ending::shutdown;
  case policy::temporary:
    return false;
  }
  return false;
}

} // namespace

void restart_history::add(instant at, const intensity& limit) {
  std::erase_if(restarts_, [&](instant x) { return at - x >= limit.period; });
  restarts_.push_back(at);
  if (restarts_.size() > std::size_t{limit.max_restarts} + 1) restarts_.erase(restarts_.begin());
}

std::size_t restart_history::within_period(instant now, const intensity& limit) const noexcept {
  return static_cast<std::size_t>(std::count_if(restarts_.begin(), restarts_.end(),
                                                [&](instant x) { return now - x < limit.period; }));
}

milliseconds delay_before(std::uint32_t attempt, const backoff& rule,
                          std::uint64_t random) noexcept {
  if (attempt == 0) return milliseconds{0};
  auto base = std::min(rule.min, rule.max);
  for (auto i = std::uint32_t{1}; i < attempt && base < rule.max; ++i)
    base = std::min(base * 2, rule.max);
  return with_jitter(base, rule.jitter_percent, random);
}

decision decide(const restart_rules& rules, policy of_child, ending how,
                const restart_history& history, std::uint32_t attempt, instant now,
                std::uint64_t random) {
  if (!is_restarted(of_child, how)) return {action::forget};
  auto delay = delay_before(attempt, rules.backoff, random);
  if (how == ending::dependency_down) return {action::restart, delay, false};
  if (history.within_period(now, rules.intensity) >= rules.intensity.max_restarts)
    return {action::escalate};
  return {action::restart, delay, true};
}

decision decide_isolated(const restart_rules& rules, policy of_child, ending how,
                         const restart_history& history, std::uint32_t attempt, instant now,
                         std::uint64_t random) {
  auto verdict = decide(rules, of_child, how, history, attempt, now, random);
  if (verdict.what != action::escalate) return verdict;
  auto slowest = with_jitter(rules.backoff.max, rules.backoff.jitter_percent, random);
  return {action::restart, slowest, false};
}

ending ending_of(ec why) noexcept {
  switch (why) {
  case ec::none:
    return ending::normal;
  case ec::shutting_down:
    return ending::shutdown;
  case ec::unavailable:
  case ec::storage_failed:
    return ending::dependency_down;
  default:
    return ending::crashed;
  }
}

} // namespace bpci::supervision
