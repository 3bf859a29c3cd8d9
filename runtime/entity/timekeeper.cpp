#include "runtime/entity/timekeeper.hpp"

#include "runtime/entity/backoff.hpp"

#include <algorithm>

namespace bpci::entity {

namespace {

/// Times after the due one that have passed, too.
std::uint64_t missed_by(const due_timer& x, timestamp_ms now) {
  if (x.every_ms == 0 || now <= x.due) return 0;
  return static_cast<std::uint64_t>(now.get() - x.due.get()) / x.every_ms;
}

} // namespace

std::optional<timer_fired> firing_of(const due_timer& x, timestamp_ms now) {
  auto missed = missed_by(x, now);
  auto fired = timer_fired{x.name, x.due, x.fire_no + 1, 0};
  if (x.catch_up == catch_up::once) fired.missed = missed;
  if (x.catch_up == catch_up::skip && missed > 0) return {};
  return fired;
}

skipped_timer skip(const due_timer& x, timestamp_ms now) {
  auto missed = missed_by(x, now) + 1;
  auto next = x.due.get() + static_cast<std::int64_t>(missed * x.every_ms);
  return {x, timestamp_ms{next}, missed};
}

std::string key_of(const timer_fired& x) {
  return "timer/" + x.timer + "/" + std::to_string(x.fire);
}

std::string name_of(const due_timer& x) {
  return to_string(x.of) + "/" + x.name;
}

std::vector<due_timer> timekeeper::to_fire(const std::vector<due_timer>& due, instant now) {
  std::vector<due_timer> out;
  for (const auto& x : due) {
    if (in_flight_ >= in_flight_max_) break;
    auto& attempt = attempts_[name_of(x)];
    if (attempt.in_flight || attempt.not_before > now) continue;
    attempt.in_flight = true;
    ++in_flight_;
    out.push_back(x);
  }
  return out;
}

void timekeeper::answered(const std::string& timer, bool accepted, instant now,
                          std::uint64_t random) {
  auto found = attempts_.find(timer);
  if (found == attempts_.end() || !found->second.in_flight) return;
  --in_flight_;
  auto& attempt = found->second;
  attempt.in_flight = false;
  if (accepted) {
    attempts_.erase(found);
    return;
  }
  attempt.not_before = now + retry_after(++attempt.failures, random);
  // Forgotten ones are tried at once: no harm but a pause that is too short.
  constexpr std::size_t remembered_max = 10'000;
  if (attempts_.size() > remembered_max)
    std::erase_if(attempts_, [](const auto& x) { return !x.second.in_flight; });
}

std::vector<std::string> timekeeper::held_back(instant now) const {
  std::vector<std::string> out;
  for (const auto& [name, x] : attempts_)
    if (x.in_flight || x.not_before > now) out.push_back(name);
  return out;
}

std::optional<timekeeper::instant> timekeeper::next_try() const {
  std::optional<instant> first;
  for (const auto& [name, x] : attempts_)
    if (!x.in_flight && (!first || x.not_before < *first)) first = x.not_before;
  return first;
}

} // namespace bpci::entity
