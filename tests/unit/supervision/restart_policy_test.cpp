#define CAF_SUITE supervision_restart_policy

#include "runtime/supervision/restart_policy.hpp"

#include <caf/test/unit_test.hpp>

using namespace bpci;
using namespace bpci::supervision;
using namespace std::chrono_literals;

namespace {

constexpr auto start = instant{} + 24h;
constexpr auto rules = restart_rules{};

decision judge(policy of_child, ending how, const restart_history& history = {},
               std::uint32_t attempt = 0, instant now = start) {
  return decide(rules, of_child, how, history, attempt, now, 0);
}

restart_history crashes_at(std::initializer_list<std::chrono::seconds> when) {
  restart_history history;
  for (auto x : when)
    history.add(start + x, rules.intensity);
  return history;
}

} // namespace

CAF_TEST(each policy answers each ending) {
  struct row {
    policy of_child;
    ending how;
    action what;
    bool counts;
  };
  constexpr auto forget = action::forget;
  constexpr auto restart = action::restart;
  constexpr row table[] = {
      // policy             how it ended             then     counts
      {policy::permanent, ending::normal, restart, true},
      {policy::permanent, ending::shutdown, restart, true},
      {policy::permanent, ending::crashed, restart, true},
      {policy::permanent, ending::killed, restart, true},
      {policy::permanent, ending::dependency_down, restart, false},
      {policy::transient, ending::normal, forget, false},
      {policy::transient, ending::shutdown, forget, false},
      {policy::transient, ending::crashed, restart, true},
      {policy::transient, ending::killed, restart, true},
      {policy::transient, ending::dependency_down, restart, false},
      {policy::temporary, ending::normal, forget, false},
      {policy::temporary, ending::shutdown, forget, false},
      {policy::temporary, ending::crashed, forget, false},
      {policy::temporary, ending::killed, forget, false},
      {policy::temporary, ending::dependency_down, forget, false},
  };
  for (const auto& x : table) {
    auto verdict = judge(x.of_child, x.how);
    CAF_CHECK(verdict.what == x.what);
    CAF_CHECK_EQUAL(verdict.counts, x.counts);
  }
}

CAF_TEST(the first restart is at once and the next ones wait twice as long each) {
  constexpr auto exact = backoff{.jitter_percent = 0};
  constexpr std::chrono::milliseconds table[] = {0ms,     50ms,    100ms,  200ms,  400ms,
                                                 800ms,   1600ms,  3200ms, 6400ms, 12800ms,
                                                 25600ms, 30000ms, 30000ms};
  for (auto attempt = 0u; attempt < std::size(table); ++attempt)
    CAF_CHECK_EQUAL(delay_before(attempt, exact, 7).count(), table[attempt].count());
  CAF_CHECK_EQUAL(delay_before(4'000'000'000u, exact, 7).count(), 30'000);
}

CAF_TEST(jitter moves a delay by a fifth at most and uses the whole range) {
  constexpr auto rule = backoff{};
  auto least = 1'000'000ms;
  auto most = 0ms;
  for (auto random = std::uint64_t{0}; random < 100'000; ++random) {
    auto delay = delay_before(100, rule, random);
    least = std::min(least, delay);
    most = std::max(most, delay);
  }
  CAF_CHECK_EQUAL(least.count(), 24'000);
  CAF_CHECK_EQUAL(most.count(), 36'000);
  CAF_CHECK(delay_before(1, rule, ~std::uint64_t{0}) >= 40ms);
  CAF_CHECK(delay_before(1, rule, ~std::uint64_t{0}) <= 60ms);
}

CAF_TEST(the sixth crash within a minute escalates) {
  auto history = crashes_at({0s, 1s, 2s, 3s});
  CAF_CHECK(judge(policy::permanent, ending::crashed, history, 0, start + 4s).what
            == action::restart);
  history = crashes_at({0s, 1s, 2s, 3s, 4s});
  CAF_CHECK(judge(policy::permanent, ending::crashed, history, 0, start + 59s).what
            == action::escalate);
}

CAF_TEST(restarts older than the period are forgotten) {
  auto history = crashes_at({0s, 1s, 2s, 3s, 4s});
  CAF_CHECK_EQUAL(history.within_period(start + 59s, rules.intensity), 5u);
  CAF_CHECK_EQUAL(history.within_period(start + 60s, rules.intensity), 4u);
  CAF_CHECK(judge(policy::permanent, ending::crashed, history, 0, start + 60s).what
            == action::restart);
  CAF_CHECK_EQUAL(history.within_period(start + 64s, rules.intensity), 0u);
}

CAF_TEST(a dependency that is away neither escalates nor counts) {
  auto history = crashes_at({0s, 1s, 2s, 3s, 4s});
  auto verdict = judge(policy::permanent, ending::dependency_down, history, 20, start + 5s);
  CAF_CHECK(verdict.what == action::restart);
  CAF_CHECK(!verdict.counts);
  CAF_CHECK(verdict.delay >= 24s);
}

CAF_TEST(nobody may be restarted when the intensity is zero) {
  auto strict = rules;
  strict.intensity.max_restarts = 0;
  CAF_CHECK(decide(strict, policy::permanent, ending::crashed, {}, 0, start, 0).what
            == action::escalate);
}

CAF_TEST(a child among thousands is tried again slowly instead of escalating) {
  auto history = crashes_at({0s, 1s, 2s, 3s, 4s});
  auto verdict =
      decide_isolated(rules, policy::transient, ending::crashed, history, 5, start + 5s, 0);
  CAF_CHECK(verdict.what == action::restart);
  CAF_CHECK(!verdict.counts);
  CAF_CHECK_EQUAL(verdict.delay.count(), 24'000);
  CAF_CHECK(decide_isolated(rules, policy::temporary, ending::crashed, history, 5, start, 0).what
            == action::forget);
}

CAF_TEST(reasons of the storage and of the outside are a dependency that is away) {
  CAF_CHECK(ending_of(ec::none) == ending::normal);
  CAF_CHECK(ending_of(ec::shutting_down) == ending::shutdown);
  CAF_CHECK(ending_of(ec::unavailable) == ending::dependency_down);
  CAF_CHECK(ending_of(ec::storage_failed) == ending::dependency_down);
  CAF_CHECK(ending_of(ec::internal) == ending::crashed);
  CAF_CHECK(ending_of(ec::timeout) == ending::crashed);
}
