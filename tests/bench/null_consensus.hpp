#pragma once

#include "actors/consensus/consensus_actor.hpp"
#include "messages/chain/peers.hpp"
#include "messages/chain/pool.hpp"

#include <map>
#include <set>

namespace bpci::bench {

/// What consensus costs when nobody thinks: the validators take turns, and each block goes through
/// the same three steps, with the same messages, signatures, records and calls of LEDGER. But
/// nothing is judged, nothing is timed, and nothing is ready for anything to go wrong: one message
/// that is lost, and the chain stands still. It is the least that ENGINE could cost.
///
/// It stands at ENGINE's path, and PEERS takes it for one.
///
/// Accepts: position (from LEDGER), work_waiting (from MEMPOOL), vote_arrived (from PEERS).
class null_consensus_actor : public consensus::consensus_actor {
public:
  null_consensus_actor(caf::actor_config& cfg, consensus::context_ptr shared);

  const char* name() const override { return "null-consensus"; }

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  /// Of the block that is being decided.
  struct open_height {
    bool proposing = false, committing = false, storing = false;
    std::optional<consensus::block> body;
    consensus::hash id{};
    std::vector<consensus::prepare> prepares;
    std::vector<consensus::seal> seals;
    consensus::safety_record record;
  };

  void stand_at(const chain::position& x);
  [[nodiscard]] height next() const { return height{where_.head->head.at.get() + 1}; }
  [[nodiscard]] std::size_t quorum() const;

  // -- the three steps
  void propose();
  void fill(consensus::block skeleton);
  void take(consensus::consensus_message what);
  void take_now(const consensus::consensus_message& what);
  void count(const consensus::proposal_message& x);
  void count(const consensus::prepare& x);
  void count(const consensus::commit& x);
  void validated();
  void commit_if_prepared();
  void store_if_committed();

  void persist(std::function<void()> then);
  void tell_others(const consensus::consensus_message& what);
  template <class Vote>
  [[nodiscard]] bool is_signed(const Vote& x) const;

  chain::position where_; ///< its head is null until LEDGER has told
  bool ready_ = false;    ///< the record is there
  std::uint64_t life_ = 0;
  open_height now_;
  std::map<height, std::vector<consensus::consensus_message>> early_;
  std::set<consensus::address> sealed_; ///< whose seals of the head were checked
};

} // namespace bpci::bench
