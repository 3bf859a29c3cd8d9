#pragma once

#include "messages/runtime/cluster.hpp"
#include "runtime/actor/actor_base.hpp"
#include "runtime/cluster/agent_actor.hpp"
#include "runtime/cluster/lease.hpp"
#include "runtime/cluster/membership.hpp"

#include <caf/response_promise.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

namespace bpci::cluster {

struct members_options {
  node_identity me;
  supervision::node_context_ptr node;
  /// Heartbeats must not wait behind the work of the node: best a pool of their own, of two
  /// connections. Its application_name is `session_tag`, like that of all pools of this node.
  std::function<caf::actor()> pool;
  /// Null: whoever is at `path::tunnel`.
  std::function<caf::actor()> tunnel;
  /// Null: one of `default_lease` that nobody else sees.
  lease_ptr lease;
  /// "bpci/" and 16 random hex digits, the same for the whole life of the process.
  std::string session_tag;
  std::chrono::milliseconds heartbeat{300};
  std::chrono::milliseconds suspect_after{1'000};
  std::chrono::milliseconds dead_after{2'000};
  std::uint32_t proto_min = protocol_oldest;
  std::uint32_t proto_max = protocol_newest;
  /// This node was declared dead by the others: it must end at once. From any thread.
  std::function<void()> on_fenced;
  std::function<void()> ready; ///< The row of this node stands; it may still be JOINING.
};

inline constexpr auto default_lease = std::chrono::milliseconds{900};

/// MEMBERS: keeps this node's row in the database alive, renews its lease, and keeps a connection
/// through TUNNEL to every other member. Its decisions are in membership.hpp.
///
/// Where there is no TUNNEL, or it has no certificate, the node is a member that nobody can reach:
/// good for one that is alone. MEMBERS that starts again within the same process goes on with its
/// incarnation.
///
/// Accepts: list_members, list_agents, watch_members, read_members, drain_member, undrain_member,
/// certificates_changed; from the AGENT: probe_for_me, look_again.
class members_actor : public actor_base {
public:
  members_actor(caf::actor_config& cfg, members_options how);

  const char* name() const override { return "members"; }

protected:
  caf::behavior make_behavior() override;
  void on_down(const caf::down_msg& what) override;
  void on_exit() override;
  std::string describe() const override;

private:
  using instant = membership::instant;

  /// The way to one other member.
  struct peer {
    member who;
    caf::actor agent; ///< Null while there is no connection.
    bool dialling = false;
    std::uint32_t attempts = 0;
  };

  // -- this node: members_actor.cpp
  void open();
  void opened(const port_opened& x);
  void open_later();
  void write_link(const std::function<void(const result<void>&)>& done);
  void join();
  void joined(const member& me);
  void tick();
  void beat();
  void beaten(const reading& what, instant began);
  void missed(const failure& why);
  void answer_readers(const result<void>& outcome);
  void look_again_now();
  void leave(caf::error why);
  caf::result<member_list> list(const list_members& what);
  caf::result<view_changed> read();
  caf::result<member_state_set> set_draining(bool draining, const std::string& who,
                                             const std::string& why);
  caf::result<certificates_written> write_certificates(const certificates_changed& what);
  void note_obstacle();
  void count_members(const view_changed& x);

  // -- effects
  void perform_all(const membership_effects& all);
  void perform(const dial& x);
  void perform(const drop& x);
  void perform(const send_probe& x);
  void perform(const relay_probe& x);
  void perform(const suspect& x);
  void perform(const withdraw& x);
  void perform(const evict_silent& x);
  void perform(const evict_unreachable& x);
  void perform(const come_up& x);
  void perform(const fence& x);
  void perform(const view_changed& x);
  void perform(const change_seen& x);
  template <class T, class F, class Ok>
  void store_once(std::string what, F sql, Ok ok);
  template <class Effect>
  void evict(const Effect& x, const char* kind);

  // -- the others: members_actor_peers.cpp
  void connect(incarnation who);
  void identify(incarnation who, const caf::actor& agent);
  void retry(incarnation who, const failure& why);
  void connected(peer& to, const caf::actor& agent);
  void lost(incarnation who, peer& to);
  caf::result<probe_answer> probe_for(incarnation target);
  void tell_watchers(const caf::message& what);
  void tell_members();
  void watch(const caf::actor& who);
  [[nodiscard]] agent_list agents() const;
  [[nodiscard]] incarnation self() const { return incarnation{*life_}; }

  members_options how_;
  membership_rules rules_;
  std::optional<membership> core_; ///< Once this node has joined.
  std::shared_ptr<std::atomic<std::uint64_t>> life_ =
      std::make_shared<std::atomic<std::uint64_t>>(0);
  std::shared_ptr<std::atomic<std::uint64_t>> lag_ =
      std::make_shared<std::atomic<std::uint64_t>>(0);
  caf::actor agent_;
  caf::actor_addr tunnel_; ///< That has opened the port.
  port_opened link_;
  std::uint32_t open_attempts_ = 0;
  std::uint32_t join_attempts_ = 0;
  bool joining_ = false;
  bool leaving_ = false;
  instant due_{}; ///< when the next tick should come
  bool beating_ = false;
  bool again_ = false; ///< a heartbeat is to follow the one that is under way
  std::vector<caf::response_promise> readers_;      ///< of the heartbeat that is under way
  std::vector<caf::response_promise> late_readers_; ///< of the one that is to follow it
  std::set<std::string> under_way_;                 ///< what is being written, each once at a time
  std::string told_obstacle_;
  std::unordered_map<incarnation, peer> peers_;
  std::map<caf::actor_addr, caf::actor> watchers_;
};

} // namespace bpci::cluster
