#pragma once

#include "messages/error.hpp"
#include "messages/ids.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

/// The sole home of clocks and of randomness that is not a secret. A pure core takes a time as an
/// argument; only actors, stores and gateways call these.
namespace bpci {

/// The wall clock: for records and for the age of messages. May jump, backwards too; a deadline
/// is measured with `steady_now`.
timestamp_ms wall_now() noexcept;

/// The clock of deadlines and durations: never goes back, means nothing outside this process.
std::chrono::steady_clock::time_point steady_now() noexcept;

/// Like `steady_now`, and runs on while the machine sleeps (CLOCK_BOOTTIME): the clock of silence
/// and of leases. Compare its times only with each other.
std::chrono::steady_clock::time_point boot_now() noexcept;

/// A random number for jitter, sampling and load spreading. Keys, nonces and tokens come from
/// runtime/crypto.
std::uint64_t random_u64();

/// A random number of [0, limit), each with the same chance. `limit` is not 0.
std::uint64_t random_below(std::uint64_t limit);

/// "2026-11-21T05:01:02.123Z": RFC 3339, section 5.6, in UTC, always with three decimals, so that
/// the text sorts like the time. The format has years 0000 to 9999; a time outside of them, which
/// only a faulty or hostile sender names, is shown as the nearest one inside.
std::string rfc3339(timestamp_ms at);

/// Reads any date-time of RFC 3339, section 5.6: lower case `t` and `z`, an offset and any number
/// of decimals are allowed; what is finer than a millisecond is cut off. A leap second, allowed
/// only at 23:59:60 UTC, is the first instant of the next day, as in POSIX time.
/// Errors: malformed.
result<timestamp_ms> parse_rfc3339(std::string_view text);

} // namespace bpci
