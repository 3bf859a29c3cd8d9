#pragma once

#include "messages/error.hpp"
#include "messages/runtime/entities.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

/// Brings effects from the outbox to their targets, pure: those of one source one after the other,
/// in the order of its commits, many sources at the same time.
///
/// An effect is done when its target has answered; sent twice it has its effect once, for the
/// target knows its key. What is refused because something is away is tried for ever; what is
/// refused for good, or too often, is set aside for an operator, and those behind it go on.
namespace bpci::entity {

struct courier_limits {
  std::size_t in_flight = 256;     ///< sources
  std::size_t lane_rows = 64;      ///< of one source that are held; one that gets nowhere holds one
  std::uint32_t attempts_max = 20; ///< refusals that are the effect's own fault
};

/// A row of the outbox on its way.
struct effect_row {
  std::uint64_t no = 0;
  slots::slot_no slot;
  entity_ref from;
  entity_ref to;
  std::string key;
  std::string name;
  bytes body;
  std::uint32_t attempts = 0; ///< that were refused
};

/// A row that was refused, as it is to be written.
struct setback {
  std::uint64_t no = 0;
  std::uint32_t attempts = 0;
  std::chrono::milliseconds pause{0};
  bool set_aside = false;
  std::string error;
};

/// What the next transaction is to write and to read.
struct errand {
  std::vector<std::uint64_t> done;
  std::vector<setback> setbacks;
  std::vector<slots::slot_no> read; ///< slots whose rows are to be read, but for
  std::vector<std::uint64_t> held;  ///< these, and
  std::vector<entity_ref> without;  ///< those of sources that hold enough
};

class courier {
public:
  using instant = std::chrono::steady_clock::time_point;

  explicit courier(const courier_limits& limits) : limits_(limits) {}

  /// Something was committed for this slot.
  void wake(slots::slot_no slot) { unread_.insert(slot); }

  /// What the database is to do now; empty when there is nothing. One at a time.
  errand next_errand(const std::vector<slots::slot_no>& owned);
  /// It has done so; `rows` stand in the order of their numbers. `full`: there may be more.
  void errand_done(const errand& what, std::vector<effect_row> rows, bool full);
  void errand_failed(errand what);

  /// Commands to be sent now, each to be `answered` by the number of its row.
  std::vector<effect_row> to_send(instant now);
  /// `random` is any number.
  void answered(std::uint64_t no, const result<response>& answer, instant now,
                std::uint64_t random);

  [[nodiscard]] std::size_t held() const noexcept { return known_.size(); }
  [[nodiscard]] std::size_t in_flight() const noexcept { return sent_.size(); }
  [[nodiscard]] bool busy() const noexcept { return errand_open_; }

private:
  struct lane {
    std::deque<effect_row> rows;
    bool in_flight = false;
    std::uint32_t failures = 0; ///< of the first row
    std::uint32_t refusals = 0; ///< of these, those that are its own fault
    bool more = false;          ///< there may be rows behind those that are held
    instant not_before{};
  };

  [[nodiscard]] bool has_enough(const lane& x) const noexcept;
  void hold_first_only(lane& x);

  void drop_foreign(const std::vector<slots::slot_no>& owned);
  void move_on(const entity_ref& from);

  const courier_limits limits_;
  std::map<entity_ref, lane> lanes_;
  std::map<std::uint64_t, entity_ref> sent_;
  std::set<std::uint64_t> known_; ///< rows in a lane, or done and not yet deleted
  std::set<slots::slot_no> unread_;
  std::set<slots::slot_no> full_; ///< had more rows than were read
  errand pending_;
  bool errand_open_ = false;
};

} // namespace bpci::entity
