#include "actors/consensus/engine_state.hpp"

#include <algorithm>

/// "Why is it stuck?"
namespace bpci::consensus {

namespace {

std::string in_round(const char* what, round_no round) {
  return std::string{what} + std::to_string(round.get());
}

} // namespace

standing engine::state::describe() const {
  standing out;
  if (!begun) {
    out.doing = "waiting for the chain";
    return out;
  }
  out.at = at;
  out.round = round;
  out.proposer = proposer(round);
  out.doing = doing();
  if (offer && offer->accepted) out.accepted = offer->what.what.block_id;
  if (auto claim = safety.prepared()) out.prepared = claim->block_id;
  for (const auto& [id, weight] : set.members()) {
    peer_standing peer{id, weight, std::nullopt, false, false, false, false};
    auto saw = [&](const auto& of) {
      if (of.empty()) return;
      auto newest = of.rbegin()->first;
      peer.round = peer.round ? std::max(*peer.round, newest) : newest;
    };
    saw(book.proposals.of(id));
    saw(book.prepares.of(id));
    saw(book.commits.of(id));
    saw(book.changes.of(id));
    peer.proposed = book.proposals.find(id, round) != nullptr;
    peer.prepared = book.prepares.find(id, round) != nullptr;
    peer.committed = book.commits.find(id, round) != nullptr;
    peer.wants_change = book.changes.find(id, round) != nullptr;
    out.validators.push_back(std::move(peer));
  }
  out.missing = missing();
  return out;
}

voice engine::state::describe_voice() const {
  voice out;
  if (!begun) return out;
  out.is_validator = set.contains(keys->self());
  out.signs = safety.may_sign() && halted.empty();
  if (!out.is_validator || out.signs) return out;
  auto from = " it signs again from height " + std::to_string(safety.silent_below().get());
  if (!halted.empty())
    out.why_not = halted;
  else if (safety.is_watching())
    out.why_not = "its record was lost:" + from + " at the earliest";
  else
    out.why_not = "blocks were lost, its record was not:" + from;
  return out;
}

std::string engine::state::doing() const {
  if (!halted.empty()) return "halted: " + halted;
  if (decided) return "storing the block";
  if (formed) return "fetching the block that is final";
  if (safety.is_watching()) return "watching: its record was lost";
  if (!safety.may_sign())
    return set.contains(keys->self()) ? "watching: blocks were lost" : "watching";
  if (offer && offer->committed) return in_round("waiting for commits of round ", round);
  if (offer && offer->accepted) return in_round("waiting for prepares of round ", round);
  if (offer && offer->refused) return "waiting for the next round: the block is invalid";
  if (offer) return "checking the block";
  if (making) return "making a block";
  if (round == round_no{0} && !work && !shown) return "waiting for work";
  if (round > round_no{0} && !set.is_quorum(weight_of(changes.all(round), set)))
    return in_round("waiting for a quorum to ask for round ", round);
  return "waiting for the proposal";
}

/// Of the next step.
std::vector<address> engine::state::missing() const {
  std::vector<address> out;
  auto without = [&](auto has) {
    for (const auto& v : set.members())
      if (!has(v.id)) out.push_back(v.id);
  };
  if (decided || formed || !halted.empty()) return out;
  if (offer && offer->committed)
    without([&](const address& id) { return book.commits.find(id, round) != nullptr; });
  else if (offer && offer->accepted)
    without([&](const address& id) { return book.prepares.find(id, round) != nullptr; });
  else if (offer || making)
    return out;
  else if (round > round_no{0} && !set.is_quorum(weight_of(changes.all(round), set)))
    without([&](const address& id) { return book.changes.find(id, round) != nullptr; });
  else if (round > round_no{0} || work || shown)
    out.push_back(proposer(round));
  return out;
}

} // namespace bpci::consensus
