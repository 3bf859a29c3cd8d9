#include "actors/consensus/engine.hpp"

#include "actors/consensus/body.hpp"
#include "actors/consensus/engine_state.hpp"
#include "actors/consensus/justification.hpp"
#include "actors/consensus/rules.hpp"

namespace bpci::consensus {

engine::engine(engine_settings how, const signer& keys)
    : state_(std::make_unique<state>(std::move(how), keys)) {}

engine::~engine() = default;
engine::engine(engine&&) noexcept = default;
engine& engine::operator=(engine&&) noexcept = default;

effects engine::step(const input& what) {
  auto& s = *state_;
  s.out.clear();
  if (!s.halted.empty() || (!s.begun && !std::holds_alternative<begin>(what.what))) return {};
  s.now = what.now;
  std::visit([&](const auto& x) { s.on(x); }, what.what);
  s.settle();
  return std::exchange(s.out, {});
}

standing engine::where() const {
  return state_->describe();
}

voice engine::has_voice() const {
  return state_->describe_voice();
}

verifier& engine::signatures() noexcept {
  return state_->check;
}

std::vector<certificate> engine::late_seals() const {
  return state_->late_seals();
}

engine::state::state(engine_settings settings, const signer& by)
    : how(std::move(settings)),
      keys(&by),
      check(how.chain_id, by),
      safety(how.chain_id, by, how),
      ahead(how.heights_ahead, how.kept_messages) {}

void engine::state::on(const begin& x) {
  if (begun) return;
  begun = true;
  safety.start(x, now);
  open(x.head);
}

void engine::state::on(const arrived& x) {
  auto of = origin_of(x.what);
  if (of && of->at < at) return receive_late(x.what, x.from);
  if (of && of->at > at) return receive_early(x.what);
  std::visit([&](const auto& m) { receive(m, x.from); }, x.what);
}

void engine::state::on(const work_due&) {
  work = true;
}

void engine::state::on(const timer_expired& x) {
  if (x.at != at || x.round != round) return;
  if (x.what == timer_expired::kind::resend) {
    repeating = false;
    if (!decided) repeat();
  } else if (timing && rules::may_ask(decided.has_value())) {
    upon_timeout();
  }
}

/// The answer to ask_for_block. Whoever asked for the round meanwhile may be bound to a block.
void engine::state::on(const block_made& x) {
  if (x.at != at || x.round != round || !making || decided) return;
  making = false;
  auto why = changes.all(round);
  auto is_free =
      round == round_no{0} || (set.is_quorum(weight_of(why, set)) && !highest_prepared(why));
  if (!is_free) return;
  // One that is not right now will not be until there is news.
  auto is_right =
      check_block_upon(x.what, head, how.chain_id) && x.what.head.proposer == keys->self();
  if (!is_right) {
    work = false;
    return;
  }
  valid = block_id(x.what.head);
  propose(x.what, round == round_no{0} ? std::vector<round_change>{} : std::move(why), {});
}

void engine::state::on(const block_checked& x) {
  if (x.at != at || !offer || offer->accepted || offer->what.what.block_id != x.block_id) return;
  if (!x.valid) {
    offer->refused = true;
    return;
  }
  valid = x.block_id;
  upon_valid_block();
}

void engine::state::on(const advanced& x) {
  const auto& next = x.head;
  if (next.head.at < at) return;
  if (const auto* ours = final_here(); ours && next.head.at == at && next.id != ours->block_id)
    return halt_upon(*ours, next.seals, set, book);
  if (next.head.at == at) {
    auto& was = past[at];
    was = {set, decided ? decided->seals : next.seals, std::move(book), {}};
    if (decided) count_seals(decided->what);
    last = std::exchange(decided, std::nullopt);
  } else {
    past.clear();
    last.reset();
  }
  open(next);
}

} // namespace bpci::consensus
