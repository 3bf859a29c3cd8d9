#pragma once

#include "actors/chain/tenure.hpp"
#include "messages/oracle/peer_link.hpp"
#include "messages/runtime/cluster.hpp"
#include "runtime/actor/actor_base.hpp"
#include "runtime/cluster/lease.hpp"
#include "runtime/supervision/child_spec.hpp"

#include <functional>
#include <map>
#include <string>

namespace bpci::chain {

struct keeper_options {
  supervision::node_context_ptr node;
  std::string root; ///< The path of the root supervisor: "/node-1".
  std::string chain_id;
  cluster::lease_ptr lease;
  /// The actors of the chain, as a child of the supervisor that KEEPER is a child of; its id is
  /// made to be "live" (paths.hpp). That supervisor is one-for-one.
  std::function<supervision::child_spec(const hold&)> live;
  /// Whether this member may hold the chain at all. Asked whenever it would begin to.
  std::function<bool()> can_hold = [] { return true; };
  std::chrono::milliseconds answer_max{8'000}; ///< For an actor of this node to answer.
  std::chrono::milliseconds hop_max{10'000};   ///< For the KEEPER of another member.
};

/// KEEPER: runs on every member of a cluster that keeps a chain. On the member that owns the
/// chain's slot it runs the actors of the chain, anew under each epoch (tenure.hpp); on the others
/// it passes questions about the chain on to the KEEPER of that member, at most once.
///
/// Accepts: all of messages/chain/questions.hpp, submit_transaction, find_nonce, get_pool and
/// get_peers, from the gateways and from other KEEPERs; oracle::admit_peer from DOORMAN;
/// slots_changed from SLOTS; view_changed, peer_up, peer_down from MEMBERS.
class keeper_actor : public actor_base {
public:
  keeper_actor(caf::actor_config& cfg, keeper_options how);

  const char* name() const override { return "keeper"; }

protected:
  caf::behavior make_behavior() override;
  void on_down(const caf::down_msg& what) override;
  void on_exit() override;
  std::string describe() const override;

private:
  /// A member that can be reached, and what of it is known.
  struct other {
    caf::actor agent;
    caf::actor keeper; ///< null until it was needed
    std::string http_address;
  };

  [[nodiscard]] caf::actor find(std::string_view where) const;

  template <class Answer, class... Question>
  caf::message_handler questions(std::string_view to);
  template <class Answer, class Question>
  caf::result<Answer> answer(const Question& x, std::string_view to, bool passed_on);
  template <class Answer>
  void pass_on(const caf::message& x, caf::typed_response_promise<Answer> to);
  template <class Answer>
  void ask_other(incarnation owner, const caf::actor& keeper, const caf::message& x,
                 caf::typed_response_promise<Answer> to);

  caf::result<oracle::peer_admitted> admit(const oracle::admit_peer& x);

  void watch();
  void on_slots(const slots::slots_changed& x);
  void on_view(const cluster::view_changed& x);
  void tick();
  void perform(const tenure_effects& what);
  void perform(const start_live& x);
  void perform(const stop_live& x);
  void failed(std::string_view what, const failure& why);

  keeper_options how_;
  slots::slot_no slot_;
  tenure tenure_;
  slots::slot_row row_; ///< of the chain's slot, as far as it is known
  std::map<incarnation, other> others_;
  caf::actor slots_;
  caf::actor members_;
};

} // namespace bpci::chain
