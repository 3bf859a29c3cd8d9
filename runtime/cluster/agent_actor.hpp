#pragma once

#include "messages/runtime/cluster.hpp"
#include "runtime/actor/actor_base.hpp"
#include "runtime/supervision/node_context.hpp"

#include <atomic>
#include <memory>

namespace bpci::cluster {

/// What a node is called, and where it listens.
struct node_identity {
  std::string cluster;
  member_id id;
  std::string link_host; ///< What the row says until TUNNEL has opened a port.
  std::string http_address;
  std::string root; ///< The path of the root supervisor.
};

/// Where the actors of the membership are, behind the root.
namespace path {
inline const std::string members = "/cluster/members";
inline const std::string tunnel = "/cluster/tunnel";
} // namespace path

/// Known once MEMBERS has joined; 0 before.
using shared_incarnation = std::shared_ptr<const std::atomic<std::uint64_t>>;

/// How late the timers of this node come, in milliseconds.
using shared_lag = std::shared_ptr<const std::atomic<std::uint64_t>>;

/// AGENT: what the other members find behind this node's TUNNEL. Finds services for them, answers
/// their probes and passes on what their admin API asks.
///
/// Accepts: who_are_you, probe, find_service, show_actor, the messages of
/// messages/runtime/supervision.hpp, and for MEMBERS: probe_for_me, look_again.
class agent_actor : public actor_base {
public:
  agent_actor(caf::actor_config& cfg, node_identity me, shared_incarnation life,
              supervision::node_context_ptr node, shared_lag lag = nullptr);

  const char* name() const override { return "agent"; }

protected:
  caf::behavior make_behavior() override;
  std::string describe() const override;

private:
  caf::result<caf::message> pass_to(const std::string& path, const caf::message& what);

  node_identity me_;
  shared_incarnation life_;
  supervision::node_context_ptr node_;
  shared_lag lag_;
};

} // namespace bpci::cluster
