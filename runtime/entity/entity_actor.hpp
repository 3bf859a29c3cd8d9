#pragma once

#include "runtime/entity/activation.hpp"
#include "runtime/entity/entity_context.hpp"
#include "runtime/entity/entity_store.hpp"
#include "runtime/supervision/crowd_member.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <memory>
#include <string>

namespace bpci::entity {

// Between ENTITIES and the actor of one entity, on one node.

/// "Carry this out." Answer: performed. A question without a name is answered with `describe()`.
/// Without a request: "finish what you have, and end"; nothing comes after it. One message for
/// both, for each kind of message that an actor knows takes 32 bytes of it.
struct perform {
  request_ptr what;
};

struct performed {
  std::uint64_t ticket = 0;
  result<response> answer;
};

/// "I have ended." To ENTITIES, which starts another one when it is needed.
struct entity_ended {
  supervision::member_ended what;
};

/// What the entities of one kind have in common, kept once for all of them.
struct entity_family {
  entity_context_ptr shared;
  const registered_kind* kind = nullptr; ///< stands in the context
  caf::actor_addr host;                  ///< ENTITIES
};

using entity_family_ptr = std::shared_ptr<const entity_family>;

/// Which of them an actor is, and for how long.
struct entity_role {
  std::string id;
  slots::epoch_no epoch; ///< under which the node owns the slot; another one needs another actor
};

/// One entity that is in use. Reads its state with the first command, and commits what its commands
/// decide; ends when it is told to, or when the database says that the slot is another node's.
class entity_actor final : public supervision::crowd_member {
public:
  entity_actor(caf::actor_config& cfg, caf::actor_addr supervisor, entity_family_ptr family,
               entity_role role);

  const char* name() const override { return "entity"; }
  caf::behavior make_behavior() override;

protected:
  std::string describe() const override;
  std::string child_id() const override;
  void on_end(supervision::member_ended what) override;

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

  [[nodiscard]] const entity_context& shared() const noexcept { return *family_->shared; }

  const entity_family_ptr family_;
  const slots::epoch_no epoch_;
  const slots::slot_no slot_;
  bool finishing_ = false;
  activation core_;
};

} // namespace bpci::entity

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::entity::perform)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::entity::performed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::entity::entity_ended)
