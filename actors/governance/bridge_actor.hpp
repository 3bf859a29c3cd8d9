#pragma once

#include "actors/governance/proposal.hpp"
#include "messages/governance/bridge.hpp"
#include "runtime/actor/actor_base.hpp"
#include "runtime/supervision/node_context.hpp"

#include <caf/typed_response_promise.hpp>

#include <deque>
#include <string>
#include <unordered_set>

namespace bpci::governance {

/// Where those that BRIDGE needs stand in the supervision tree below the node's root.
namespace path {
inline constexpr auto pool = "/storage/pool";
inline constexpr auto relay = "/oracle/relay";
inline constexpr auto router = "/entities/router";
} // namespace path

struct bridge_options {
  supervision::node_context_ptr node;
  std::string root; ///< The path of the root supervisor: "/node-1".
  bridge_rules rules;

  /// The present handle of an actor of this node; null while it is being restarted.
  [[nodiscard]] caf::actor find(std::string_view where) const {
    return node->directory.find(root + std::string{where});
  }
};

/// BRIDGE: the way from the gateways to the rounds, one on each node. It freezes the electorate for
/// a round, and tells the BPI nodes that are connected here what is voted on, and what it has come
/// to. What must not be lost is in the entities `round` and `electorate`; what it decides is in
/// proposal.hpp.
///
/// Accepts: the requests of messages/governance/bridge.hpp, set_weight, read_electorate.
class bridge_actor : public actor_base {
public:
  bridge_actor(caf::actor_config& cfg, bridge_options how);

  const char* name() const override { return "bridge"; }

protected:
  caf::behavior make_behavior() override;
  std::string describe() const override;

private:
  struct opening;

  caf::result<round_record> propose(const submit_proposal& x);
  void turn_down(caf::typed_response_promise<round_record> answer, const proposal& what,
                 const failure& why);
  void freeze(opening what);
  void open(opening what);
  void refuse_unless_known(const opening& what, const failure& why);
  caf::result<vote_receipt> vote_on(const submit_vote& x);
  caf::result<electorate_record> weigh(const set_weight& x);
  caf::result<electorate_record> electorate();
  caf::result<round_page> list(const list_rounds& x);
  caf::result<refused_proposal_page> list(const list_refused_proposals& x);
  caf::result<round_detail> find(const find_round& x);
  caf::result<bridge_stats> stats();
  caf::result<bridge_health> health();

  /// Asks an entity; an empty key makes it a question. Exactly one of `ok(const Answer&, bool
  /// repeated)` and `bad(const failure&)` is called.
  template <class Answer, class Command, class Ok, class Bad>
  void ask_entity(std::string kind, std::string id, std::string key, const Command& what,
                  bytes identity, Ok ok, Bad bad);

  /// The answer that a transaction reads.
  template <class Answer, class Query>
  caf::result<Answer> read(Query what);

  void look_for_news();
  [[nodiscard]] timestamp_ms next_look(std::optional<timestamp_ms> page_end,
                                       timestamp_ms now) const;
  void publish(const char* topic, const std::string& id, bytes body);
  void count_rounds();

  bridge_options how_;
  std::size_t votes_in_flight_ = 0;
  timestamp_ms since_; ///< What happened from here on has not all been told.
  std::unordered_set<std::string> told_;
  std::deque<std::string> told_in_order_; ///< The oldest is forgotten first.
  std::uint64_t published_ = 0;
};

} // namespace bpci::governance
