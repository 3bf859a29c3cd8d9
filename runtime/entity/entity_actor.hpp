#pragma once

#include "runtime/actor/actor_base.hpp"
#include "runtime/entity/activation.hpp"
#include "runtime/entity/entity_context.hpp"
#include "runtime/entity/entity_store.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <memory>
#include <string>

namespace bpci::entity {

// Between ENTITIES and the actor of one entity, on one node.

/// "Carry this out." Answer: performed. A question without a name is answered with `describe()`.
struct perform {
  request_ptr what;
};

struct performed {
  std::uint64_t ticket = 0;
  result<response> answer;
};

/// "Finish what you have, and end." Nothing else comes after it.
struct finish {};

/// Which entity an actor is, and for how long.
struct entity_role {
  const registered_kind* kind = nullptr; ///< outlives the actor: it stands in the context
  std::string id;
  slots::epoch_no epoch; ///< under which the node owns the slot; another one needs another actor
};

/// One entity that is in use. Reads its state with the first command, and commits what its commands
/// decide; ends when it is told to, or when the database says that the slot is another node's.
class entity_actor final : public actor_base<> {
public:
  entity_actor(caf::actor_config& cfg, entity_context_ptr shared, caf::actor host,
               entity_role role);

  const char* name() const override { return "entity"; }
  caf::behavior make_behavior() override;
  void on_exit() override;

protected:
  std::string describe() const override;

private:
  class crash_guard;

  void carry_out(effects what);
  void carry_out(const read_state&);
  void carry_out(const read_items& what);
  void carry_out(commit_batch& what);
  void carry_out(reply& what);
  void carry_out(const wake_outbox&);
  void carry_out(const wake_timers&);
  void carry_out(const give_up&);

  /// Runs `query(pqxx::work&)` and hands its result to `next` of the activation.
  template <class T, class Query>
  void in_database(Query query, effects (activation::*next)(result<T>, const moment&, guard&));
  template <class T>
  void come_to(effects (activation::*next)(result<T>, const moment&, guard&), result<T> what);

  [[nodiscard]] moment now() const;
  [[nodiscard]] tenure as() const;
  void end_if_finished();

  const entity_context_ptr shared_;
  caf::actor host_;
  const registered_kind* kind_;
  const slots::slot_no slot_;
  const slots::epoch_no epoch_;
  bool finishing_ = false;
  activation core_;
};

} // namespace bpci::entity

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::entity::perform)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::entity::performed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::entity::finish)
