#include "text.hpp"

#include "keys.hpp"
#include "words.hpp"

namespace bpci::consensus::sim {

namespace {

std::string place(height at, round_no round) {
  return std::to_string(at.get()) + "/" + std::to_string(round.get());
}

std::string claim(const std::optional<prepared_claim>& x) {
  return x ? ", prepared " + brief(x->block_id) + " in " + std::to_string(x->round.get()) : "";
}

struct writer {
  std::string operator()(const proposal_message& x) const {
    auto text = "proposal " + place(x.what.at, x.what.round) + " " + brief(x.what.block_id);
    if (!x.changes.empty()) text += ", " + std::to_string(x.changes.size()) + " changes";
    if (!x.prepares.empty()) text += ", " + std::to_string(x.prepares.size()) + " prepares";
    if (x.body.head.proposer != x.what.by) text += ", made by " + name_of(x.body.head.proposer);
    return text;
  }
  std::string operator()(const prepare& x) const {
    return "prepare " + place(x.at, x.round) + " " + brief(x.block_id);
  }
  std::string operator()(const commit& x) const {
    return "commit " + place(x.at, x.round) + " " + brief(x.block_id);
  }
  std::string operator()(const round_change_message& x) const {
    return "round change " + place(x.what.at, x.what.round) + claim(x.what.prepared);
  }
  std::string operator()(const sealed_block& x) const {
    return "block " + std::to_string(x.what.head.at.get()) + " " + brief(block_id(x.what.head))
           + " with " + std::to_string(x.seals.seals.size()) + " seals of round "
           + std::to_string(x.seals.round.get());
  }
};

} // namespace

std::string text_of(const consensus_message& x) {
  return std::visit(writer{}, x);
}

std::string text_of(const safety_record& x) {
  auto text = place(x.at, x.round);
  if (x.proposed) text += " proposal " + brief(x.proposed->what.block_id);
  if (x.prepared_vote) text += " prepare " + brief(x.prepared_vote->block_id);
  if (x.commit_vote) text += " commit " + brief(x.commit_vote->block_id);
  if (x.change_vote) text += " round change" + claim(x.change_vote->prepared);
  if (x.prepared_block)
    text += " (" + brief(block_id(x.prepared_block->head)) + " prepared in "
            + std::to_string(x.prepared_round.get()) + ")";
  return text;
}

std::string text_of(const evidence& x) {
  constexpr const char* names[] = {"nothing",         "a double proposal",     "a double prepare",
                                   "a double commit", "a double round change", "amnesia"};
  auto kind = static_cast<std::size_t>(x.what);
  auto who = accused_by(x);
  return std::string{kind < 6 ? names[kind] : names[0]} + " of " + (who ? name_of(*who) : "nobody");
}

} // namespace bpci::consensus::sim
