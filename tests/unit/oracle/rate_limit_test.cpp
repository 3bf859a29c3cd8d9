#define CAF_SUITE oracle_rate_limit

#include "actors/oracle/rate_limit.hpp"

#include <caf/test/unit_test.hpp>

#include <string>

namespace bpci::oracle {

namespace {

using namespace std::chrono_literals;

using instant = rate_limit::instant;

constexpr auto noon = instant{12h};

/// "taken", or how many milliseconds to wait.
std::string take(rate_limit& uut, instant now) {
  auto wait = uut.take(now);
  return wait ? "wait " + std::to_string(wait->count()) : "taken";
}

int taken_at(rate_limit& uut, instant now) {
  auto count = 0;
  while (!uut.take(now))
    ++count;
  return count;
}

} // namespace

CAF_TEST(a second of tokens may be taken at once and not one more) {
  for (auto rate : {1, 2, 3, 7, 10, 100, 999, 1'000}) {
    rate_limit uut{static_cast<std::uint64_t>(rate)};
    CAF_CHECK_EQUAL(taken_at(uut, noon), rate);
  }
}

CAF_TEST(a token comes back exactly when its share of the second has passed) {
  rate_limit uut{4};
  taken_at(uut, noon);
  CAF_CHECK_EQUAL(take(uut, noon + 250ms - 1ns), "wait 1");
  CAF_CHECK_EQUAL(take(uut, noon + 250ms), "taken");
  CAF_CHECK_EQUAL(take(uut, noon + 250ms), "wait 250");
}

CAF_TEST(whoever waits as long as told gets a token) {
  for (auto rate : {1, 3, 7, 100, 1'000, 3'000}) {
    rate_limit uut{static_cast<std::uint64_t>(rate)};
    auto now = noon;
    taken_at(uut, now);
    for (auto turn = 0; turn < 50; ++turn) {
      auto wait = uut.take(now);
      CAF_REQUIRE(wait);
      CAF_REQUIRE(*wait >= 1ms);
      now += *wait;
      CAF_REQUIRE(!uut.take(now));
      taken_at(uut, now);
    }
  }
}

CAF_TEST(a refusal costs nothing) {
  rate_limit uut{2};
  taken_at(uut, noon);
  for (auto turn = 0; turn < 1'000; ++turn)
    CAF_REQUIRE_EQUAL(take(uut, noon), "wait 500");
  CAF_CHECK_EQUAL(take(uut, noon + 500ms), "taken");
}

CAF_TEST(a long silence saves up one second and no more) {
  rate_limit uut{5};
  CAF_CHECK_EQUAL(taken_at(uut, noon), 5);
  CAF_CHECK_EQUAL(taken_at(uut, noon + 1s), 5);
  CAF_CHECK_EQUAL(taken_at(uut, noon + 24h * 365 * 50), 5);
}

CAF_TEST(the steady rate holds over a minute) {
  rate_limit uut{100};
  auto count = 0;
  for (auto now = noon; now < noon + 60s; now += 1ms)
    count += taken_at(uut, now);
  // One second's worth at the start, then one every 10 ms; the last falls at the minute's end.
  CAF_CHECK_EQUAL(count, 100 + 60 * 100 - 1);
}

CAF_TEST(a clock that has just begun or has not reached its epoch gives the same) {
  for (auto start : {instant{}, instant{1ns}, instant{-5s}, instant::min()}) {
    rate_limit uut{3};
    CAF_CHECK_EQUAL(taken_at(uut, start), 3);
    CAF_CHECK_EQUAL(taken_at(uut, start + 1s), 3);
  }
}

CAF_TEST(a rate of zero is one a second and an absurd one is no limit) {
  rate_limit slow{0};
  CAF_CHECK_EQUAL(taken_at(slow, noon), 1);
  CAF_CHECK_EQUAL(take(slow, noon), "wait 1000");
  rate_limit fast{UINT64_MAX};
  for (auto turn = 0; turn < 10'000; ++turn)
    CAF_REQUIRE_EQUAL(take(fast, noon), "taken");
}

CAF_TEST(many are taken at once or not at all) {
  rate_limit uut{10};
  CAF_CHECK(!uut.take(noon, 8));
  CAF_CHECK(uut.take(noon, 3) == std::optional{100ms});
  CAF_CHECK(!uut.take(noon, 2));
  CAF_CHECK(uut.take(noon) == std::optional{100ms});
}

CAF_TEST(more than a full bucket holds is taken from a full one and owed) {
  rate_limit uut{10};
  CAF_CHECK(!uut.take(noon, 50));
  CAF_CHECK(uut.take(noon + 4s, 50) == std::optional{1'000ms});
  CAF_CHECK(uut.take(noon + 4s) == std::optional{100ms});
  CAF_CHECK(!uut.take(noon + 5s, 50));
}

} // namespace bpci::oracle
