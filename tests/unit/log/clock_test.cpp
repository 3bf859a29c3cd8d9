#define CAF_SUITE clock

#include "runtime/time/clock.hpp"

#include <caf/test/unit_test.hpp>

#include <cstdint>
#include <limits>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace bpci;

namespace {

using int_limits = std::numeric_limits<std::int64_t>;

std::int64_t parsed(std::string_view text) {
  auto at = parse_rfc3339(text);
  CAF_REQUIRE(at.has_value());
  return at->get();
}

const std::vector<std::pair<std::int64_t, std::string>> times = {
    {0, "1970-01-01T00:00:00.000Z"},
    {-1, "1969-12-31T23:59:59.999Z"},
    {951'782'400'007, "2000-02-29T00:00:00.007Z"},
    {1'795'237'262'123, "2026-11-21T05:01:02.123Z"},
    {253'402'300'799'999, "9999-12-31T23:59:59.999Z"},
    {-62'167'219'200'000, "0000-01-01T00:00:00.000Z"},
};

} // namespace

CAF_TEST(a time is printed in utc with three decimals and read back) {
  for (const auto& [at, text] : times) {
    CAF_CHECK_EQUAL(rfc3339(timestamp_ms{at}), text);
    CAF_CHECK_EQUAL(parsed(text), at);
  }
}

CAF_TEST(a time that the format cannot hold is shown as the nearest one) {
  CAF_CHECK_EQUAL(rfc3339(timestamp_ms{int_limits::max()}), "9999-12-31T23:59:59.999Z");
  CAF_CHECK_EQUAL(rfc3339(timestamp_ms{int_limits::min()}), "0000-01-01T00:00:00.000Z");
}

CAF_TEST(printed times sort like the times) {
  for (auto at : {0LL, 999LL, 1'000LL, 86'399'999LL, 86'400'000LL, 1'795'237'262'123LL})
    CAF_CHECK(rfc3339(timestamp_ms{at}) < rfc3339(timestamp_ms{at + 1}));
}

// The examples of RFC 3339, section 5.8, are among them.
CAF_TEST(every form of RFC 3339 is read) {
  CAF_CHECK_EQUAL(parsed("1985-04-12T23:20:50.52Z"), 482'196'050'520);
  CAF_CHECK_EQUAL(parsed("1996-12-19T16:39:57-08:00"), parsed("1996-12-20T00:39:57Z"));
  CAF_CHECK_EQUAL(parsed("1937-01-01T12:00:27.87+00:20"), parsed("1937-01-01T11:40:27.87Z"));
  CAF_CHECK_EQUAL(parsed("2026-11-21t05:01:02z"), parsed("2026-11-21T05:01:02.000-00:00"));
  CAF_CHECK_EQUAL(parsed("2026-11-21T05:01:02.1239999Z"), 1'795'237'262'123);
  CAF_CHECK_EQUAL(parsed("2026-11-21T05:01:02.1Z"), 1'795'237'262'100);
  CAF_CHECK_EQUAL(parsed("1969-12-31T23:59:59.9Z"), -100);
}

CAF_TEST(a leap second is the start of the next day) {
  CAF_CHECK_EQUAL(parsed("1990-12-31T23:59:60Z"), parsed("1991-01-01T00:00:00Z"));
  CAF_CHECK_EQUAL(parsed("1990-12-31T15:59:60.5-08:00"), parsed("1991-01-01T00:00:00Z"));
  CAF_CHECK(parse_rfc3339("1990-12-31T15:59:60Z").has_error());
}

CAF_TEST(what is not a time is malformed) {
  for (std::string_view text :
       {"",
        "2026",
        "2026-11-21",
        "2026-11-21T05:01:02",
        "2026-11-21 05:01:02Z",
        "2026-11-21T05:01:02.Z",
        "2026-11-21T05:01:02,5Z",
        "2026-11-21T05:01:02Zx",
        "2026-13-21T05:01:02Z",
        "2026-02-29T05:01:02Z",
        "2026-00-10T05:01:02Z",
        "2026-11-00T05:01:02Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T05:60:00Z",
        "2026-11-21T05:01:61Z",
        "2026-11-21T05:01:02+24:00",
        "2026-11-21T05:01:02+01:60",
        "2026-11-21T05:01:02+0100",
        "2026-11-21T05:01:02+01",
        " 2026-11-21T05:01:02Z",
        "-026-11-21T05:01:02Z",
        "2026-1a-21T05:01:02Z",
        "2026-11-21T05:01:02.12345678901234567890123456789012345678901234Z"}) {
    CAF_MESSAGE(text);
    auto at = parse_rfc3339(text);
    CAF_REQUIRE(at.has_error());
    CAF_CHECK(at.error().code == ec::malformed);
  }
}

CAF_TEST(the clocks go forward) {
  auto wall = wall_now();
  auto steady = steady_now();
  CAF_CHECK(wall_now() >= wall);
  CAF_CHECK(steady_now() >= steady);
  CAF_CHECK(wall.get() > 1'700'000'000'000);
}

CAF_TEST(random numbers stay below their limit and reach all of it) {
  std::set<std::uint64_t> seen;
  for (auto i = 0; i < 1000; ++i)
    seen.insert(random_below(7));
  CAF_CHECK(seen == (std::set<std::uint64_t>{0, 1, 2, 3, 4, 5, 6}));
  CAF_CHECK_EQUAL(random_below(1), 0u);
  CAF_CHECK(random_below(std::uint64_t{1} << 63) < std::uint64_t{1} << 63);
}

CAF_TEST(random numbers do not repeat) {
  std::set<std::uint64_t> seen;
  for (auto i = 0; i < 1000; ++i)
    seen.insert(random_u64());
  CAF_CHECK_EQUAL(seen.size(), 1000u);
}
