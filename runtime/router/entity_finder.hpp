#pragma once

#include "messages/runtime/cluster.hpp"
#include "messages/runtime/entities.hpp"
#include "messages/runtime/introspection.hpp"
#include "runtime/actor/actor_base.hpp"
#include "runtime/supervision/node_context.hpp"

#include <caf/typed_response_promise.hpp>

#include <functional>
#include <string>

namespace bpci::router {

/// Answers one find_entity or show_entity, by asking SLOTS, MEMBERS and ENTITIES one after the
/// other, and ends. Errors: unavailable (one of them is not there), timeout, and theirs.
class entity_finder : public actor_base {
public:
  /// `owner`: the member that has the entity's slot; empty: nobody that can be reached.
  entity_finder(caf::actor_config& cfg, supervision::node_context_ptr node, std::string root,
                member_id owner);

  const char* name() const override { return "entity-finder"; }

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  void ask_slot();
  void ask_history();
  void ask_scores();
  void ask_row();
  void ask_actor();
  void deliver_place();
  void on_page(const entity::entity_page& page);
  void show(const caf::actor& entities);

  template <class Reply, class Message, class Ok>
  void ask_at(const char* path, Message what, Ok ok);
  /// Finds a service of the owner's node, through its AGENT.
  void at_owner(std::string service, std::function<void(const caf::actor&)> ok,
                std::function<void(const failure&)> bad);
  void give_up(const failure& why);

  supervision::node_context_ptr node_;
  std::string root_;
  member_id owner_;
  entity::entity_place place_;
  std::uint32_t pages_ = 0;
  caf::typed_response_promise<entity::entity_place> place_promise_;
  caf::typed_response_promise<actor_state> state_promise_;
};

} // namespace bpci::router
