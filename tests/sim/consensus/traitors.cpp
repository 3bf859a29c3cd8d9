#include "traitors.hpp"

#include "keys.hpp"
#include "words.hpp"

#include <algorithm>

namespace bpci::consensus::sim {

namespace {

constexpr std::size_t kept_max = 100;

/// Another block that is as good.
block sibling(block x) {
  x.head.time = timestamp_ms{x.head.time.get() + 1};
  return x;
}

template <class T>
void keep(std::vector<T>& all, const T& x, chance& luck) {
  if (all.size() < kept_max)
    all.push_back(x);
  else
    all[luck.below(kept_max)] = x;
}

} // namespace

// -- votes -------------------------------------------------------------------------------

void double_voter::vote_for(height at, round_no round, const hash& id) {
  if (voted_.size() > 1'000 || !voted_.emplace(at.get(), round.get(), id).second) return;
  auto first = prepare{at, round, id, on_.keys().self(), {}};
  sign(first, on_.keys());
  tell_all(first);
  auto second = commit{at, round, id, on_.keys().self(), {}};
  sign(second, on_.keys());
  tell_all(second);
}

void double_voter::says(const consensus_message& what) {
  tell_all(what);
  hears(what);
}

void double_voter::hears(const consensus_message& what) {
  if (const auto* x = std::get_if<proposal_message>(&what))
    vote_for(x->what.at, x->what.round, x->what.block_id);
  else if (const auto* vote = std::get_if<prepare>(&what))
    vote_for(vote->at, vote->round, vote->block_id);
}

void equivocator::says(const consensus_message& what) {
  const auto* x = std::get_if<proposal_message>(&what);
  if (!x || x->body.head.proposer != on_.keys().self()) return double_voter::says(what);
  auto other = *x;
  other.body = sibling(other.body);
  other.what.block_id = block_id(other.body.head);
  sign(other.what, on_.keys());
  for (const auto& who : others()) {
    auto fate = on_.luck().below(8);
    if (fate != 0) on_.send_as_traitor(who, fate % 2 == 0 ? consensus_message{*x} : other);
    if (fate == 1) on_.send_as_traitor(who, *x);
  }
  vote_for(x->what.at, x->what.round, x->what.block_id);
  vote_for(x->what.at, x->what.round, other.what.block_id);
}

void half_mute::says(const consensus_message& what) {
  for (const auto& who : others())
    if (on_.luck().percent(50)) on_.send_as_traitor(who, what);
}

// -- round changes -----------------------------------------------------------------------

void amnesiac::says(const consensus_message& what) {
  auto forgetful = what;
  if (auto* x = std::get_if<round_change_message>(&forgetful); x && x->what.prepared) {
    x->what.prepared.reset();
    x->prepared_block.reset();
    x->prepares.clear();
    sign(x->what, on_.keys());
  }
  tell_all(forgetful);
}

/// A block of its own in its next round, though nobody asked for that and another one may be final.
void false_claimer::usurp(height at) {
  if (!block_ || block_->head.at != at || usurped_ == at) return;
  usurped_ = at;
  const auto& set = on_.chain_now().validators;
  auto behind = std::ranges::upper_bound(set, on_.chain_now().head.proposer, {}, &validator::id);
  auto first = static_cast<std::size_t>(behind - set.begin()) % set.size();
  std::uint32_t round = 0;
  while (set[(first + round) % set.size()].id != on_.keys().self())
    if (++round > set.size()) return;
  if (round == 0) return;
  proposal_message x;
  x.body = sibling(*block_);
  x.body.head.proposer = on_.keys().self();
  x.what = {at, round_no{round}, block_id(x.body.head), {}, {}, {}};
  justify(x);
  sign(x.what, on_.keys());
  tell_all(x);
}

void false_claimer::hears(const consensus_message& what) {
  if (const auto* x = std::get_if<commit>(&what); x && on_.luck().percent(30)) usurp(x->at);
  if (const auto* x = std::get_if<prepare>(&what)) keep(heard_, *x, on_.luck());
  if (const auto* x = std::get_if<proposal_message>(&what)) block_ = x->body;
}

void false_claimer::says(const consensus_message& what) {
  if (const auto* x = std::get_if<round_change_message>(&what))
    tell_all(false_change(*x));
  else if (const auto* offer = std::get_if<proposal_message>(&what))
    tell_all(false_proposal(*offer));
  else
    tell_all(what);
}

round_change_message false_claimer::false_change(round_change_message x) {
  auto how = on_.luck().below(6);
  if (how == 0 || !block_ || block_->head.at != x.what.at || x.what.round.get() == 0) return x;
  auto id = block_id(block_->head);
  auto round = round_no{x.what.round.get() - 1};
  x.what.prepared = prepared_claim{how == 5 ? x.what.round : round, id};
  x.prepared_block = block_;
  x.prepares.clear();
  if (how == 1) x.prepared_block.reset();
  if (how >= 3)
    for (const auto& vote : heard_)
      if (vote.block_id == id && (how == 3 || vote.round == round)) x.prepares.push_back(vote);
  auto own = prepare{x.what.at, round, id, on_.keys().self(), {}};
  sign(own, on_.keys());
  if (how != 1) x.prepares.insert(x.prepares.end(), how == 2 ? 5 : 1, own);
  sign(x.what, on_.keys());
  return x;
}

proposal_message false_claimer::false_proposal(proposal_message x) {
  switch (on_.luck().below(6)) {
  case 0:
    x.prepares.clear();
    break;
  case 1:
    if (!x.changes.empty()) x.changes.pop_back();
    break;
  case 2:
    if (!x.changes.empty()) x.changes.back() = x.changes.front();
    break;
  case 3:
    std::erase_if(x.changes, [](const round_change& y) { return y.prepared.has_value(); });
    x.prepares.clear();
    x.body = sibling(x.body);
    x.body.head.proposer = on_.keys().self();
    x.what.block_id = block_id(x.body.head);
    break;
  case 4:
    x.body = sibling(x.body);
    x.what.block_id = block_id(x.body.head);
    break;
  default:
    return x;
  }
  justify(x);
  sign(x.what, on_.keys());
  return x;
}

// -- noise -------------------------------------------------------------------------------

void replayer::hears(const consensus_message& what) {
  keep(heard_, what, on_.luck());
}

/// Its signature no longer holds, or is of another chain.
consensus_message replayer::disguised(consensus_message x) {
  auto next = height{on_.chain_now().head.at.get() + 1};
  if (auto* vote = std::get_if<prepare>(&x)) {
    vote->at = next;
  } else if (auto* seal_of = std::get_if<commit>(&x)) {
    seal_of->at = next;
    seal_of->by = on_.keys().self();
    sign(*seal_of, on_.keys(), "another chain");
  } else if (auto* change = std::get_if<round_change_message>(&x)) {
    change->what.at = next;
  }
  return x;
}

void replayer::idles() {
  if (heard_.empty()) return;
  for (const auto& who : others()) {
    auto again = heard_[on_.luck().below(heard_.size())];
    on_.send_as_traitor(who, on_.luck().percent(50) ? again : disguised(again));
  }
}

void bomber::idles() {
  constexpr std::uint32_t rounds[] = {7, 31, 63, 1'000, 1U << 30, 1U << 31, UINT32_MAX};
  auto now = on_.chain_now().head.at.get() + 1;
  const std::uint64_t heights[] = {now, now, now, now + 1, now + 5, now + 1'000, UINT64_MAX};
  for (auto i = 0; i < 4; ++i) {
    auto at = height{heights[on_.luck().below(std::size(heights))]};
    auto round = round_no{rounds[on_.luck().below(std::size(rounds))]
                          - static_cast<std::uint32_t>(on_.luck().below(4))};
    hash id{};
    id[0] = static_cast<std::uint8_t>(on_.luck().next());
    auto change = round_change_message{{at, round, {}, on_.keys().self(), {}}, {}, {}};
    sign(change.what, on_.keys());
    auto vote = prepare{at, round, id, on_.keys().self(), {}};
    sign(vote, on_.keys());
    tell_all(on_.luck().percent(50) ? consensus_message{change} : consensus_message{vote});
  }
}

// -- seals -------------------------------------------------------------------------------

sealed_block forged(sealed_block x, forgery how, const signer& by) {
  auto& seals = x.seals.seals;
  auto own = commit{x.seals.at, x.seals.round, x.seals.block_id, by.self(), {}};
  switch (how) {
  case forgery::same_signer_again:
    sign(own, by);
    for (auto& one : seals)
      one = {own.by, own.sig};
    break;
  case forgery::mixed_rounds:
    own.round = round_no{own.round.get() + 1};
    sign(own, by);
    for (auto& one : seals)
      if (one.by == own.by || &one == &seals.back()) one = {own.by, own.sig};
    break;
  case forgery::one_too_few:
    while (seals.size() > 1)
      seals.pop_back();
    break;
  case forgery::strangers:
    for (std::size_t i = 0; i < seals.size(); ++i) {
      auto stranger = model_signer{100 + i};
      own.by = stranger.self();
      sign(own, stranger);
      seals[i] = {own.by, own.sig};
    }
    break;
  case forgery::another_block:
    x.what = sibling(x.what);
    break;
  case forgery::nothing:
    seals.clear();
  }
  return x;
}

void seal_forger::serves(std::vector<sealed_block>& blocks) {
  for (const auto& x : proposed_)
    if (blocks.empty() && x.head.parent == on_.chain_now().id)
      blocks.push_back({x, {x.head.at, round_no{0}, {}, {{on_.keys().self(), {}}}}});
  for (auto& x : blocks) {
    x.what = sibling(x.what);
    x.seals.block_id = block_id(x.what.head);
    x = forged(x, static_cast<forgery>(on_.luck().below(6)), on_.keys());
  }
}

void seal_forger::hears(const consensus_message& what) {
  if (const auto* x = std::get_if<proposal_message>(&what)) keep(proposed_, x->body, on_.luck());
}

/// "The others are further on; ask me."
void seal_forger::lure() {
  auto at = height{on_.chain_now().head.at.get() + on_.luck().between(2, 5)};
  auto x = prepare{at, round_no{0}, {}, on_.keys().self(), {}};
  sign(x, on_.keys());
  tell_all(x);
}

void seal_forger::idles() {
  if (on_.luck().percent(30)) lure();
  if (proposed_.empty()) return;
  auto x = sealed_block{proposed_[on_.luck().below(proposed_.size())], {}};
  x.seals = {x.what.head.at, round_no{0}, block_id(x.what.head), {}};
  for (const auto& who : others())
    x.seals.seals.push_back({who, {}});
  tell_all(forged(x, static_cast<forgery>(on_.luck().below(6)), on_.keys()));
}

} // namespace bpci::consensus::sim
