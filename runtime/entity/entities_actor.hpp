#pragma once

#include "messages/runtime/introspection.hpp"
#include "runtime/actor/actor_base.hpp"
#include "runtime/entity/entity_actor.hpp"
#include "runtime/entity/entity_context.hpp"
#include "runtime/entity/host.hpp"
#include "runtime/supervision/child_spec.hpp"

#include <caf/typed_response_promise.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

namespace bpci::entity {

/// ENTITIES: which entities of this node's slots have an actor. From ROUTER it takes
/// routed_command; from SLOTS drain_slots and slots_changed; from anybody the lists of the admin
/// API and show_entity. The actors are children of the supervisor at root/entities/actors, which is
/// started after this one and ends with it.
class entities_actor final : public actor_base {
public:
  entities_actor(caf::actor_config& cfg, entity_context_ptr shared);

  const char* name() const override { return "entities"; }
  caf::behavior make_behavior() override;
  void on_exit() override;

protected:
  std::string describe() const override;
  void on_down(const caf::down_msg& what) override;

private:
  using answerer = std::function<void(result<entity::response>)>;

  struct unanswered {
    request_ptr what;
    answerer answer;
  };

  caf::result<entity::response> take(routed_command& x);
  caf::result<actor_state> show(const show_entity& x);
  caf::result<slots::slots_drained> drain(const slots::drain_slots& x);
  void accept(command what, slots::slot_no slot, answerer answer);
  void on_slots(const slots::slots_changed& x);
  void tick();
  void watch_slots();
  [[nodiscard]] std::size_t pressure();
  [[nodiscard]] slot_state state_of(slots::slot_no slot) const;
  [[nodiscard]] bool is_elsewhere(incarnation owner) const;

  void perform_all();
  void carry_out(start_actor& x);
  void carry_out(hand_over& x);
  void carry_out(answer_request& x);
  void carry_out(const finish_actor& x);
  void carry_out(const kill_actor& x);
  void carry_out(const answer_drain& x);

  void on_started(const std::string& key, const caf::actor& who);
  void on_ended(const supervision::member_ended& x);
  [[nodiscard]] caf::actor actor_of(const std::string& key, actor_no who) const;
  void on_start_failed(const std::string& key, const failure& why);
  [[nodiscard]] std::shared_ptr<const supervision::child_spec> prototype(const std::string& kind);

  template <class Answer, class Query>
  caf::result<Answer> list(const Query& what, Answer (*query)(pqxx::work&, const Query&));

  [[nodiscard]] std::chrono::steady_clock::time_point clock_now() const;

  const entity_context_ptr shared_;
  host core_;
  host_effects effects_;
  bool performing_ = false;
  std::unordered_map<std::uint64_t, unanswered> unanswered_; ///< by ticket
  std::unordered_map<std::uint64_t, std::pair<caf::typed_response_promise<slots::slots_drained>,
                                              std::vector<slots::slot_no>>>
      drains_;
  std::map<std::string, std::shared_ptr<const supervision::child_spec>> prototypes_;
  caf::actor slots_;
  std::uint64_t last_ticket_ = 0;
  std::uint32_t ticks_ = 0;
};

} // namespace bpci::entity
