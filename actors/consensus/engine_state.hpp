#pragma once

#include "actors/consensus/certificates.hpp"
#include "actors/consensus/evidence.hpp"
#include "actors/consensus/message_store.hpp"
#include "actors/consensus/safety.hpp"
#include "actors/consensus/vote_book.hpp"

#include <deque>
#include <set>

namespace bpci::consensus {

/// A proposal that is justified, and timely if its block is new. There is one a round at most.
struct offer {
  proposal_message what;
  bool accepted = false;  ///< its block was checked, and was valid
  bool refused = false;   ///< and was not
  bool committed = false; ///< a quorum prepared it, and this validator has said so
};

/// A height that is decided: its late seals, its liars, and whoever is still there.
struct past_height {
  validator_set set;
  certificate seals;
  vote_book book;
  std::set<address> counted; ///< whose seal is in a block already
};

/// What the engine knows. `upon_*` are the rules; each looks for itself whether it applies.
struct engine::state {
  state(engine_settings settings, const signer& by);

  // engine.cpp: what happens
  void on(const begin& x);
  void on(const arrived& x);
  void on(const work_due& x);
  void on(const timer_expired& x);
  void on(const block_made& x);
  void on(const block_checked& x);
  void on(const advanced& x);

  // arrivals.cpp: who said it, and whether it counts
  void receive(const proposal_message& x, const address& from);
  void receive(const prepare& x, const address& from);
  void receive(const commit& x, const address& from);
  void receive(const round_change_message& x, const address& from);
  void receive(const sealed_block& x, const address& from);
  void receive_late(const consensus_message& x, const address& from);
  void receive_early(const consensus_message& x);
  void receive_other(const sealed_block& x, const address& from);
  void answer(const address& to);
  void answer_late(const round_change& x);
  [[nodiscard]] const certificate* final_here() const;
  template <class Vote>
  bool is_known(const Vote& x, const validator_set& of) {
    return of.contains(x.by) && check(x);
  }

  // witness.cpp: what contradicts itself
  bool witness(const proposal& x, vote_book& into);
  bool witness(const prepare& x, vote_book& into);
  bool witness(const commit& x, vote_book& into);
  bool witness(const round_change& x, vote_book& into);
  void witness(const certificate& x, vote_book& into);
  void accuse(const std::optional<evidence>& what);
  void halt_upon(const certificate& ours, const certificate& theirs, const validator_set& of,
                 const vote_book& kept);

  // upon.cpp: the rules
  void settle();
  bool upon_turn();
  void upon_proposal(const proposal_message& x);
  void upon_valid_block();
  bool upon_prepares();
  bool upon_commits();
  void upon_other_chain(const block& x);
  void upon_timeout();
  bool upon_weak_changes();
  bool upon_changes();
  void upon_new_block(const sealed_block& x);

  // upon.cpp: how they act
  void open(const chain_head& at_head);
  void resume();
  void enter(round_no next);
  void ask_for(round_no next);
  void propose(const block& what, std::vector<round_change> changed, std::vector<prepare> prepared);
  bool ask_for_block();
  void decide(const block& what, const certificate& why);
  void cast(consensus_message x);
  void trust_own(const consensus_message& x);
  void repeat();
  void keep_time();
  void fetch_formed();
  void ask_around();
  void remember_parent();
  void count_seals(const block& x);
  [[nodiscard]] std::vector<certificate> late_seals() const;
  void hear_of(const address& who, height there, bool is_far);
  void forget_hints();

  [[nodiscard]] const address& proposer(round_no of) const;
  [[nodiscard]] bool is_mine(round_no of) const { return proposer(of) == keys->self(); }
  [[nodiscard]] bool has_accepted_other(const proposal& x) const;
  [[nodiscard]] bool has_prepared(const proposal& x) const;
  [[nodiscard]] const block* body_of(const hash& id) const;
  [[nodiscard]] milliseconds timeout() const;

  // where.cpp
  [[nodiscard]] standing describe() const;
  [[nodiscard]] voice describe_voice() const;
  [[nodiscard]] std::string doing() const;
  [[nodiscard]] std::vector<address> missing() const;

  engine_settings how;
  const signer* keys;
  verifier check;
  effects out;
  timestamp_ms now;

  // from height to height
  bool begun = false;
  std::string halted; ///< why
  chain_head head;
  validator_set set;      ///< of `at`
  validator_set next_set; ///< of the height behind
  class safety safety;
  message_store ahead;
  std::map<height, past_height> past;
  std::map<address, height> hints;  ///< how far validators are said to be, by themselves
  address asked{};                  ///< of these, the last one
  std::optional<sealed_block> last; ///< the block of `head`, if it was decided here

  // this height
  height at;
  vote_book book;
  change_book changes;
  bool work = false;                 ///< here
  bool shown = false;                ///< by somebody's message: there is work somewhere
  std::optional<certificate> formed; ///< a quorum has committed
  /// Of the round before, or of `formed` by a proposal that came too late for anything else.
  std::optional<block> spare;
  std::optional<sealed_block> decided;
  std::set<std::pair<evidence::kind, address>> accused;
  std::optional<hash> valid; ///< what was checked last, and was valid

  // this round
  round_no round;
  std::optional<struct offer> offer;
  bool making = false;    ///< a block of one's own
  bool proposed = false;  ///< by this validator
  bool justified = false; ///< a proposal was; perhaps in a former life
  bool timing = false;
  bool repeating = false;
};

} // namespace bpci::consensus
