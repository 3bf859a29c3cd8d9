#pragma once

#include "runtime/entity/activation.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

/// Which entities of this node's slots have an actor, pure: starts one with the first command, ends
/// it when it was idle for long, and sees to it that every request is answered when an actor dies.
namespace bpci::entity {

struct host_limits {
  std::size_t pending_per_entity = 1'000;
  std::chrono::milliseconds idle_after{60'000};
  std::uint32_t background_activations_per_sec = 200;
};

/// What the slot table says of an entity's slot.
struct slot_state {
  slots::slot_no slot;
  std::optional<slots::epoch_no> mine; ///< this node owns it, and is not giving it away
  slots::epoch_no known;               ///< whoever owns it
  bool elsewhere = false;              ///< another member does
};

/// One incarnation of an entity's actor.
using actor_no = std::uint64_t;

// What ENTITIES is to do.

/// Start an actor; then `started`.
struct start_actor {
  std::string key; ///< "counter:7"
  slots::epoch_no epoch;
};
struct hand_over {
  actor_no to = 0;
  request_ptr what;
};
struct answer_request {
  std::uint64_t ticket = 0;
  result<response> what;
};
/// Let it finish what it has. Nothing is handed to it any more.
struct finish_actor {
  std::string key;
  actor_no who = 0;
};
struct kill_actor {
  std::string key;
  actor_no who = 0;
};
struct answer_drain {
  std::uint64_t ticket = 0;
};

using host_effect =
    std::variant<start_actor, hand_over, answer_request, finish_actor, kill_actor, answer_drain>;
using host_effects = std::vector<host_effect>;

/// "counter:7": the child id of an entity's actor. A kind has no ':'.
std::string key_of(const entity_ref& x);
entity_ref ref_of(std::string_view key);

class host {
public:
  using instant = std::chrono::steady_clock::time_point;

  explicit host(const host_limits& limits) : limits_(limits) {}
  host(const host&) = delete;
  host& operator=(const host&) = delete;

  // -- what happens --------------------------------------------------------------------

  /// Errors, as answers: not_owner, retry_after (the slot is being given away), busy.
  void take(request_ptr what, const slot_state& slot, instant now, host_effects& out);
  void started(const std::string& key, result<actor_no> who, instant now, host_effects& out);
  /// The answer of an actor. One that was given already is ignored.
  void performed(const std::string& key, std::uint64_t ticket, result<response> answer, instant now,
                 host_effects& out);
  /// It has ended, maybe before it was `started`. What it had in hand is answered `restarted`, or
  /// `not_owner` when its slot is gone; what came after it was told to finish goes to its
  /// successor.
  void ended(const std::string& key, actor_no who, instant now, host_effects& out);

  /// The slots are to be given away; `ticket` is answered when their last actor has ended.
  void drain(const std::vector<slots::slot_no>& which, std::uint64_t ticket, host_effects& out);
  /// What the table says now; an actor of another epoch, or of a slot that is not this node's, is
  /// killed.
  void slots_are(const std::vector<slot_state>& now, host_effects& out);

  /// Ends those that were idle for long, and `press` more, the longest idle first. Starts what had
  /// to wait. Call it about ten times a second.
  void tick(instant now, std::size_t press, host_effects& out);

  // -- reading -------------------------------------------------------------------------

  [[nodiscard]] std::size_t size() const noexcept { return entities_.size(); }
  [[nodiscard]] std::size_t idle() const noexcept { return idle_; }
  [[nodiscard]] std::size_t deferred() const noexcept { return deferred_.size(); }

private:
  enum class stage : std::uint8_t {
    deferred, ///< waits for its turn to be started
    starting,
    active,
    finishing, ///< was told to end
    lost       ///< was killed: the slot is not ours
  };

  /// What an entity has only while it is in use.
  struct work {
    std::vector<std::uint64_t> in_hand; ///< tickets
    std::vector<request_ptr> waiting;   ///< for an actor, or for the next one
  };

  struct entry {
    const std::string* key = nullptr;
    std::unique_ptr<work> busy;
    slots::epoch_no epoch;
    actor_no actor = 0;
    entry* older = nullptr; ///< idle ones only, in the order of their last use
    entry* newer = nullptr;
    std::uint32_t used = 0; ///< a tick
    slots::slot_no slot;
    host::stage stage = stage::starting;
    bool gone = false; ///< `actor` has ended, and was not `started` yet
  };

  struct draining {
    std::set<slots::slot_no> slots;
    std::uint64_t ticket = 0;
  };

  void begin(entry& x, bool background, instant now, host_effects& out);
  void hand_over_to(entry& x, request_ptr what, host_effects& out);
  void finish(entry& x, host_effects& out);
  void lose(entry& x, host_effects& out);
  void drop(entry& x, const failure& why, host_effects& out);
  void erase(entry& x, host_effects& out);
  void refill(instant now);
  void start_deferred(host_effects& out);
  void kill_those_of(const std::vector<const slot_state*>& changed, host_effects& out);
  void check_drained(host_effects& out);
  [[nodiscard]] bool is_draining(slots::slot_no which) const;

  void rest(entry& x, instant now);
  void unrest(entry& x);
  [[nodiscard]] std::uint32_t tick_of(instant now) noexcept;
  static work& busy_of(entry& x);

  const host_limits limits_;
  std::unordered_map<std::string, entry> entities_;
  std::vector<std::uint32_t> per_slot_ = std::vector<std::uint32_t>(slots::slot_count);
  entry* oldest_ = nullptr;
  entry* newest_ = nullptr;
  std::size_t idle_ = 0;
  std::deque<std::string> deferred_;
  std::vector<draining> drains_;
  std::set<slots::slot_no> given_away_; ///< since they were drained
  std::uint32_t tokens_ = 0;            ///< background activations that may be made now
  instant refilled_{};
  instant first_{}; ///< of which ticks are counted
};

} // namespace bpci::entity
