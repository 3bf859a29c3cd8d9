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
  std::string link_host; ///< A loopback address: whoever reaches CAF's port commands every actor.
  std::uint16_t link_port = 0; ///< 0: the system chooses, once.
  std::string http_address;
  std::string root; ///< The path of the root supervisor.
};

/// Known once MEMBERS has joined; 0 before.
using shared_incarnation = std::shared_ptr<const std::atomic<std::uint64_t>>;

/// AGENT: what the other members find at this node's CAF port. Finds services for them and passes
/// on what their admin API asks.
///
/// Accepts: who_are_you, find_service, show_actor, and the messages of
/// messages/runtime/supervision.hpp.
class agent_actor : public actor_base<> {
public:
  agent_actor(caf::actor_config& cfg, node_identity me, shared_incarnation life,
              supervision::node_context_ptr node);

  const char* name() const override { return "agent"; }

protected:
  caf::behavior make_behavior() override;
  std::string describe() const override;

private:
  caf::result<caf::message> pass_to_root(const caf::message& what);

  node_identity me_;
  shared_incarnation life_;
  supervision::node_context_ptr node_;
};

} // namespace bpci::cluster
