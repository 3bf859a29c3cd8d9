#include "actors/consensus/body.hpp"
#include "actors/consensus/engine_state.hpp"
#include "actors/consensus/justification.hpp"

/// What comes in, until it is known who said it and whether it counts; cheap checks first. Nothing
/// is kept before its signatures are checked.
namespace bpci::consensus {

void engine::state::receive(const proposal_message& x, const address&) {
  if (!is_known(x.what, set)) return;
  // Whose turn it is depends on the parent too.
  if (x.body.head.parent != head.id) return upon_other_chain(x.body);
  if (x.what.by != proposer(x.what.round)) return;
  if (block_id(x.body.head) != x.what.block_id
      || justification_hash(x.changes, x.prepares) != x.what.justification)
    return;
  witness(x.what, book);
  if (formed && formed->block_id == x.what.block_id && !body_of(x.what.block_id)
      && roots_match(x.body))
    spare = x.body;
  upon_proposal(x);
}

void engine::state::receive(const prepare& x, const address&) {
  if (!is_known(x, set) || !witness(x, book)) return;
  shown = true;
  // It got another proposal than this validator: if it gets both, there is evidence.
  auto differs = offer && x.round == round && x.block_id != offer->what.what.block_id;
  if (differs && x.by != keys->self()) out.push_back(send_to{x.by, offer->what});
}

void engine::state::receive(const commit& x, const address&) {
  if (!is_known(x, set) || !witness(x, book)) return;
  shown = true;
  auto quorum = book.certificate_of(x, set);
  if (!quorum) return;
  if (const auto* ours = final_here()) {
    if (conflict(*ours, *quorum)) halt_upon(*ours, *quorum, set, book);
    return;
  }
  formed = std::move(quorum);
  if (!body_of(formed->block_id)) fetch_formed();
}

void engine::state::receive(const round_change_message& x, const address& from) {
  const auto* known = changes.find(x.what.by);
  auto is_news = !known || known->round < x.what.round;
  if (is_news ? !is_valid_round_change(x, at, set, check) : !is_known(x.what, set)) return;
  witness(x.what, book);
  if (is_news) changes.add(x);
  shown = true;
  // Only to whoever asks for itself: others could have it flooded with blocks.
  if (x.what.by == from && from != keys->self() && (decided || x.what.round < round)) answer(from);
}

/// Whoever is in a round, or at a height, that is over hears where the others are. [Celo #714: they
/// would wait for each other for ever]
void engine::state::answer(const address& to) {
  if (decided) {
    out.push_back(send_to{to, *decided});
  } else if (auto mine = safety.change_message(); mine && mine->what.round == round) {
    out.push_back(send_to{to, *mine});
  } else if (offer) {
    out.push_back(send_to{to, offer->what});
  }
}

void engine::state::receive(const sealed_block& x, const address& from) {
  if (x.what.head.at != at) return receive_other(x, from);
  // The same again costs nothing.
  if (decided && decided->seals.block_id == x.seals.block_id) return;
  if (!check_sealed_block(x, head, check)) return upon_other_chain(x.what);
  witness(x.seals, book);
  if (const auto* ours = final_here(); ours && conflict(*ours, x.seals))
    return halt_upon(*ours, x.seals, set, book);
  upon_new_block(x);
}

/// A final block of another height: of an earlier one it may contradict what is final here, and of
/// a later one it says how far the others are.
void engine::state::receive_other(const sealed_block& x, const address& from) {
  const auto of = x.what.head.at;
  if (auto found = past.find(of); found != past.end()) {
    auto& was = found->second;
    auto is_other = conflict(was.seals, x.seals) && x.seals.block_id == block_id(x.what.head);
    if (!is_other || !check_certificate(x.seals, was.set, check)) return;
    witness(x.seals, was.book);
    halt_upon(was.seals, x.seals, was.set, was.book);
  }
  auto here = at.get() + (decided ? 1 : 0);
  if (of.get() <= here || x.seals.at != of) return;
  // The validators there are not known; one of those who are must have sealed it.
  auto is_validator = [&](const address& who) {
    return set.contains(who) || next_set.contains(who);
  };
  for (const auto& s : x.seals.seals)
    if (auto vote = commit_of(x.seals, s); is_known(vote, set) || is_known(vote, next_set))
      return hear_of(is_validator(from) ? from : s.by, of, true);
}

const certificate* engine::state::final_here() const {
  if (decided) return &decided->seals;
  return formed ? &*formed : nullptr;
}

/// A height that is decided. Votes are looked at for lies only; whoever asks for a round is told.
void engine::state::receive_late(const consensus_message& x, const address& from) {
  const auto* asks = std::get_if<round_change_message>(&x);
  if (asks && asks->what.by == from) answer_late(asks->what);
  auto found = past.find(origin_of(x)->at);
  if (found == past.end()) return;
  auto& was = found->second;
  if (const auto* vote = std::get_if<prepare>(&x)) {
    if (is_known(*vote, was.set)) witness(*vote, was.book);
  } else if (const auto* change = std::get_if<round_change_message>(&x)) {
    if (is_known(change->what, was.set)) witness(change->what, was.book);
  } else if (const auto* late = std::get_if<commit>(&x)) {
    if (!is_known(*late, was.set) || !witness(*late, was.book)) return;
    auto quorum = was.book.certificate_of(*late, was.set);
    if (quorum && conflict(was.seals, *quorum)) halt_upon(was.seals, *quorum, was.set, was.book);
  }
}

void engine::state::answer_late(const round_change& x) {
  auto was = past.find(x.at);
  auto known = is_known(x, set) || is_known(x, next_set)
               || (was != past.end() && is_known(x, was->second.set));
  if (!known || x.by == keys->self()) return;
  if (last) {
    out.push_back(send_to{x.by, *last});
    return;
  }
  // The block is only on the disk; that it is final is said by those who sealed it.
  for (const auto& s : head.seals.seals)
    out.push_back(send_to{x.by, commit_of(head.seals, s)});
}

/// A height that is still to come. Its validators are known for the next one only; beyond, whoever
/// is known now may say that the others are there.
void engine::state::receive_early(const consensus_message& x) {
  auto from = *origin_of(x);
  auto known = std::visit(
      [&](const auto& m) {
        using type = std::decay_t<decltype(m)>;
        auto either = [&](const auto& vote) {
          return is_known(vote, set) || is_known(vote, next_set);
        };
        if constexpr (std::is_same_v<type, sealed_block>)
          return false;
        else if constexpr (requires { m.what.by; })
          return either(m.what);
        else
          return either(m);
      },
      x);
  if (!known || from.by == keys->self()) return;
  ahead.keep(at, from, x);
  // The next height may just have begun there, above all while a decided block is being stored
  // here.
  auto here = at.get() + (decided ? 1 : 0);
  hear_of(from.by, from.at, from.at.get() > here + 1);
}

} // namespace bpci::consensus
