#pragma once

#include "actors/consensus/certificates.hpp"
#include "actors/consensus/consensus_actor.hpp"
#include "actors/consensus/internal_messages.hpp"
#include "actors/consensus/snapshot_fetch.hpp"
#include "actors/consensus/sync.hpp"
#include "messages/chain/peers.hpp"

#include <caf/typed_response_promise.hpp>

#include <map>

namespace bpci::consensus {

/// SYNC: fetches what others have and this node has not, and gives others what they ask for. Whom
/// it asks for what is decided in sync.hpp and snapshot_fetch.hpp; a block is checked by its seals
/// here, and LEDGER executes it.
///
/// Accepts: position (from LEDGER); peer_seen, peer_lost, question_arrived (from PEERS);
/// fell_behind (from INSTANCE).
class sync_actor : public consensus_actor {
public:
  sync_actor(caf::actor_config& cfg, context_ptr shared);

  const char* name() const override { return "sync"; }

protected:
  caf::behavior make_behavior() override;
  void on_down(const caf::down_msg& what) override;
  void on_exit() override;
  std::string describe() const override;

private:
  void tick();
  void watch();
  void take(const chain::position& x);
  void tell_engine();
  void misbehaved(const consensus::address& who, const std::string& why);

  /// Asks PEERS and calls `then` with the answer's alternative, or with why there is none.
  template <class Answer, class Question>
  void ask_of(const consensus::address& who, Question what,
              std::function<void(result<Answer>)> then);

  // -- blocks
  void carry_out();
  void perform(ask_for_blocks& x);
  void perform(apply_block& x);
  void perform(compare_head& x);
  void perform(report_peer& x);
  void perform(fetch_snapshot& x);
  void refuse(const apply_block& x, const failure& why);
  void check_evidence_of(const apply_block& x, chain::sealed_block_ptr what, const hash& id,
                         heights_known known, bool is_hearsay);
  void learn_height(const apply_block& x, chain::sealed_block_ptr what, const hash& id,
                    heights_known known);
  void store(const apply_block& x, chain::append_block what, bool is_hearsay);
  void stop(engine_stopped::kind what, std::string why);

  // -- a snapshot (sync_snapshot.cpp)
  void find_snapshot();
  void believe(height at);
  void believed(const chain::final_header& x);
  void restore();
  void fetch_chunks();
  void fetch_last_blocks(int tries);
  void finish_snapshot();
  void give_up(const std::string& why, bool is_a_lie);
  void end_snapshot();

  // -- for others
  caf::result<chain::peer_message_ptr> serve(const chain::question_arrived& x);
  template <class Reply, class Question, class F>
  void pass_on(const consensus::address& from, Question what,
               caf::typed_response_promise<chain::peer_message_ptr> answer, F to_message,
               chain::peer_message nothing);

  sync core_;
  verifier check_;
  chain::position where_; ///< its head is null until LEDGER has told
  caf::actor ledger_, engine_;
  sync_state told_;
  bool stopped_ = false;
  std::map<consensus::address, std::size_t> serving_; ///< questions of a peer that are open
  std::optional<snapshot_fetch> snapshot_;
  std::uint64_t attempts_ = 0; ///< of snapshots; what belongs to an earlier one is ignored
};

} // namespace bpci::consensus
