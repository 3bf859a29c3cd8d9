#pragma once

#include "runtime/cluster/membership.hpp"
#include "runtime/slots/slot_keeper.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// The tables of the cluster as a model: what member_store, slot_store and a fenced write do to
/// them, each transaction at one instant, but for the locks that a writer holds until it commits.
namespace bpci::sim {

using instant = std::chrono::steady_clock::time_point;
using milliseconds = std::chrono::milliseconds;

/// What a writer does before it writes. Only `locked` is what the program does; the other shows
/// that the checks of the simulation would notice.
enum class fence : std::uint8_t { locked, only_checked };

/// How long a member answers from memory after a heartbeat.
inline constexpr auto lease_for = milliseconds{900};

/// One write of an entity: what it was computed from, and under which epoch.
struct write {
  std::uint16_t slot = 0;
  slots::epoch_no epoch;
  incarnation by;
  std::uint64_t from = 0; ///< the value that it adds one to, as the writer's cache has it
};

class model_database {
public:
  explicit model_database(fence how);

  // -- members ---------------------------------------------------------------------------

  cluster::member join(const member_id& who, instant now);
  /// Empty: superseded.
  std::optional<cluster::reading> beat(incarnation self, instant now);
  bool rise(incarnation self, const cluster::come_up& what);
  void leave(incarnation self, instant now);
  void accuse(incarnation by, const cluster::suspect& what, instant now);
  void withdraw(incarnation by, const cluster::withdraw& what);
  bool evict(incarnation self, const cluster::evict_silent& what, instant now);
  bool evict(incarnation self, const cluster::evict_unreachable& what, instant now);

  // -- slots: empty while a writer holds one of the rows ------------------------------------

  slots::table_part read() const;
  std::optional<slots::table_part> claim(const slots::claim_slots& x, instant now);
  std::optional<slots::table_part> mark(const slots::mark_draining& x);
  std::optional<slots::table_part> release(const slots::release_slots& x);
  [[nodiscard]] bool is_up(incarnation who) const;

  // -- writes ----------------------------------------------------------------------------

  [[nodiscard]] std::uint64_t value(std::uint16_t slot) const { return values_[slot]; }
  /// A transaction's number, or nothing: fenced.
  std::optional<std::uint64_t> begin(const write& what);
  /// False: its session was ended meanwhile.
  bool commit(std::uint64_t transaction);
  void abort(std::uint64_t transaction);

  /// Whatever must never happen and did.
  std::vector<std::string> violations;
  /// A write is committed.
  std::function<void(const write&)> on_commit = [](auto&&) {};
  /// The members that were declared dead, by whom and when.
  std::function<void(const cluster::member&, const std::string& why)> on_evicted = [](auto&&...) {};

private:
  struct open_write {
    write what;
    bool holds_lock = false;
  };
  struct doubt {
    std::uint64_t seen_seq = 0;
    std::string evidence;
    instant since;
    instant renewed;
  };
  using doubt_key = std::tuple<incarnation, incarnation, cluster::suspicion_kind>;

  [[nodiscard]] bool live(incarnation who) const;
  [[nodiscard]] bool locked(const std::vector<slots::seen_slot>& slots) const;
  [[nodiscard]] std::size_t votes(const cluster::member& target) const;
  void end(incarnation who, cluster::member_state how, const std::string& why, instant claimable);
  void end_sessions(incarnation who);
  template <class Change>
  std::optional<slots::table_part> change(const std::vector<slots::seen_slot>& which, Change&& one);

  fence fence_;
  std::uint64_t view_no_ = 0;
  std::uint64_t change_no_ = 0;
  std::uint64_t last_life_ = 0;
  std::map<incarnation, cluster::member> members_;
  std::map<doubt_key, doubt> doubts_;
  std::map<incarnation, instant> claimable_; ///< of those that have ended
  std::optional<instant> last_unreachable_;
  std::vector<slots::slot_record> slots_;
  std::vector<std::uint64_t> values_;
  std::map<std::uint64_t, open_write> open_;
  std::uint64_t last_transaction_ = 0;
};

} // namespace bpci::sim
