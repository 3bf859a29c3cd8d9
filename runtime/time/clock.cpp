#include "runtime/time/clock.hpp"

#include <sodium.h>

#include <algorithm>
#include <ctime>
#include <limits>
#include <stdexcept>

namespace bpci {

namespace {

using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::sys_days;
using std::chrono::sys_time;

constexpr sys_time<milliseconds> first_instant =
    sys_days{std::chrono::year{0} / std::chrono::January / 1};
constexpr sys_time<milliseconds> last_instant =
    sys_days{std::chrono::year{9999} / std::chrono::December / 31} + days{1} - milliseconds{1};

/// "2026-11-21T05:01:02Z" and anything shorter is no date-time; the upper bound keeps a
/// sender from making us scan a megabyte of decimals.
constexpr std::size_t text_size_min = 20;
constexpr std::size_t text_size_max = 64;

void put_digits(char* at, unsigned value, int width) noexcept {
  for (auto i = width; i-- > 0; value /= 10)
    at[i] = static_cast<char>('0' + value % 10);
}

/// Reads a text from its front; `bad` is sticky, so a parser checks it once.
struct reader {
  std::string_view rest;
  bool bad = false;

  bool take(char wanted) {
    if (rest.empty() || rest.front() != wanted) return false;
    rest.remove_prefix(1);
    return true;
  }

  void expect(char wanted) {
    if (!take(wanted)) bad = true;
  }

  int digit() {
    if (rest.empty() || rest.front() < '0' || rest.front() > '9') return -1;
    auto value = rest.front() - '0';
    rest.remove_prefix(1);
    return value;
  }

  int number(int width) {
    auto value = 0;
    for (auto i = 0; i < width; ++i) {
      auto next = digit();
      if (next < 0) bad = true;
      value = value * 10 + next;
    }
    return value;
  }
};

sys_days read_date(reader& in) {
  auto year = in.number(4);
  in.expect('-');
  auto month = in.number(2);
  in.expect('-');
  auto day = in.number(2);
  if (in.bad) return {};
  auto date = std::chrono::year{year} / month / day;
  in.bad = !date.ok();
  return date;
}

milliseconds read_fraction(reader& in) {
  if (!in.take('.')) return {};
  auto value = in.digit();
  if (value < 0) in.bad = true;
  auto kept = 1;
  for (auto next = in.digit(); next >= 0; next = in.digit())
    if (kept < 3) {
      value = value * 10 + next;
      ++kept;
    }
  for (; kept < 3; ++kept)
    value *= 10;
  return milliseconds{value};
}

/// How far the local time is ahead of UTC.
std::chrono::minutes read_offset(reader& in) {
  if (in.take('Z') || in.take('z')) return {};
  auto behind = in.take('-');
  if (!behind) in.expect('+');
  auto hours = in.number(2);
  in.expect(':');
  auto minutes = in.number(2);
  if (hours > 23 || minutes > 59) in.bad = true;
  auto ahead = std::chrono::hours{hours} + std::chrono::minutes{minutes};
  return behind ? -ahead : ahead;
}

failure not_a_time() {
  return fail(ec::malformed, "a time looks like 2026-11-21T05:01:02.123Z (RFC 3339)");
}

void seed_once() {
  static const auto ready = sodium_init();
  if (ready < 0) throw std::runtime_error("libsodium found no source of randomness");
}

} // namespace

timestamp_ms wall_now() noexcept {
  auto since = std::chrono::system_clock::now().time_since_epoch();
  return timestamp_ms{std::chrono::floor<milliseconds>(since).count()};
}

std::chrono::steady_clock::time_point steady_now() noexcept {
  return std::chrono::steady_clock::now();
}

std::chrono::steady_clock::time_point boot_now() noexcept {
  timespec at{};
  clock_gettime(CLOCK_BOOTTIME, &at); // cannot fail with a clock that the kernel has
  return std::chrono::steady_clock::time_point{std::chrono::seconds{at.tv_sec}
                                               + std::chrono::nanoseconds{at.tv_nsec}};
}

std::uint64_t random_u64() {
  seed_once();
  std::uint64_t value;
  randombytes_buf(&value, sizeof value);
  return value;
}

std::uint64_t random_below(std::uint64_t limit) {
  if (limit == 0) throw std::invalid_argument("random_below(0)");
  // The lowest 2^64 mod limit values would make some results likelier than others.
  auto unfair = (std::numeric_limits<std::uint64_t>::max() - limit + 1) % limit;
  auto value = random_u64();
  while (value < unfair)
    value = random_u64();
  return value % limit;
}

std::string rfc3339(timestamp_ms at) {
  auto clamped = std::clamp(at.get(), first_instant.time_since_epoch().count(),
                            last_instant.time_since_epoch().count());
  auto time = sys_time<milliseconds>{milliseconds{clamped}};
  auto midnight = std::chrono::floor<days>(time);
  auto date = std::chrono::year_month_day{midnight};
  auto of_day = std::chrono::hh_mm_ss{time - midnight};
  std::string text = "0000-00-00T00:00:00.000Z";
  put_digits(&text[0], static_cast<unsigned>(static_cast<int>(date.year())), 4);
  put_digits(&text[5], static_cast<unsigned>(date.month()), 2);
  put_digits(&text[8], static_cast<unsigned>(date.day()), 2);
  put_digits(&text[11], static_cast<unsigned>(of_day.hours().count()), 2);
  put_digits(&text[14], static_cast<unsigned>(of_day.minutes().count()), 2);
  put_digits(&text[17], static_cast<unsigned>(of_day.seconds().count()), 2);
  put_digits(&text[20], static_cast<unsigned>(of_day.subseconds().count()), 3);
  return text;
}

result<timestamp_ms> parse_rfc3339(std::string_view text) {
  if (text.size() < text_size_min || text.size() > text_size_max) return not_a_time();
  reader in{text};
  auto date = read_date(in);
  if (!in.take('t')) in.expect('T');
  auto hours = in.number(2);
  in.expect(':');
  auto minutes = in.number(2);
  in.expect(':');
  auto seconds = in.number(2);
  auto fraction = read_fraction(in);
  auto offset = read_offset(in);
  if (in.bad || !in.rest.empty() || hours > 23 || minutes > 59 || seconds > 60) return not_a_time();
  sys_time<milliseconds> time = date + std::chrono::hours{hours} + std::chrono::minutes{minutes}
                                + std::chrono::seconds{seconds} - offset;
  if (seconds == 60) {
    if (time != std::chrono::floor<days>(time)) return not_a_time();
    return timestamp_ms{time.time_since_epoch().count()};
  }
  return timestamp_ms{(time + fraction).time_since_epoch().count()};
}

} // namespace bpci
