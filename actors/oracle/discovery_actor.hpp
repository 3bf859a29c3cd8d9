#pragma once

#include "actors/oracle/context.hpp"
#include "actors/oracle/rate_limit.hpp"
#include "actors/oracle/share_plan.hpp"
#include "messages/chain/peers.hpp"
#include "messages/oracle/discovery.hpp"
#include "runtime/actor/actor_base.hpp"

#include <map>
#include <unordered_map>
#include <vector>

namespace bpci::oracle {

/// DISCOVERY: which BPI nodes there are, by what they have signed about themselves. Its rules are
/// in announcements.hpp. An announcement of a registered node is part of its entity `bpi-node/<id>`
/// (bpi_node.hpp); what was announced is read from the table. On the member that has the links to
/// the other operators it tells them, and keeps what they tell (peer_announcement_store.hpp).
///
/// Accepts: announcement, discover (from the HTTP gateway); chain::announcements_shared (from
/// PEERS).
class discovery_actor : public actor_base {
public:
  discovery_actor(caf::actor_config& cfg, context_ptr shared);

  const char* name() const override { return "discovery"; }

protected:
  caf::behavior make_behavior() override;
  std::string describe() const override;

private:
  caf::result<announced_node> announce(const announcement& x);
  caf::result<discovered> find(const discover& x);
  void share();
  void tell(const std::vector<announced_node>& all);
  void take(const chain::announcements_shared& x);
  void keep(const chain::address& of_operator, std::vector<announced_node> nodes);
  void clean_up();

  context_ptr shared_;
  std::unordered_map<node_id, rate_limit> rates_;   ///< Of those that announce themselves.
  std::map<chain::address, rate_limit> peer_rates_; ///< Of what operators pass on.
  share_plan shared_with_peers_;
};

} // namespace bpci::oracle
