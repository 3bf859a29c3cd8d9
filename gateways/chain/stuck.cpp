#include "gateways/chain/stuck.hpp"

#include "runtime/crypto/hash.hpp"

#include <algorithm>

namespace bpci::gateway {

namespace {

constexpr std::size_t names_max = 8;

std::string number(const auto& x) {
  return std::to_string(x.get());
}

/// "a1b2.. (no link), c3d4.. (in round 2)"
std::string names_of_missing(const chain::engine_status& x) {
  const auto& all = x.where.missing;
  std::string out;
  for (std::size_t i = 0; i < std::min(all.size(), names_max); ++i)
    out += (i == 0 ? "" : ", ") + short_name(all[i]) + " (" + excuse_of(x, all[i]) + ")";
  if (all.size() > names_max) out += " and " + std::to_string(all.size() - names_max) + " more";
  return out;
}

/// "2 of 4 validators"
std::string share_of_missing(const chain::engine_status& x) {
  const auto count = x.where.validators.size();
  return std::to_string(x.where.missing.size()) + " of " + std::to_string(count)
         + (count == 1 ? " validator" : " validators");
}

/// What the engine says it is doing (actors/consensus/where.cpp), as the rest of a sentence.
std::string waits_for(const chain::engine_status& x) {
  const auto& doing = x.where.doing;
  if (x.where.missing.empty()) return doing;
  const auto missing = "; missing " + names_of_missing(x);
  for (const std::string what : {"prepares", "commits"})
    if (doing.starts_with("waiting for " + what))
      return "waits for " + what + " of " + share_of_missing(x) + missing;
  if (doing.starts_with("waiting for a quorum to ask"))
    return "waits for " + share_of_missing(x) + " to ask for this round" + missing;
  if (doing == "waiting for the proposal")
    return "waits for the proposal of " + names_of_missing(x);
  return doing + missing;
}

std::string about_the_chain(const chain::engine_status& x) {
  const auto at = "Height " + number(x.where.at);
  if (!x.halted.empty()) return at + ": halted, and nothing goes on without people: " + x.halted;
  if (x.syncing)
    return at + ": fetches blocks that others have"
           + (x.seen > x.where.at ? ", up to height " + number(x.seen) : "");
  if (x.where.at == height{0}) return "The chain is being loaded";
  if (x.where.doing == "waiting for work")
    return at + ": there is nothing to decide; a transaction makes the next block";
  return at + ", round " + number(x.where.round) + ": " + waits_for(x);
}

std::string about_this_node(const chain::engine_status& x) {
  if (!x.is_validator) return " This node is no validator of this height: it follows.";
  if (!x.signs)
    return " This node signs nothing: " + (x.why_not.empty() ? "it watches" : x.why_not) + ".";
  return {};
}

} // namespace

std::string short_name(const consensus::address& who) {
  return crypto::to_hex(who).substr(0, 8) + "..";
}

std::string excuse_of(const chain::engine_status& x, const consensus::address& who) {
  if (who == x.self) return "this node";
  if (std::ranges::find(x.unlinked, who) != x.unlinked.end()) return "no link";
  const auto found = std::ranges::find(x.where.validators, who, &consensus::peer_standing::who);
  if (found == x.where.validators.end() || !found->round) return "silent";
  if (*found->round != x.where.round) return "in round " + number(*found->round);
  return "not yet";
}

std::string summary_of(const chain::engine_status& x) {
  return about_the_chain(x) + "." + about_this_node(x);
}

} // namespace bpci::gateway
