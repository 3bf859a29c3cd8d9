#pragma once

#include "actors/oracle/context.hpp"
#include "actors/oracle/rate_limit.hpp"
#include "messages/oracle/nodes.hpp"
#include "runtime/actor/actor_base.hpp"

#include <unordered_map>

namespace bpci::oracle {

/// REGISTRY: the register of BPI nodes, and the messages that come over HTTP instead of a link. Its
/// decisions are in registry.hpp and checks.hpp. A row of the register is a durable entity
/// (bpi_node.hpp): it is written through ROUTER, and read from the table.
///
/// Accepts: registration, list_nodes, get_oracle_stats, relay_order (from the HTTP gateway);
/// find_registered (from the RELAY of this node).
class registry_actor : public actor_base {
public:
  registry_actor(caf::actor_config& cfg, context_ptr shared);

  const char* name() const override { return "registry"; }

protected:
  caf::behavior make_behavior() override;
  std::string describe() const override;

private:
  caf::result<node_record> enter(const registration& x);
  void enter_under(const registration& what, const std::string& key,
                   caf::typed_response_promise<node_record> answer);
  void check_repeated(const registration& what, const std::string& key,
                      caf::typed_response_promise<node_record> answer);
  caf::result<registered_nodes> find(const find_registered& x);
  caf::result<node_page> list(const list_nodes& x);
  caf::result<oracle_stats> stats();
  caf::result<outcomes> order(const relay_order& x);
  [[nodiscard]] result<void> check(const envelope& x);
  void check_and_relay(const envelope_ptr& message, const crypto::public_key& key,
                       caf::typed_response_promise<outcomes> answer);
  void add_status(node_page page, caf::typed_response_promise<node_page> answer);

  context_ptr shared_;
  std::unordered_map<node_id, rate_limit> rates_; ///< Of those that send over HTTP.
};

} // namespace bpci::oracle
