#include "actors/consensus/safety.hpp"

#include <algorithm>

namespace bpci::consensus {

void safety::start(const begin& what, timestamp_ms now) {
  const auto& head = what.head.head;
  auto has_sealed = std::ranges::any_of(what.head.seals.seals,
                                        [&](const seal& s) { return s.by == keys_->self(); });
  auto is_behind = has_sealed && (!what.record || what.record->at < head.at);
  if (what.journal == journal_state::lost || is_behind)
    watch_ =
        watch{height{head.at.get() + margin_}, timestamp_ms{now.get() + 2 * precision_.count()}};
  else if (what.record)
    record_ = *what.record;
}

void safety::advance(const header& parent, bool is_validator) {
  if (watch_ && parent.at >= watch_->above && parent.time > watch_->later_than) watch_.reset();
  is_validator_ = is_validator;
  at_ = height{parent.at.get() + 1};
  changed_ = false;
  if (record_.at >= at_) return;
  record_ = {};
  record_.at = at_;
}

bool safety::may_sign() const noexcept {
  return is_validator_ && !watch_ && record_.at == at_;
}

height safety::silent_below() const noexcept {
  if (watch_) return height{std::max(watch_->above.get() + 1, at_.get() + 1)};
  return record_.at > at_ ? record_.at : height{0};
}

bool safety::has_signed() const noexcept {
  const auto& x = record_;
  return x.at == at_ && (x.proposed || x.prepared_vote || x.commit_vote || x.change_vote);
}

/// Rounds only grow; what was signed in earlier ones need not be known any more, but for the
/// prepared certificate.
bool safety::enter(round_no round) {
  if (!may_sign() || round < record_.round) return false;
  if (round == record_.round) return true;
  record_.round = round;
  record_.proposed.reset();
  record_.prepared_vote.reset();
  record_.commit_vote.reset();
  record_.change_vote.reset();
  return true;
}

std::optional<proposal_message> safety::propose(round_no round, proposal_message unsigned_one) {
  if (!enter(round)) return std::nullopt;
  if (record_.proposed) return record_.proposed;
  sign_with(*keys_, chain_id_, unsigned_one.what);
  record_.proposed = std::move(unsigned_one);
  changed_ = true;
  return record_.proposed;
}

std::optional<prepare> safety::vote_prepare(round_no round, const hash& block_id) {
  if (!enter(round)) return std::nullopt;
  auto& vote = record_.prepared_vote;
  if (vote) return vote->block_id == block_id ? vote : std::nullopt;
  vote = prepare{at_, round, block_id, {}, {}};
  sign_with(*keys_, chain_id_, *vote);
  changed_ = true;
  return vote;
}

std::optional<commit> safety::vote_commit(round_no round, const block& what, const hash& block_id,
                                          std::vector<prepare> prepares) {
  if (!enter(round)) return std::nullopt;
  auto& vote = record_.commit_vote;
  if (vote) return vote->block_id == block_id ? vote : std::nullopt;
  record_.prepared_block = what;
  record_.prepared_round = round;
  record_.prepares = std::move(prepares);
  vote = commit{at_, round, block_id, {}, {}};
  sign_with(*keys_, chain_id_, *vote);
  changed_ = true;
  return vote;
}

std::optional<round_change> safety::vote_change(round_no round) {
  // Within the round of another vote it comes too late: the claim is not what it was.
  auto known = record_.round == round && record_.change_vote;
  if (!known && round <= record_.round) return std::nullopt;
  if (!enter(round)) return std::nullopt;
  auto& vote = record_.change_vote;
  if (vote) return vote;
  vote = round_change{at_, round, prepared(), {}, {}};
  sign_with(*keys_, chain_id_, *vote);
  changed_ = true;
  return vote;
}

std::optional<prepared_claim> safety::prepared() const {
  if (!record_.prepared_block || record_.at != at_) return std::nullopt;
  return prepared_claim{record_.prepared_round, block_id(record_.prepared_block->head)};
}

std::optional<round_change_message> safety::change_message() const {
  const auto& vote = record_.change_vote;
  // Behind a commit in the same round the certificate is a newer one, and nobody needs the change.
  if (!vote || record_.at != at_ || vote->prepared != prepared()) return std::nullopt;
  if (!vote->prepared) return round_change_message{*vote, std::nullopt, {}};
  return round_change_message{*vote, record_.prepared_block, record_.prepares};
}

} // namespace bpci::consensus
