#pragma once

#include "runtime/router/credit.hpp"
#include "runtime/router/owner_hint.hpp"
#include "runtime/router/request_pool.hpp"

#include <chrono>
#include <map>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

/// ROUTER, pure: brings commands to whoever owns the slots of their entities, and an answer to each
/// of them by its deadline. Decides; `router_actor` carries out.
///
/// A command *waits* while its slot is on its way from one owner to another, and is *sent* when the
/// owner can be reached. What was sent to somebody who is gone, or who is not the owner any more,
/// is sent again under the same key: the entity's inbox makes that safe. The slot table is a copy;
/// an owner that says not_owner with a higher epoch corrects it.
///
/// Commands of one sender to one entity keep their order through all this: whatever has to be sent
/// again is sent before what came later.
namespace bpci::router {

struct router_config {
  member_id self{};
  /// Accepted and not yet answered, those of other members included; beyond, `busy`.
  credit_limit pending{100'000, 64 * 1'024 * 1'024};
  credit_limit window{};                             ///< In flight to one member; beyond, `busy`.
  std::uint64_t buffer_per_slot = 1 * 1'024 * 1'024; ///< Bytes that wait; beyond, `retry_after`.
  std::uint64_t buffer = 64 * 1'024 * 1'024;         ///< Likewise, of all slots.
  std::chrono::milliseconds buffer_wait{5'000};      ///< How long each waits; then `retry_after`.
};

/// What a command counts for in the limits, in bytes.
std::uint64_t cost_of(const entity::command& what);

// -- effects -------------------------------------------------------------------

/// Send it to the ROUTER of this member.
struct forward {
  incarnation to;
  entity::numbered_command what;
};

/// Hand it to the ENTITIES of this node.
struct local {
  entity::numbered_command what;
};

struct answer {
  ticket to;
  result<entity::response> what;
};

/// Ask SLOTS to read its table again.
struct refresh {};

using router_effect = std::variant<forward, local, answer, refresh>;
using router_effects = std::vector<router_effect>;

/// What is in flight to one member.
struct member_load {
  incarnation member;
  std::uint64_t commands = 0;
  std::uint64_t bytes = 0;

  bool operator==(const member_load&) const = default;
};
BPCI_MESSAGE(member_load, member, commands, bytes)

struct router_stats {
  std::uint64_t commands = 0;    ///< of this node
  std::uint64_t routed = 0;      ///< of other members
  std::uint64_t redirects = 0;   ///< answered not_owner or fenced
  std::uint64_t resent = 0;      ///< sent more than once, for any reason
  std::uint64_t buffered = 0;    ///< had to wait
  std::uint64_t retry_after = 0; ///< answered so
  std::uint64_t busy = 0;        ///< answered so
  std::uint64_t timeouts = 0;    ///< answered so
  std::uint64_t pending = 0;     ///< now
  std::uint64_t pending_bytes = 0;
  std::uint64_t waiting = 0; ///< of them
  std::uint64_t waiting_bytes = 0;
  std::uint64_t lost = 0; ///< attempts that are given up or superseded and may still be answered
  std::vector<member_load> in_flight; ///< to other members

  bool operator==(const router_stats&) const = default;
};
BPCI_MESSAGE(router_stats, commands, routed, redirects, resent, buffered, retry_after, busy,
             timeouts, pending, pending_bytes, waiting, waiting_bytes, lost, in_flight)

class router {
public:
  explicit router(router_config config);

  // -- who is there ------------------------------------------------------------

  /// ENTITIES of this node runs; `self` is this node's present incarnation.
  void host_up(incarnation self, instant now, router_effects& out);
  /// It has ended, and with it whatever it had in hand.
  void host_down(instant now, router_effects& out);

  /// The ROUTER of another member can be reached.
  void peer_up(incarnation who, const member_id& id, instant now, router_effects& out);
  /// It has ended, or the way to it is gone; whatever was in flight there is lost.
  void peer_down(incarnation who, instant now, router_effects& out);

  /// From SLOTS. Rows of a lower epoch than the one known are ignored.
  void slots_changed(const std::vector<slots::slot_row>& rows, instant now, router_effects& out);

  // -- commands ----------------------------------------------------------------

  /// A command of this node. `who` gets exactly one answer.
  void submit(entity::command_ptr what, ticket who, instant now, router_effects& out);

  /// A command that another member's ROUTER has sent here: it is handed to ENTITIES, waits, or is
  /// answered not_owner, but never forwarded.
  void submit_routed(const entity::numbered_command& what, ticket who, instant now,
                     router_effects& out);

  /// What became of a `forward` or a `local`, by its number. An unknown number is ignored.
  void answered(std::uint64_t no, result<entity::response> what, instant now, router_effects& out);

  /// Call ten times a second: answers what is overdue, and tries again what has paused.
  void tick(instant now, router_effects& out);

  // -- for inspection ------------------------------------------------------------

  /// As known here; epoch 0: nothing is known. A member that cannot be reached has no name.
  [[nodiscard]] owner_hint owner(slots::slot_no slot) const;
  [[nodiscard]] router_stats stats() const;

private:
  using index = request_pool::index;
  /// By order of arrival.
  using queue = std::map<std::uint64_t, index>;

  struct slot_state {
    slots::epoch_no epoch;
    incarnation owner;
    bool draining = false;
    instant paused_until{}; ///< The owner that we know refuses; nothing is sent before.
    index first_sent = request_pool::none;
    queue waiting[2]; ///< Of this node, and inbound: whether they can be sent differs.
    std::uint64_t waiting_bytes = 0;
  };

  /// An attempt that nobody waits for here, though it is still in flight.
  struct lost_attempt {
    incarnation at;
    std::uint64_t cost = 0;
    instant forget_at;
    index place = request_pool::none; ///< Where its request was, and
    std::uint64_t order = 0;          ///< is still if this order is there.
  };

  enum class verdict : std::uint8_t { hold, send, not_ours };

  slot_state& state_of(const request& x) { return slots_[x.slot.get()]; }
  const slot_state& state_of(const request& x) const { return slots_[x.slot.get()]; }
  [[nodiscard]] bool reachable(incarnation who) const;
  [[nodiscard]] incarnation incarnation_of(const member_id& id) const;
  [[nodiscard]] member_id id_of(incarnation who) const;

  void admit(request x, std::uint64_t within_ms, instant now, router_effects& out);
  [[nodiscard]] verdict judge(const request& x, instant now) const;
  bool try_send(index at, instant now, router_effects& out);
  void send(index at, instant now, router_effects& out);
  [[nodiscard]] bool take_credit(incarnation at, std::uint64_t cost);
  void give_back(incarnation at, std::uint64_t cost);

  void wait(index at, instant now);
  void stop_waiting(index at);
  void link(index at);
  void unlink(index at);
  void release(slot_state& slot, instant now, router_effects& out);
  void trim(slot_state& slot, router_effects& out);
  void finish(index at, result<entity::response> what, router_effects& out);
  void refuse(ticket who, failure why, router_effects& out);

  void change(slot_state& slot, incarnation owner, slots::epoch_no epoch, bool draining,
              instant now, router_effects& out);
  void pull_back(slot_state& slot, instant now);
  void lose_all_at(incarnation who, instant now, router_effects& out);
  void lose(index at, instant now, bool may_return);
  void failed(index at, failure why, instant now, router_effects& out);
  void redirected(index at, const failure& why, instant now, router_effects& out);
  void late(std::uint64_t no, result<entity::response> what, router_effects& out);
  void expire(index at, instant now, router_effects& out);
  void forget_lost(instant now);
  void ask_refresh(instant now, router_effects& out);

  router_config config_;
  incarnation self_;
  bool host_ = false;
  std::unordered_map<incarnation, member_id> peers_;
  std::vector<slot_state> slots_;
  request_pool pool_;
  credit pending_;
  credit at_host_;
  credits<incarnation> windows_;
  std::unordered_map<std::uint64_t, lost_attempt> lost_; ///< By number.
  std::uint64_t waiting_bytes_ = 0;
  std::uint64_t last_order_ = 0;
  instant refresh_after_{};
  instant forget_after_{};
  router_stats stats_; ///< Its counters; the rest is filled in by stats().
};

} // namespace bpci::router
