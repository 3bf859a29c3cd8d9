#include "oracle.hpp"

#include "keys.hpp"
#include "runtime/crypto/hash.hpp"
#include "text.hpp"
#include "words.hpp"

#include <algorithm>
#include <set>

namespace bpci::consensus::sim {

namespace {

__extension__ using wide = unsigned __int128;

// Two thirds are enough to decide, one third is too much to lie.
bool is_quorum(std::uint64_t part, std::uint64_t whole) {
  return wide{part} * 3 >= wide{whole} * 2;
}
bool is_third(std::uint64_t part, std::uint64_t whole) {
  return wide{part} * 3 >= wide{whole};
}

std::uint64_t weight_of(const std::vector<validator>& set, const address& who) {
  auto found = std::ranges::find(set, who, &validator::id);
  return found == set.end() ? 0 : found->weight;
}

std::uint64_t total(const std::vector<validator>& set) {
  std::uint64_t sum = 0;
  for (const auto& x : set)
    sum += x.weight;
  return sum;
}

std::string place(height at, std::uint32_t round) {
  return std::to_string(at.get()) + "/" + std::to_string(round);
}

} // namespace

oracle::oracle(const plan& what, const model_ledger& ledger, on_violation tell)
    : plan_(what), ledger_(ledger), tell_(std::move(tell)) {
  std::uint64_t guilty = 0, whole = 0;
  for (std::size_t i = 0; i < what.weights.size(); ++i) {
    whole += what.weights[i];
    guilty += what.is_guilty(i) ? what.weights[i] : 0;
  }
  hopeless_ = is_third(guilty, whole);
}

void oracle::accuse(std::size_t process, const std::string& what) {
  tell_("p" + std::to_string(process) + " " + what);
}

const hash* oracle::at(std::uint64_t h) const {
  auto found = first_.find(h);
  return found == first_.end() ? nullptr : &found->second;
}

// -- what is said ------------------------------------------------------------------------

oracle::height_said& oracle::of(const address& by, height at) {
  auto& all = said_[number_of(by)];
  auto& out = all[at.get()];
  // One that was alone still speaks of a height that the others have long left.
  while (all.size() > 64)
    all.erase(all.begin());
  return out;
}

/// One statement of a kind in a round, and none in a round that has been left.
void oracle::once(std::size_t process, const address& by, const char* what,
                  std::optional<hash>& before, const hash& now, height_said& all,
                  std::uint32_t round) {
  if (before == now) return;
  if (before)
    return accuse(process, "as " + name_of(by) + " makes two " + what + "s in round "
                               + std::to_string(round));
  before = now;
  auto later = std::find_if(all.upper_bound(round), all.end(),
                            [](const auto& x) { return x.second.change.has_value(); });
  if (later != all.end())
    accuse(process, "as " + name_of(by) + " makes a " + what + " in round " + std::to_string(round)
                        + " and wanted round " + std::to_string(later->first) + " before");
}

void oracle::said(std::size_t process, const consensus_message& what) {
  auto key = key_of(plan_.key(process));
  std::visit(
      [&](const auto& x) {
        using T = std::decay_t<decltype(x)>;
        if constexpr (std::is_same_v<T, sealed_block>) {
          return;
        } else if constexpr (std::is_same_v<T, proposal_message>) {
          if (x.what.by != key) return;
          auto& all = of(key, x.what.at);
          auto all_of_it = crypto::sha256(codec::to_canonical(x.what));
          once(process, key, "proposal", all[x.what.round.get()].proposal, all_of_it, all,
               x.what.round.get());
        } else if constexpr (std::is_same_v<T, round_change_message>) {
          if (x.what.by != key) return;
          said_change(process, x.what, of(key, x.what.at));
          watch_haste(process, x.what);
        } else {
          if (x.by != key) return;
          constexpr auto is_prepare = std::is_same_v<T, prepare>;
          auto& all = of(key, x.at);
          auto& here = all[x.round.get()];
          once(process, key, is_prepare ? "prepare" : "commit",
               is_prepare ? here.prepare : here.commit, x.block_id, all, x.round.get());
          watch_vote(process, x.at, x.round.get(), x.block_id);
          if constexpr (!is_prepare) watch_commit(process, x);
        }
      },
      what);
}

/// Whoever has committed to a block says so for ever.
void oracle::said_change(std::size_t process, const round_change& x, height_said& all) {
  auto& before = all[x.round.get()].change;
  if (before && before->prepared != x.prepared)
    accuse(process, "makes two round changes at " + place(x.at, x.round.get()));
  before = x;
  for (const auto& [round, what] : all) {
    if (round >= x.round.get() || !what.commit) continue;
    if (!x.prepared || x.prepared->round.get() < round)
      accuse(process, "has committed at " + place(x.at, round) + " and forgets it at "
                          + place(x.at, x.round.get()));
  }
}

// -- what it leads to ------------------------------------------------------------------------

const std::vector<validator>* oracle::validators_of(height at) const {
  if (at.get() == 1) return &ledger_.genesis()->validators;
  const auto* parent = this->at(at.get() - 1);
  auto state = parent ? ledger_.find(*parent) : nullptr;
  return state ? &state->validators : nullptr;
}

template <class Has>
bool oracle::may_be_quorum(height at, Has has) const {
  const auto* set = validators_of(at);
  if (!set) return false;
  std::uint64_t part = 0;
  for (const auto& v : *set) {
    auto key = number_of(v.id);
    auto said = said_.find(key);
    const height_said* here = nullptr;
    if (said != said_.end())
      if (auto found = said->second.find(at.get()); found != said->second.end())
        here = &found->second;
    if (plan_.is_guilty(key) || (here && has(*here))) part += v.weight;
  }
  return is_quorum(part, total(*set));
}

/// Once so many have committed to a block that liars could seal it, nobody may vote for another one
/// in a later round: long before two blocks are final.
void oracle::watch_commit(std::size_t process, const commit& x) {
  if (hopeless_ || sealable_.contains(x.at.get())) return;
  auto round = x.round.get();
  auto same = [&](const height_said& here) {
    auto found = here.find(round);
    return found != here.end() && found->second.commit == x.block_id;
  };
  if (!may_be_quorum(x.at, same)) return;
  sealable_[x.at.get()] = {round, x.block_id};
  for (const auto& [key, heights] : said_) {
    auto found = heights.find(x.at.get());
    if (found == heights.end()) continue;
    for (auto later = found->second.upper_bound(round); later != found->second.end(); ++later)
      if (later->second.prepare && *later->second.prepare != x.block_id)
        accuse(process, "commits to what v" + std::to_string(key) + " has left behind");
  }
}

void oracle::watch_vote(std::size_t process, height at, std::uint32_t round, const hash& id) {
  auto found = sealable_.find(at.get());
  if (found == sealable_.end() || round <= found->second.round || found->second.id == id) return;
  accuse(process, "votes for " + brief(id) + " at " + place(at, round) + ", and "
                      + brief(found->second.id) + " may be final since round "
                      + std::to_string(found->second.round));
}

/// Nobody goes on to a round before a quorum is in the one before it.
void oracle::watch_haste(std::size_t process, const round_change& x) {
  if (hopeless_ || x.round.get() < 2) return;
  auto is_there = [&](const height_said& here) {
    return here.lower_bound(x.round.get() - 1) != here.end();
  };
  if (validators_of(x.at) && !may_be_quorum(x.at, is_there))
    accuse(process,
           "asks for " + place(x.at, x.round.get()) + " and no quorum can be in the round before");
}

// -- what is decided -----------------------------------------------------------------------

void oracle::decided(std::size_t process, const sealed_block& what) {
  const auto& head = what.what.head;
  auto id = block_id(head);
  auto h = head.at.get();
  auto [first, is_new] = first_.emplace(h, id);
  if (is_new) rounds_.emplace(h, what.seals.round);
  if (first->second != id) {
    disagreed_ = true;
    if (!hopeless_)
      accuse(process, "decides " + brief(id) + " at height " + std::to_string(h) + ", another one "
                          + brief(first->second));
  }
  auto parent = ledger_.find(head.parent);
  if (!parent) return accuse(process, "decides a block whose parent nobody has executed");
  check_seals(process, what, *parent);
  check_block(process, what, *parent);
}

void oracle::check_seals(std::size_t process, const sealed_block& what, const chain_state& parent) {
  const auto& seals = what.seals;
  std::set<address> by;
  std::uint64_t part = 0;
  for (const auto& x : seals.seals) {
    auto vote = commit{seals.at, seals.round, seals.block_id, x.by, x.sig};
    if (!by.insert(x.by).second || !is_signed(vote)) continue;
    part += weight_of(parent.validators, x.by);
  }
  if (seals.block_id != block_id(what.what.head) || seals.at != what.what.head.at)
    accuse(process, "decides by the seals of another block");
  if (!is_quorum(part, total(parent.validators)))
    accuse(process, "decides by seals of the weight " + std::to_string(part) + " of "
                        + std::to_string(total(parent.validators)));
}

void oracle::check_block(std::size_t process, const sealed_block& what, const chain_state& parent) {
  const auto& head = what.what.head;
  if (head.chain_id != chain_name || head.at.get() != parent.head.at.get() + 1)
    accuse(process, "decides a block of another chain or place");
  if (head.time <= parent.head.time) accuse(process, "decides a block older than its parent");
  if (weight_of(parent.validators, head.proposer) == 0)
    accuse(process, "decides a block of somebody who is no validator");
  for (const auto& raw : what.what.transactions) {
    auto x = codec::from_canonical<transaction>(raw);
    if (!x || std::ranges::binary_search(parent.done, x->id))
      accuse(process, "decides a transaction twice, or what is none");
  }
}

void oracle::stored(std::size_t process, const chain_state& after) {
  const auto* first = at(after.head.at.get());
  if (hopeless_ || (first && *first == after.id)) return;
  if (!plan_.is_guilty(plan_.key(process))) accuse(process, "stores what nobody has decided");
}

// -- who is accused -----------------------------------------------------------------------

void oracle::reported(std::size_t process, const evidence& what) {
  auto who = accused_by(what);
  if (!who) return accuse(process, "has a proof that proves nothing: " + text_of(what));
  if (!plan_.is_guilty(number_of(*who)))
    accuse(process, "has a proof against " + name_of(*who) + ", who is honest: " + text_of(what));
  ++proofs_;
  accused_[*who].push_back(what.what);
}

void oracle::halted(std::size_t process, const halt& what) {
  ++halts_;
  if (!hopeless_) accuse(process, "halts without need: " + what.why);
  std::uint64_t part = 0;
  std::size_t wronged = 0;
  for (const auto& who : what.culprits) {
    if (!plan_.is_guilty(number_of(who))) ++wronged;
    part += plan_.weights[number_of(who)];
  }
  // Across rounds whoever has not heard the false round changes can only name who sealed both, and
  // an honest one that was deceived is among them (certificates.hpp). Within a round nobody is.
  auto same_round = what.ours.round == what.theirs.round;
  if (wronged > 0 && (same_round || wronged == what.culprits.size()))
    accuse(process, "halts and names an honest validator");
  wronged_ += wronged;
  std::uint64_t whole = 0;
  for (auto weight : plan_.weights)
    whole += weight;
  if (!is_third(part, whole)) accuse(process, "halts and names less than a third of the weight");
}

} // namespace bpci::consensus::sim
