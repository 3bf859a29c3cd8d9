#define CAF_SUITE timekeeper

#include "runtime/entity/timekeeper.hpp"

#include <caf/test/unit_test.hpp>

using namespace bpci;
using namespace bpci::entity;

namespace {

using namespace std::chrono_literals;

due_timer timer(std::int64_t due, std::uint64_t every, catch_up how, std::string id = "7") {
  return {{"counter", std::move(id)}, slots::slot_no{1}, "daily", timestamp_ms{due}, every, how, 4};
}

} // namespace

CAF_TEST(a timer that fires once does so however late it is) {
  for (auto how : {catch_up::each, catch_up::once, catch_up::skip}) {
    auto fired = firing_of(timer(1'000, 0, how), timestamp_ms{99'000});
    CAF_REQUIRE(fired.has_value());
    CAF_CHECK_EQUAL(fired->fire, 5u);
    CAF_CHECK_EQUAL(fired->missed, 0u);
    CAF_CHECK_EQUAL(fired->due.get(), 1'000);
  }
}

CAF_TEST(each time that was missed has a firing of its own) {
  auto fired = firing_of(timer(1'000, 100, catch_up::each), timestamp_ms{1'350});
  CAF_REQUIRE(fired.has_value());
  CAF_CHECK_EQUAL(fired->due.get(), 1'000);
  CAF_CHECK_EQUAL(fired->missed, 0u);
}

CAF_TEST(one firing for all that were missed says how many) {
  auto fired = firing_of(timer(1'000, 100, catch_up::once), timestamp_ms{1'350});
  CAF_REQUIRE(fired.has_value());
  CAF_CHECK_EQUAL(fired->missed, 3u);
}

CAF_TEST(those that were missed are skipped up to the next) {
  auto x = timer(1'000, 100, catch_up::skip);
  CAF_CHECK(firing_of(x, timestamp_ms{1'099}).has_value());
  CAF_CHECK(!firing_of(x, timestamp_ms{1'350}).has_value());
  auto skipped = skip(x, timestamp_ms{1'350});
  CAF_CHECK_EQUAL(skipped.next.get(), 1'400);
  CAF_CHECK_EQUAL(skipped.missed, 4u);
}

CAF_TEST(a firing has a key of its own) {
  auto fired = *firing_of(timer(1'000, 0, catch_up::each), timestamp_ms{1'000});
  CAF_CHECK_EQUAL(key_of(fired), "timer/daily/5");
}

CAF_TEST(a timer has one firing at a time) {
  timekeeper core{10};
  timekeeper::instant now{1h};
  auto x = timer(1'000, 100, catch_up::each);
  CAF_CHECK_EQUAL(core.to_fire({x}, now).size(), 1u);
  CAF_CHECK(core.to_fire({x}, now).empty());
  CAF_CHECK_EQUAL(core.held_back(now).size(), 1u);
  core.answered("counter/7/daily", true, now, 0);
  CAF_CHECK_EQUAL(core.to_fire({x}, now).size(), 1u);
}

CAF_TEST(so many firings at the same time) {
  timekeeper core{2};
  timekeeper::instant now{1h};
  auto due = std::vector{timer(1, 0, catch_up::each, "1"), timer(2, 0, catch_up::each, "2"),
                         timer(3, 0, catch_up::each, "3")};
  CAF_CHECK_EQUAL(core.to_fire(due, now).size(), 2u);
  CAF_CHECK_EQUAL(core.room(), 0u);
}

CAF_TEST(a refused firing waits longer and longer) {
  timekeeper core{10};
  timekeeper::instant now{1h};
  auto x = timer(1'000, 100, catch_up::each);
  core.to_fire({x}, now);
  core.answered("counter/7/daily", false, now, 0);
  CAF_CHECK(core.to_fire({x}, now).empty());
  CAF_CHECK(core.next_try().has_value());
  CAF_CHECK_EQUAL(core.to_fire({x}, now + 200ms).size(), 1u);
  core.answered("counter/7/daily", false, now, 0);
  CAF_CHECK(core.to_fire({x}, now + 100ms).empty());
}
