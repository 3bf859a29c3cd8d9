#pragma once

#include "actors/consensus/validator_set.hpp"
#include "messages/consensus/votes.hpp"

#include <map>
#include <optional>
#include <vector>

namespace bpci::consensus {

/// Of every validator its votes of one type in the newest rounds; in each round the first one
/// stands. So there are never more than `rounds_kept` a validator, whatever rounds it makes up: an
/// honest one votes in rounds that grow, and needs only the newest.
template <class Vote>
class votes {
public:
  static constexpr std::size_t rounds_kept = 8;

  struct outcome {
    bool fresh = false;
    const Vote* other = nullptr; ///< what it said before in this round, if something else
  };

  /// A validator's, its signature checked.
  outcome add(const Vote& x) {
    auto& of = votes_[x.by];
    if (auto found = of.find(x.round); found != of.end()) {
      auto same = same_words(found->second, x);
      return {false, same ? nullptr : &found->second};
    }
    if (of.size() >= rounds_kept) {
      if (x.round < of.begin()->first) return {};
      of.erase(of.begin());
    }
    of.emplace(x.round, x);
    return {true, nullptr};
  }

  [[nodiscard]] const Vote* find(const address& by, round_no round) const {
    auto of = votes_.find(by);
    if (of == votes_.end()) return nullptr;
    auto found = of->second.find(round);
    return found == of->second.end() ? nullptr : &found->second;
  }

  /// By round.
  [[nodiscard]] const std::map<round_no, Vote>& of(const address& by) const {
    static const std::map<round_no, Vote> none;
    auto found = votes_.find(by);
    return found == votes_.end() ? none : found->second;
  }

  [[nodiscard]] std::uint64_t weight(round_no round, const hash& block_id,
                                     const validator_set& set) const {
    std::uint64_t out = 0;
    for (const auto& [by, rounds] : votes_)
      if (auto found = rounds.find(round);
          found != rounds.end() && found->second.block_id == block_id)
        out += set.weight_of(by);
    return out;
  }

  /// Those of a round for a block, sorted by validator.
  [[nodiscard]] std::vector<Vote> all(round_no round, const hash& block_id) const {
    std::vector<Vote> out;
    for (const auto& [by, rounds] : votes_)
      if (auto found = rounds.find(round);
          found != rounds.end() && found->second.block_id == block_id)
        out.push_back(found->second);
    return out;
  }

private:
  static bool same_words(Vote x, const Vote& y) {
    x.sig = y.sig;
    return x == y;
  }

  std::map<address, std::map<round_no, Vote>> votes_;
};

template <class Vote>
std::uint64_t weight_of(const std::vector<Vote>& all, const validator_set& set) {
  std::uint64_t out = 0;
  for (const auto& x : all)
    out += set.weight_of(x.by);
  return out;
}

/// The votes of one height.
struct vote_book {
  votes<proposal> proposals;
  votes<prepare> prepares;
  votes<commit> commits;
  votes<round_change> changes; ///< also those that came within a proposal

  /// If a quorum has committed what `newest` commits.
  [[nodiscard]] std::optional<certificate> certificate_of(const commit& newest,
                                                          const validator_set& set) const;
};

/// The round changes that count: of every validator the one of the highest round, with what its
/// claim rests on. Each block is kept once, and there are hardly two: each has a quorum.
class change_book {
public:
  /// It is valid, and of a later round than what is there of its validator.
  void add(const round_change_message& x);

  /// Exactly of this round.
  [[nodiscard]] std::vector<round_change> all(round_no round) const;
  [[nodiscard]] const round_change* find(const address& by) const;
  /// What its claim rests on.
  [[nodiscard]] const std::vector<prepare>& prepares_of(const address& by) const;
  /// The weight of those who want this round or a later one.
  [[nodiscard]] std::uint64_t weight_from(round_no round, const validator_set& set) const;
  /// The highest round that a weak set has reached, if above `round`.
  [[nodiscard]] std::optional<round_no> weak_above(round_no round, const validator_set& set) const;
  /// The block of an id, if a claim holds it.
  [[nodiscard]] const block* body_of(const hash& block_id) const;

private:
  struct entry {
    round_change what;
    std::vector<prepare> prepares;
  };

  void forget_unclaimed();

  std::map<address, entry> newest_;
  std::map<hash, block> bodies_;
};

} // namespace bpci::consensus
