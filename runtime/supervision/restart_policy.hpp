#pragma once

#include "messages/error.hpp"

#include <boost/describe/enum.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

/// Whether and when a child that has ended is started again. Pure: times and random numbers are
/// arguments. The words and the rules are those of OTP's `supervisor`; the delay between restarts
/// and the endings that do not count are additions.
namespace bpci::supervision {

/// A moment of the supervisor's clock, which is the actor system's (virtual in tests).
using instant = std::chrono::steady_clock::time_point;

// clang-format off
/// `permanent` is always restarted, `transient` only when it did not end as it was meant to,
/// `temporary` never.
BOOST_DEFINE_FIXED_ENUM_CLASS(policy, std::uint8_t, permanent, transient, temporary)

/// Who is restarted with a child: nobody, everybody, or those that were started after it.
BOOST_DEFINE_FIXED_ENUM_CLASS(strategy, std::uint8_t, one_for_one, one_for_all, rest_for_one)

/// How a child ended. `normal`: it was done. `shutdown`: it was told to. `dependency_down`: it
/// cannot work because something outside of it, as the database, is away.
BOOST_DEFINE_FIXED_ENUM_CLASS(ending, std::uint8_t,
  normal, shutdown, crashed, killed, dependency_down)
// clang-format on

/// How many restarts a supervisor makes before it gives up: the one after `max_restarts` within
/// `period` escalates.
struct intensity {
  std::uint32_t max_restarts = 5;
  std::chrono::seconds period{60};
};

/// The pause before a restart: none for the first, then `min` doubled each time up to `max`, each
/// plus or minus `jitter_percent`. A child that has run for `quiet` starts over.
struct backoff {
  std::chrono::milliseconds min{50};
  std::chrono::milliseconds max{30'000};
  std::uint32_t jitter_percent = 20;
  std::chrono::milliseconds quiet{10'000};
};

struct restart_rules {
  supervision::intensity intensity;
  supervision::backoff backoff;
};

/// The restarts that count against the intensity. Holds no more than can matter.
class restart_history {
public:
  void add(instant at, const intensity& limit);
  /// Restarts of the `period` that ends at `now`.
  [[nodiscard]] std::size_t within_period(instant now, const intensity& limit) const noexcept;

private:
  std::vector<instant> restarts_; // oldest first; of most children empty, and then without memory
};

enum class action : std::uint8_t { forget, restart, escalate };

struct decision {
  action what = action::forget;
  std::chrono::milliseconds delay{0}; ///< before a restart
  bool counts = false;                ///< the restart uses up the intensity

  bool operator==(const decision&) const = default;
};

/// The pause before restart number `attempt` (from 0) in a row.
std::chrono::milliseconds delay_before(std::uint32_t attempt, const backoff& rule,
                                       std::uint64_t random) noexcept;

/// What to do about a child that has ended. `attempt` counts its restarts since it last ran
/// quietly; `random` is any number, for the jitter.
decision decide(const restart_rules& rules, policy of_child, ending how,
                const restart_history& history, std::uint32_t attempt, instant now,
                std::uint64_t random);

/// The same for one child among thousands of its kind that do not know of each other (a LINK): it
/// never escalates, since that would end the others; once over the intensity it is tried again at
/// the longest pause until it runs.
decision decide_isolated(const restart_rules& rules, policy of_child, ending how,
                         const restart_history& history, std::uint32_t attempt, instant now,
                         std::uint64_t random);

/// How an actor ended that gave `why` as the reason.
ending ending_of(ec why) noexcept;

} // namespace bpci::supervision
