#include "actors/consensus/body.hpp"
#include "actors/consensus/downtime.hpp"
#include "actors/consensus/engine_state.hpp"
#include "actors/consensus/justification.hpp"
#include "actors/consensus/rules.hpp"

#include <algorithm>

/// The rules of QBFT (arXiv 2002.03613). In brackets: the predicate of the Dafny specification, and
/// what differs from it.
namespace bpci::consensus {

/// Whatever has become true by the last input, until nothing more does. Each rule that says true
/// has made itself inapplicable.
void engine::state::settle() {
  while (halted.empty()
         && (upon_commits() || upon_prepares() || upon_weak_changes() || upon_changes()
             || upon_turn())) {
  }
  keep_time();
}

// -- the normal case -------------------------------------------------------------------

/// Round 0 is mine and work is due: a new block. [UponNewBlock, by the proposer; it would make an
/// empty one every block time]
bool engine::state::upon_turn() {
  return round == round_no{0} && ask_for_block();
}

/// A justified proposal of my round, if I have none yet, or of a later one. [UponProposal; there a
/// later round only counts behind an accepted proposal, Besu takes any, and so does this]
void engine::state::upon_proposal(const proposal_message& x) {
  if (decided || x.what.round < round || (x.what.round == round && has_accepted_other(x.what)))
    return;
  if (!rules::is_justified(x, set, x.what.by, check)) return;
  if (!check_block_upon(x.body, head, how.chain_id)) return;
  // A block that was prepared, by a quorum or in a former life, was timely when it was new.
  auto is_new = x.prepares.empty() && !has_prepared(x.what);
  if (is_new && !is_timely(x.body.head.time, now, x.what.round, how)) return;

  for (const auto& c : x.changes)
    witness(c, book);
  if (x.what.round > round) enter(x.what.round);
  offer = {x};
  justified = shown = true;
  if (valid == x.what.block_id)
    upon_valid_block();
  else
    out.push_back(check_block{x.body, x.what.block_id});
}

/// Its block is valid upon the parent: accept and prepare it. [UponProposal]
void engine::state::upon_valid_block() {
  offer->accepted = true;
  const auto& id = offer->what.what.block_id;
  if (auto vote = safety.vote_prepare(round, id)) cast(*vote);
  if (auto vote = rules::early_commit(*keys, how.chain_id, at, round, id))
    receive(*vote, keys->self());
}

/// A quorum has prepared what I accepted: commit, once, and only with the certificate on record.
/// [UponPrepare]
bool engine::state::upon_prepares() {
  if (decided || !offer || !offer->accepted || offer->committed) return false;
  const auto& id = offer->what.what.block_id;
  if (!set.is_quorum(book.prepares.weight(round, id, set))) return false;
  offer->committed = true;
  auto vote = safety.vote_commit(round, offer->what.body, id, book.prepares.all(round, id));
  if (vote) cast(*vote);
  return true;
}

/// A quorum has committed one block in one round, whichever: it is final. My own commit counts when
/// it comes back. [UponCommit]
bool engine::state::upon_commits() {
  if (decided || !formed) return false;
  const auto* what = body_of(formed->block_id);
  if (!what) return false;
  // It may be a body that came in a round change, or too late to be looked at.
  if (valid != formed->block_id && !check_block_upon(*what, head, how.chain_id)) {
    upon_other_chain(*what);
    return false;
  }
  decide(*what, *formed);
  return true;
}

/// A block upon another parent brings the seals of that one: two blocks of the height before are
/// final.
void engine::state::upon_other_chain(const block& x) {
  auto found = past.find(head.head.at);
  if (x.head.at != at || x.head.parent == head.id || found == past.end()) return;
  auto& was = found->second;
  if (!conflict(was.seals, x.parent_seals)) return;
  if (!check_certificate(x.parent_seals, was.set, check)) return;
  witness(x.parent_seals, was.book);
  halt_upon(was.seals, x.parent_seals, was.set, was.book);
}

/// A block of this height that is final comes whole. [UponNewBlock]
void engine::state::upon_new_block(const sealed_block& x) {
  if (!decided) decide(x.what, x.seals);
}

// -- when it fails ---------------------------------------------------------------------

/// The round took too long: ask for the next. [UponRoundTimeout]
void engine::state::upon_timeout() {
  if (round == round_no{std::numeric_limits<std::uint32_t>::max()}) return;
  ask_for(round_no{round.get() + 1});
}

/// Some honest validator is in a later round: follow, as far as a weak set has gone.
/// [UponRoundChange, receivedSignedRoundChangesForFutureRounds, with f+1; here a third of the
/// weight at least]
bool engine::state::upon_weak_changes() {
  if (decided) return false;
  auto reached = changes.weak_above(round, set);
  if (!reached) return false;
  ask_for(*reached);
  return true;
}

/// The round is mine, and a quorum asks for it: propose what the highest claim binds me to, or, if
/// nobody was prepared and there is work, a new block. [UponRoundChange,
/// hasReceivedProposalJustificationForLeadingRound]
bool engine::state::upon_changes() {
  if (decided || round == round_no{0} || proposed || !is_mine(round) || !safety.may_sign())
    return false;
  auto why = changes.all(round);
  if (!set.is_quorum(weight_of(why, set))) return false;
  const auto* highest = highest_prepared(why);
  if (!highest) return ask_for_block();
  const auto* bound = changes.body_of(highest->prepared->block_id);
  auto prepares = changes.prepares_of(highest->by);
  propose(*bound, std::move(why), std::move(prepares));
  return true;
}

// -- how they act ----------------------------------------------------------------------

void engine::state::ask_for(round_no next) {
  enter(next);
  if (!safety.vote_change(next)) return;
  if (auto x = safety.change_message()) cast(*x);
}

bool engine::state::ask_for_block() {
  if (decided || !work || making || proposed || offer || !is_mine(round) || !safety.may_sign())
    return false;
  making = true;
  out.push_back(make_block{at, round});
  return true;
}

void engine::state::propose(const block& what, std::vector<round_change> changed,
                            std::vector<prepare> prepared) {
  proposed = true;
  proposal_message x;
  x.what.at = at;
  x.what.round = round;
  x.what.block_id = block_id(what.head);
  x.what.justification = justification_hash(changed, prepared);
  x.body = what;
  x.changes = std::move(changed);
  x.prepares = std::move(prepared);
  if (auto sent = safety.propose(round, std::move(x))) cast(*sent);
}

void engine::state::decide(const block& what, const certificate& why) {
  decided = sealed_block{what, why};
  out.push_back(finalize{*decided});
}

/// Nothing is sent that is not on record, and nothing is recorded twice. What was signed in this
/// very step comes back to be counted, not to be checked; what an earlier life signed is checked.
void engine::state::cast(consensus_message x) {
  if (safety.take_changed()) {
    out.push_back(persist{safety.record()});
    trust_own(x);
  }
  out.push_back(broadcast{std::move(x)});
}

void engine::state::trust_own(const consensus_message& x) {
  std::visit(
      [this](const auto& m) {
        if constexpr (requires { m.what.by; })
          check.trust(m.what);
        else if constexpr (requires { m.by; })
          check.trust(m);
      },
      x);
}

/// Messages get lost, and others start again: say it all once more.
void engine::state::repeat() {
  ask_around();
  if (!safety.may_sign()) return;
  const auto& mine = safety.record();
  if (auto x = safety.change_message()) cast(*x);
  if (mine.proposed) cast(*mine.proposed);
  if (mine.prepared_vote) cast(*mine.prepared_vote);
  if (mine.commit_vote) cast(*mine.commit_vote);
}

/// A quorum has committed a block that never came here.
void engine::state::fetch_formed() {
  for (const auto& s : formed->seals)
    if (s.by != keys->self()) hear_of(s.by, at, false);
  ask_around();
}

/// A height is a hint, and whoever gives it may lie. So each is asked in turn, and one that made up
/// a height does not drown the others.
void engine::state::hear_of(const address& who, height there, bool is_far) {
  auto& known = hints[who];
  if (there <= known) return;
  known = there;
  if (is_far) out.push_back(fall_behind{who, there});
}

void engine::state::ask_around() {
  if (hints.empty()) return;
  auto next = hints.upper_bound(asked);
  if (next == hints.end()) next = hints.begin();
  asked = next->first;
  out.push_back(fall_behind{asked, next->second});
}

/// The chain is there by now.
void engine::state::forget_hints() {
  std::erase_if(hints, [&](const auto& hint) { return hint.second <= at; });
}

void engine::state::enter(round_no next) {
  round = next;
  if (offer) spare = std::move(offer->what.body);
  offer.reset();
  making = proposed = justified = timing = repeating = false;
}

/// The height behind `at_head`.
void engine::state::open(const chain_head& at_head) {
  head = at_head;
  at = height{head.head.at.get() + 1};
  set = validator_set{head.validators};
  next_set = validator_set{head.next};
  while (!past.empty() && past.begin()->first.get() + 3 < at.get())
    past.erase(past.begin());
  remember_parent();
  book = {};
  changes = {};
  work = shown = false;
  formed.reset();
  decided.reset();
  accused.clear();
  valid.reset();
  forget_hints();
  enter(round_no{0});
  spare.reset();
  safety.advance(head.head, set.contains(keys->self()));
  if (safety.may_sign() && safety.has_signed()) resume();
  for (const auto& x : ahead.take(at))
    on(arrived{origin_of(x)->by, x});
}

/// After a restart: in the round where it was, saying what it said. What has not come back yet was
/// perhaps never sent.
void engine::state::resume() {
  const auto& mine = safety.record();
  round = mine.round;
  proposed = mine.proposed.has_value();
  // Without a proposal it had not voted; so its timer may run, or a cluster that lost its power
  // all at once would wait for round changes that nobody has a reason to send.
  justified = proposed || mine.prepared_vote || mine.commit_vote;
  shown = true;
  repeat();
}

/// The height before is known from the chain alone, if its validators are still the same.
void engine::state::remember_parent() {
  auto before = head.head.at;
  if (before == height{0} || past.contains(before)) return;
  auto same = head.head.validators_hash == set.id() ? &set : nullptr;
  if (!same && head.head.validators_hash == next_set.id()) same = &next_set;
  if (!same) return;
  auto& was = past[before];
  was.set = *same;
  was.seals = head.seals;
  for (const auto& s : head.seals.seals)
    was.book.commits.add(commit_of(head.seals, s));
}

/// These are in a block already.
void engine::state::count_seals(const block& x) {
  for (const auto& seen : attendance_of(x))
    if (auto found = past.find(seen.at); found != past.end())
      found->second.counted.insert(seen.signers.begin(), seen.signers.end());
}

std::vector<certificate> engine::state::late_seals() const {
  std::vector<certificate> out;
  for (const auto& [of, was] : past) {
    if (of.get() + 2 > at.get()) continue;
    std::map<round_no, certificate> late;
    for (const auto& v : was.set.members()) {
      if (was.counted.contains(v.id)) continue;
      for (const auto& [then, vote] : was.book.commits.of(v.id)) {
        if (vote.block_id != was.seals.block_id) continue;
        auto& into = late.try_emplace(then, certificate{of, then, vote.block_id, {}}).first->second;
        into.seals.push_back({v.id, vote.sig});
        break;
      }
    }
    for (auto& [then, x] : late)
      out.push_back(std::move(x));
  }
  return out;
}

void engine::state::keep_time() {
  if (decided || !halted.empty()) return;
  auto outlook = rules::round_outlook{round, work || shown, justified,
                                      set.is_quorum(changes.weight_from(round, set))};
  if (!timing && safety.may_sign() && rules::may_time_out(outlook)) {
    timing = true;
    out.push_back(start_timer{{timer_expired::kind::round, at, round}, timeout()});
  }
  auto has_to_say = (safety.may_sign() && safety.has_signed()) || !hints.empty();
  if (!repeating && has_to_say) {
    repeating = true;
    out.push_back(start_timer{{timer_expired::kind::resend, at, round}, how.round_base});
  }
}

/// base * 2^r, at most the maximum; in integers, which do not overflow.
milliseconds engine::state::timeout() const {
  auto left = round.get();
  auto after = how.round_base;
  while (left-- > 0 && after < how.round_max)
    after *= 2;
  return std::min(after, how.round_max);
}

const address& engine::state::proposer(round_no of) const {
  return set.proposer(head.head.proposer, of);
}

/// Also what was accepted in a former life counts.
bool engine::state::has_accepted_other(const proposal& x) const {
  if (offer) return true;
  const auto& mine = safety.record();
  return safety.may_sign() && mine.round == x.round && mine.prepared_vote && !has_prepared(x);
}

bool engine::state::has_prepared(const proposal& x) const {
  const auto& mine = safety.record();
  return safety.may_sign() && mine.round == x.round && mine.prepared_vote
         && mine.prepared_vote->block_id == x.block_id;
}

const block* engine::state::body_of(const hash& id) const {
  if (offer && offer->what.what.block_id == id) return &offer->what.body;
  if (spare && block_id(spare->head) == id) return &*spare;
  if (auto mine = safety.prepared(); mine && mine->block_id == id)
    return &*safety.record().prepared_block;
  return changes.body_of(id);
}

} // namespace bpci::consensus
