#pragma once

#include "actors/consensus/consensus_actor.hpp"
#include "actors/consensus/evidence_store.hpp"
#include "messages/chain/pool.hpp"

#include <caf/actor.hpp>

#include <map>
#include <set>

namespace bpci::consensus {

/// EVIDENCE: keeps what proves that a validator contradicted itself, until a block has it. What it
/// is told is checked against the validators of its height, so only once that is final.
///
/// Accepts: position (from LEDGER); evidence_found (from INSTANCE, PEERS); offer_evidence (from
/// INSTANCE); watch_work (from ENGINE); list_evidence (from KEEPER).
class evidence_actor : public consensus_actor {
public:
  evidence_actor(caf::actor_config& cfg, context_ptr shared);

  const char* name() const override { return "evidence"; }

protected:
  caf::behavior make_behavior() override;
  void on_down(const caf::down_msg& what) override;
  void on_exit() override;
  std::string describe() const override;

private:
  void tick();
  void load();
  void take(const chain::position& x);
  void take(const evidence& x);
  void check_next();
  void keep(const evidence& what, const offence& about);
  void kept(const store::kept_evidence& x, bool is_new);
  void look_through(const block& x);
  void look_back(height from);
  void say_work();
  caf::result<chain::evidence_page> list(const chain::list_evidence& x);

  /// What waits to be checked: of a height that is not final yet, or because LEDGER is busy.
  struct suspicion {
    evidence what;
    offence about;
  };

  chain::position where_; ///< its head is null until LEDGER has told
  caf::actor ledger_;
  std::set<caf::actor> watchers_;
  std::map<hash, suspicion> suspected_;
  std::map<hash, store::kept_evidence> waiting_; ///< for a block
  std::map<hash, height> punished_;              ///< lately, and in which block
  std::optional<hash> checking_;
  bool loaded_ = false;
  height looked_to_; ///< up to here the blocks have been looked through
};

} // namespace bpci::consensus
