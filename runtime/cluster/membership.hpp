#pragma once

#include "messages/runtime/cluster.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// Who is a member of the cluster, pure. It is told what was read together with each heartbeat of
/// this node that succeeded, how probes and connections fare, and how late this node's own timers
/// come; it answers with effects, to be carried out in their order.
///
/// Nobody's clock is compared with anybody else's: a member is silent when its counter stands
/// still by this node's own clock, and only for as long as this node's own heartbeats succeed. So a
/// database that was away evicts nobody. What evicts is in the end a transaction that counts the
/// votes again (member_store.hpp).
namespace bpci::cluster {

/// Milliseconds throughout; all are longer than a heartbeat.
struct membership_rules {
  std::chrono::milliseconds heartbeat{300};
  /// A counter that stood still for this long is a suspicion.
  std::chrono::milliseconds suspect_after{1'000};
  /// And for this long, with enough votes, an eviction.
  std::chrono::milliseconds evict_after{2'000};
  /// The same where the connection broke and the machine answers that nobody listens any more.
  std::chrono::milliseconds refused_evict_after{1'000};
  /// The same for one voter alone among several members, all the others being silent too.
  std::chrono::milliseconds alone_evict_after{6'000};
  /// A member that beats, but that no probe has reached for this long, is unreachable.
  std::chrono::milliseconds unreachable_after{3'000};
  /// Who comes this late to its own timers knows too little to vote, for `evict_after`.
  std::chrono::milliseconds lag_max{1'000};
  std::uint32_t proto_min = protocol_oldest;
  std::uint32_t proto_max = protocol_newest;
};

// -- what goes in ----------------------------------------------------------------------

/// A row of the table `suspicion`, of an accuser that is a live member.
struct suspicion {
  incarnation target;
  incarnation by;
  suspicion_kind kind = suspicion_kind::silent;
  std::uint64_t seen_seq = 0;
  std::string evidence;
  timestamp_ms since;
  bool fresh = false; ///< renewed within `suspicion_fresh`, by the database's clock

  bool operator==(const suspicion&) const = default;
};

/// How long an unreachable-suspicion counts without being renewed.
inline constexpr auto suspicion_fresh = std::chrono::seconds{10};

/// One consistent reading of the tables.
struct reading {
  std::uint64_t view_no = 0;
  slots::change_no change_no;
  std::vector<member> live; ///< joining, up and draining, the reader among them
  std::vector<suspicion> suspicions;

  bool operator==(const reading&) const = default;
};

// -- what comes out ----------------------------------------------------------------------

/// Try to reach this member, until `drop`; its address may be another than the one told before.
struct dial {
  member who;
};

/// Forget this member: it is no longer live.
struct drop {
  member who;
};

/// Ask its AGENT for a sign of life; on_probe or on_probe_failed follows.
struct send_probe {
  incarnation to;
};

/// Ask `via` to probe `target`; on_relayed or on_relay_failed follows.
struct relay_probe {
  incarnation target;
  incarnation via;
};

/// Write, or renew, this node's suspicion of `who`.
struct suspect {
  member who;
  suspicion_kind kind = suspicion_kind::silent;
  std::string evidence;
};

/// Delete it.
struct withdraw {
  incarnation target;
  suspicion_kind kind = suspicion_kind::silent;
};

/// Declare `who` dead, provided that its counter still stands at `who.heartbeats` and that the
/// votes say so. Comes again with each heartbeat until it is done or no longer right.
struct evict_silent {
  member who;
};

/// Declare `who` dead, provided that the view is still this one.
struct evict_unreachable {
  member who;
  std::uint64_t view_no = 0;
};

/// Make this node UP, provided that the view is still this one.
struct come_up {
  std::uint64_t view_no = 0;
};

/// This node is no member any more: end at once.
struct fence {};

/// view_changed and change_seen go to whoever watches.
using membership_effect =
    std::variant<dial, drop, send_probe, relay_probe, suspect, withdraw, evict_silent,
                 evict_unreachable, come_up, fence, view_changed, change_seen>;
using membership_effects = std::vector<membership_effect>;

// -- what decides --------------------------------------------------------------------------

class membership {
public:
  /// Of the clock of `boot_now`.
  using instant = std::chrono::steady_clock::time_point;

  membership(incarnation self, membership_rules rules) : self_(self), rules_(rules) {}

  /// Call it every `rules.heartbeat`, ahead of the heartbeat; `lag` is how much too late it comes.
  void on_tick(instant now, std::chrono::milliseconds lag, membership_effects& out);

  /// A heartbeat of this node has succeeded. It began at `began`; the tables were read at some
  /// moment between that and now.
  void on_rows(const reading& what, instant began, instant now, membership_effects& out);

  /// A heartbeat of this node has failed for any reason but the next.
  void on_blind();

  /// A heartbeat of this node found that its row is not live.
  void on_superseded(membership_effects& out);

  void on_connected(incarnation who);
  void on_lost(incarnation who);
  /// Its machine answers that nobody listens there.
  void on_refused(incarnation who);

  void on_probe(incarnation who, std::chrono::milliseconds took, std::uint64_t lag_ms, instant now);
  void on_probe_failed(incarnation who);
  void on_relayed(incarnation target, instant now);
  /// `via` was there and got no answer; one that could not be asked itself is no evidence:
  /// `asked` is false.
  void on_relay_failed(incarnation target, bool asked);

  /// Why this node is still JOINING; empty: it is not, or nothing is in the way.
  [[nodiscard]] const std::string& obstacle() const noexcept { return obstacle_; }

  [[nodiscard]] member_list list(instant now) const;

  /// What was read last; no members before the first reading.
  [[nodiscard]] view_changed view() const;

private:
  struct peer {
    cluster::member member;
    instant moved;       ///< since then its counter stands still; after an outage: in the future
    instant reached;     ///< by a probe of any way, or when it came
    bool moving = false; ///< its counter was seen to move since the last outage
    bool connected = false;
    bool refused = false;
    bool probing = false;
    bool relaying = false;
    bool relay_failed = false;       ///< since `reached`
    std::optional<instant> probed{}; ///< by a direct probe
    std::optional<instant> accused{};
    std::uint64_t probe_ms = 0;
    std::uint64_t lag_ms = 0;
  };

  using milliseconds = std::chrono::milliseconds;

  bool note_outage(instant now);
  void take_rows(const reading& what, instant now, bool after_outage, membership_effects& out);
  void take_row(const member& row, instant now, bool after_outage, membership_effects& out);
  void announce(const reading& what, membership_effects& out);
  void judge_silence(const peer& x, instant now, membership_effects& out);
  void judge_reach(peer& x, instant now, membership_effects& out);
  void remove_unreachable(membership_effects& out);
  void rise(instant now, membership_effects& out);
  [[nodiscard]] std::string find_obstacle(instant now) const;
  [[nodiscard]] std::string obstacle_of(const peer& x, instant now) const;

  [[nodiscard]] milliseconds silence(const peer& x) const;
  [[nodiscard]] bool gone(const peer& x) const;
  [[nodiscard]] bool beats(const peer& x) const;
  [[nodiscard]] bool suspicious(const peer& x) const;
  [[nodiscard]] bool unreachable(const peer& x, instant now) const;
  [[nodiscard]] bool overdue(const peer& x) const;
  [[nodiscard]] bool alone_among_silent(const peer& target) const;
  [[nodiscard]] std::size_t votes_needed(const peer& x) const;
  [[nodiscard]] std::size_t silence_votes(const peer& x) const;
  [[nodiscard]] bool outvoted(const peer& x) const;
  [[nodiscard]] const suspicion* mine(incarnation target, suspicion_kind kind) const;
  [[nodiscard]] std::vector<incarnation> relays_for(const peer& target) const;
  [[nodiscard]] bool may_vote(instant now) const { return now >= unfit_until_; }
  [[nodiscard]] std::string evidence_of_silence(const peer& x) const;
  [[nodiscard]] std::string evidence_of_distance(const peer& x, instant now) const;
  [[nodiscard]] std::vector<suspicion_status> suspicions_of(incarnation target) const;
  peer* find(incarnation who);

  incarnation self_;
  membership_rules rules_;
  bool blind_ = false;
  std::optional<instant> last_success_; ///< when this node's last heartbeat was answered
  instant seen_at_{};                   ///< when the heartbeat that read `last_` began
  instant unfit_until_{};
  milliseconds lag_{0};
  member own_;
  std::optional<reading> last_; ///< its members in the order of their ids
  std::optional<view_changed> told_;
  slots::change_no told_change_;
  std::map<incarnation, peer> peers_; ///< the others
  std::uint64_t relays_ = 0;          ///< chosen so far: whose turn it is
  std::string obstacle_;
};

} // namespace bpci::cluster
