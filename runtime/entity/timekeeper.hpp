#pragma once

#include "messages/error.hpp"
#include "messages/runtime/entities.hpp"
#include "runtime/entity/kind.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// When timers fire, pure. A firing is a command of the entity, under a key that names it, and
/// moves the timer on in the same transaction: it has its effect once.
namespace bpci::entity {

struct due_timer {
  entity_ref of;
  slots::slot_no slot;
  std::string name;
  timestamp_ms due;
  std::uint64_t every_ms = 0;
  entity::catch_up catch_up = entity::catch_up::each;
  std::uint64_t fire_no = 0; ///< of the last firing
};

/// The times that have passed are not caught up with: the timer is moved on without a firing.
struct skipped_timer {
  due_timer what;
  timestamp_ms next;
  std::uint64_t missed = 0;
};

/// What a due timer comes to at `now`: its firing, or nothing when it waits for the next time.
/// - each: one firing for each time that has passed, oldest first;
/// - once: one firing, which says how many further times have passed;
/// - skip: a firing only within the first period after it was due.
std::optional<timer_fired> firing_of(const due_timer& x, timestamp_ms now);
/// For those without a firing.
skipped_timer skip(const due_timer& x, timestamp_ms now);

/// "timer/daily/7".
std::string key_of(const timer_fired& x);

/// "counter/7/daily".
std::string name_of(const due_timer& x);

class timekeeper {
public:
  using instant = std::chrono::steady_clock::time_point;

  /// `in_flight`: firings at the same time.
  explicit timekeeper(std::size_t in_flight) : in_flight_max_(in_flight) {}

  /// Of these, in the order of their due times, what is to be sent now; each of them is `answered`
  /// once. A timer that has a firing under way, or was refused a short time ago, has none.
  std::vector<due_timer> to_fire(const std::vector<due_timer>& due, instant now);
  /// A refused firing is tried again, after longer and longer pauses. `random` is any number.
  void answered(const std::string& timer, bool accepted, instant now, std::uint64_t random);

  /// Those that need not be read now.
  std::vector<std::string> held_back(instant now) const;
  /// When the first of those that were refused may be tried again.
  [[nodiscard]] std::optional<instant> next_try() const;
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
  [[nodiscard]] std::size_t room() const noexcept { return in_flight_max_ - in_flight_; }

private:
  struct attempt {
    bool in_flight = false;
    std::uint32_t failures = 0;
    instant not_before{};
  };

  const std::size_t in_flight_max_;
  std::map<std::string, attempt> attempts_;
  std::size_t in_flight_ = 0;
};

} // namespace bpci::entity
