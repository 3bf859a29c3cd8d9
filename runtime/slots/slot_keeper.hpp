#pragma once

#include "messages/error.hpp"
#include "messages/runtime/slots.hpp"
#include "runtime/slots/allocation.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// What SLOTS decides, pure: which slots this node takes, and which it gives away. It knows the
/// table `slot` and the live members as they were read last, which may be late; the table refuses
/// whatever is decided wrongly because of that.
///
/// A slot moves in these steps: its owner marks it as draining, lets its entities end, and releases
/// it (owner NULL, next epoch); then the member that should have it claims it (next epoch). The
/// slots of a member that is dead or has left are claimed at once.
namespace bpci::slots {

using instant = std::chrono::steady_clock::time_point;

/// So that no transaction holds many rows for long.
inline constexpr std::size_t batch_max = 64;

struct keeper_rules {
  /// A slot that has changed hands stays for at least this, unless its owner is gone or gives
  /// everything away, or a pin says so: members that come and go every second must not pull all
  /// entities to and fro.
  std::chrono::milliseconds settle{5'000};
  /// The pause after the database has failed or refused, doubled each time, plus or minus a
  /// quarter.
  std::chrono::milliseconds retry_min{100};
  std::chrono::milliseconds retry_max{1'000};
  /// The table is read at least this often, for hints that got lost.
  std::chrono::milliseconds refresh{10'000};
  /// When it stops, this node tries for so long to give its slots away; those that remain are
  /// claimed by the others once it has left.
  std::chrono::milliseconds stop_max{5'000};
};

// -- what comes in -----------------------------------------------------------------------

/// A row of the table, with what only people want to know.
struct slot_record {
  slot_row row;
  member_id owner_id; ///< of row.owner; empty: nobody
  std::string reason;
  timestamp_ms moved_at;

  bool operator==(const slot_record&) const = default;
};

/// Rows, as of one change of the table. From `read` all of them; from the others those that were
/// really changed.
struct table_part {
  change_no change;
  std::vector<slot_record> rows;
};

struct live_member {
  bpci::incarnation incarnation;
  member_id id;
  enum class state : std::uint8_t { joining, up, draining } state = state::up;
};

/// What MEMBERS last told.
struct known_view {
  change_no change;
  incarnation self; ///< this life of this node; 0: it has not joined yet
  std::vector<live_member> live;
};

// -- what goes out -----------------------------------------------------------------------

struct seen_slot {
  slot_no slot;
  epoch_no epoch; ///< as it was read: nothing is done to a slot that has another one

  bool operator==(const seen_slot&) const = default;
};

/// Read the table whole. Answer: on_read.
struct read_table {};

/// Take these. Answer: on_claimed.
struct claim_slots {
  incarnation self;
  std::vector<seen_slot> slots;
};

/// Mark these as draining, so that the others hold back what they have for them. Answer: on_marked.
struct mark_draining {
  incarnation self;
  std::vector<seen_slot> slots;
};

/// Let the entities of these end. Answer: on_drained, also when they do not end in time: the epoch
/// protects what they have written.
struct drain_entities {
  std::vector<slot_no> slots;
  bool hurry = false; ///< this node stops
};

/// Give these away, and first of all stop serving them. Answer: on_released.
struct release_slots {
  incarnation self;
  std::vector<seen_slot> slots;
  std::string reason;
  member_id towards; ///< whom they should go to; empty: nobody yet
};

/// Tell this member that these are free now.
struct offer_slots {
  member_id to;
  std::vector<slot_no> slots;
};

/// Rows that differ from what was told before; ask `serves` about each.
struct tell_rows {
  change_no change;
  std::vector<slot_row> rows;
};

/// Everything is given away, or cannot be: this node may end.
struct finished {};

using keeper_effect = std::variant<read_table, claim_slots, mark_draining, drain_entities,
                                   release_slots, offer_slots, tell_rows, finished>;
using keeper_effects = std::vector<keeper_effect>;

/// Why a slot has changed hands.
enum class move_kind : std::uint8_t {
  claimed_free,
  claimed_ended,  ///< of a member that is dead or has left
  released_score, ///< another one scores higher
  released_pin,
  released_drain,
  released_stop,
  released_again, ///< the move was called off when it was too late to go back
};

inline constexpr std::size_t move_kinds = 7;

/// "claimed_free".
std::string_view name(move_kind x) noexcept;

/// Since the keeper was made.
struct keeper_counts {
  std::array<std::uint64_t, move_kinds> moves{}; ///< by move_kind
  std::uint64_t refused = 0; ///< slots that the database did not give to a claim
};

// ----------------------------------------------------------------------------------------

/// Of reads, claims and handovers at most one each is in flight; the keeper waits for its answer
/// without limit, so whoever carries out an effect answers it in any case, once. `random` is any
/// number, for the jitter of retries; it is used for failures only.
class slot_keeper {
public:
  explicit slot_keeper(member_id me, keeper_rules rules = {});

  void on_view(const known_view& view, instant now, keeper_effects& out);
  /// A change of the tables that was seen by a heartbeat; the view still stands as of it.
  void on_change_seen(change_no change, instant now, keeper_effects& out);
  /// Another member has freed these for us.
  void on_offered(const std::vector<slot_no>& slots, instant now, keeper_effects& out);
  /// Somebody of this node knows of something newer than the table here.
  void on_outdated(instant now, keeper_effects& out);

  void on_read(const result<table_part>& got, instant now, std::uint64_t random,
               keeper_effects& out);
  /// Any failure is taken as "may have happened": the table is read again before anything else.
  void on_claimed(const result<table_part>& got, instant now, std::uint64_t random,
                  keeper_effects& out);
  void on_marked(const result<table_part>& got, instant now, std::uint64_t random,
                 keeper_effects& out);
  void on_drained(instant now, keeper_effects& out);
  void on_released(const result<table_part>& got, instant now, std::uint64_t random,
                   keeper_effects& out);

  /// To be called every 100 ms or so: for what waits for a time.
  void on_tick(instant now, keeper_effects& out);

  /// Gives everything away; ends with `finished`.
  void stop(instant now, keeper_effects& out);

  // -- what is known ---------------------------------------------------------------------

  /// The table has been read.
  [[nodiscard]] bool known() const noexcept { return known_; }
  [[nodiscard]] change_no change() const noexcept { return highest_; }
  /// In slot order.
  [[nodiscard]] const std::array<slot_record, slot_count>& table() const noexcept { return table_; }
  [[nodiscard]] const slots::allocation& allocation() const noexcept { return allocation_; }
  [[nodiscard]] const std::vector<live_member>& live() const noexcept { return live_; }
  [[nodiscard]] incarnation self() const noexcept { return self_; }

  /// This node owns the slot, and has not begun to release it.
  [[nodiscard]] bool serves(slot_no slot) const noexcept;
  [[nodiscard]] std::size_t owned() const noexcept;
  [[nodiscard]] std::size_t draining() const noexcept;
  [[nodiscard]] const keeper_counts& counts() const noexcept { return counts_; }

private:
  struct move {
    move_kind kind;
    member_id towards;

    bool operator==(const move&) const = default;
  };

  struct handover {
    std::vector<seen_slot> slots;
    move why;
    bool drained = false; ///< to be released; then in flight again
    bool releasing = false;
  };

  [[nodiscard]] bool gone(std::size_t slot) const;
  [[nodiscard]] bool claimable(std::size_t slot, instant now) const;
  [[nodiscard]] std::optional<move> to_move(std::size_t slot, instant now) const;
  [[nodiscard]] std::string reason_of(const move& why) const;
  [[nodiscard]] bool nothing_left() const;

  void apply(const table_part& part, bool whole, instant now, keeper_effects& out);
  void tell_all(keeper_effects& out);
  void allocate();
  void step(instant now, keeper_effects& out);
  void start_reading(instant now, keeper_effects& out);
  void start_claiming(instant now, keeper_effects& out);
  void start_handover(instant now, keeper_effects& out);
  void offer(const std::vector<slot_record>& freed, keeper_effects& out);
  void keep_of_handover(const std::vector<slot_record>& rows);
  void drain(keeper_effects& out);
  void release(keeper_effects& out);
  /// After anything that did not happen, or may have; `in_a_row` counts the failures of its kind.
  void failed(std::uint32_t& in_a_row, instant now, std::uint64_t random);

  const member_id me_;
  const keeper_rules rules_;

  // the members
  incarnation self_;
  bool up_ = false;
  bool draining_ = false;
  std::vector<live_member> live_; ///< by incarnation
  incarnation newest_;            ///< the highest that a view has ever shown
  change_no view_change_;         ///< the view stands as of this
  slots::allocation allocation_;

  // the table
  bool known_ = false;
  std::array<slot_record, slot_count> table_;
  std::array<change_no, slot_count> as_of_{};   ///< of each row
  std::array<instant, slot_count> moved_{};     ///< when its epoch was seen to change
  std::array<epoch_no, slot_count> given_up_{}; ///< the epoch whose release has begun
  std::array<instant, slot_count> offered_until_{};
  change_no read_change_; ///< of the last reading of the whole
  change_no highest_;     ///< of anything that was read or changed

  // what is in flight
  bool reading_ = false;
  change_no read_floor_; ///< what the reading must at least show
  std::vector<seen_slot> claiming_;
  std::optional<handover> handover_;
  std::size_t claim_from_ = 0; ///< where the next batch begins, so that none starves

  // when
  bool must_read_ = true;   ///< nothing else before the table has been read
  bool read_again_ = false; ///< the reading in flight does not count: it began too early
  bool hint_ = false;
  bool outdated_ = false;
  instant last_read_{};
  instant retry_at_{};
  std::uint32_t read_failures_ = 0; ///< in a row
  std::uint32_t write_failures_ = 0;

  bool stopping_ = false;
  bool finished_ = false;
  instant stop_by_{};
  keeper_counts counts_;
};

} // namespace bpci::slots
