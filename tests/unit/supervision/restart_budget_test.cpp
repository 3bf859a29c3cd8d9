#define CAF_SUITE supervision_restart_budget

#include "runtime/supervision/restart_budget.hpp"

#include <caf/test/unit_test.hpp>

#include <mutex>
#include <thread>
#include <vector>

using namespace bpci::supervision;
using namespace std::chrono_literals;

namespace {

constexpr auto start = instant{} + 1h;

} // namespace

CAF_TEST(fifty restarts go at once and the next ones wait their turn) {
  restart_budget budget{50, 50};
  for (auto i = 0; i < 50; ++i)
    CAF_CHECK_EQUAL(budget.take(start).count(), 0);
  CAF_CHECK_EQUAL(budget.take(start).count(), 20);
  CAF_CHECK_EQUAL(budget.take(start).count(), 40);
  CAF_CHECK_EQUAL(budget.take(start + 40ms).count(), 20);
}

CAF_TEST(a quiet second fills the budget and no more than that) {
  restart_budget budget{50, 50};
  for (auto i = 0; i < 50; ++i)
    budget.take(start);
  for (auto i = 0; i < 50; ++i)
    CAF_CHECK_EQUAL(budget.take(start + 1h).count(), 0);
  CAF_CHECK_EQUAL(budget.take(start + 1h).count(), 20);
}

CAF_TEST(ten thousand crashes at once are spread over two hundred seconds) {
  restart_budget budget{50, 50};
  auto last = 0ms;
  for (auto i = 0; i < 10'000; ++i)
    last = budget.take(start);
  CAF_CHECK_EQUAL(last.count(), (10'000 - 50) * 20);
}

CAF_TEST(supervisors on many threads share one budget) {
  restart_budget budget{50, 50};
  std::mutex mutex;
  std::vector<std::int64_t> waits;
  {
    std::vector<std::jthread> threads;
    for (auto t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (auto i = 0; i < 250; ++i) {
          auto wait = budget.take(start).count();
          auto lock = std::lock_guard{mutex};
          waits.push_back(wait);
        }
      });
  }
  std::sort(waits.begin(), waits.end());
  CAF_CHECK_EQUAL(std::count(waits.begin(), waits.end(), 0), 50);
  CAF_CHECK_EQUAL(waits.back(), (1'000 - 50) * 20);
}
