#pragma once

#include "messages/runtime/cluster.hpp"
#include "runtime/actor/actor_base.hpp"
#include "runtime/cluster/agent_actor.hpp"
#include "runtime/cluster/view.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>

namespace bpci::cluster {

struct members_options {
  node_identity me;
  supervision::node_context_ptr node;
  std::function<caf::actor()> pool;
  std::chrono::milliseconds heartbeat{500};
  std::chrono::milliseconds dead_after{3'000};
  /// This node was declared dead by the others: it must end at once. From any thread.
  std::function<void()> on_fenced;
  std::function<void()> ready; ///< The row of this node stands.
};

/// MEMBERS: keeps this node's row in the database alive, and a connection to every other member.
/// Its decisions are in view.hpp.
///
/// Accepts: list_members, list_agents, watch_members.
class members_actor : public actor_base<> {
public:
  members_actor(caf::actor_config& cfg, members_options how);

  const char* name() const override { return "members"; }

protected:
  caf::behavior make_behavior() override;
  void on_down(const caf::down_msg& what) override;
  std::string describe() const override;

private:
  /// The way to one other member.
  struct peer {
    member who;
    caf::actor agent; ///< Null while it is being dialled.
    std::uint32_t attempts = 0;
  };

  result<void> publish();
  void join();
  void leave(caf::error why);
  void beat();
  void on_rows(const std::vector<member>& rows);
  void perform(const dial& x);
  void perform(const drop& x);
  void perform(const bury& x);
  void connect(incarnation who);
  void identify(incarnation who, const caf::actor& agent);
  void retry(incarnation who, const failure& why);
  void connected(peer& to, const caf::actor& agent);
  void tell_watchers(const caf::message& what);
  [[nodiscard]] incarnation self() const { return incarnation{*life_}; }
  [[nodiscard]] agent_list agents() const;

  members_options how_;
  std::uint16_t port_ = 0;
  std::optional<view> view_; ///< Once this node has joined.
  std::shared_ptr<std::atomic<std::uint64_t>> life_ =
      std::make_shared<std::atomic<std::uint64_t>>(0);
  caf::actor agent_;
  std::unordered_map<incarnation, peer> peers_;
  std::map<caf::actor_addr, caf::actor> watchers_;
};

} // namespace bpci::cluster
