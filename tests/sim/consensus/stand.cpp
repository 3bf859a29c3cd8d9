#include "stand.hpp"

#include "words.hpp"

namespace bpci::consensus::sim {

namespace {

engine_settings of_model(engine_settings x) {
  x.chain_id = chain_name;
  return x;
}

plan of_equals(std::size_t n) {
  plan out;
  out.weights.assign(n, 1);
  return out;
}

} // namespace

stand::stand(std::size_t self, std::size_t n, engine_settings how, journal_state journal,
             const std::optional<safety_record>& record)
    : signer_(self),
      plan_(of_equals(n)),
      ledger_(plan_),
      engine_(of_model(how), signer_),
      state_(ledger_.genesis()) {
  (void)give(begin{head({}), journal, record});
}

chain_head stand::head(const certificate& seals) const {
  chain_head out;
  out.head = state_->head;
  out.id = state_->id;
  out.seals = seals;
  out.validators = state_->validators;
  out.next = state_->next;
  return out;
}

effects stand::give(event what) {
  auto out = engine_.step({now_, std::move(what)});
  obey(out, 0);
  return out;
}

effects stand::give(const consensus_message& what, std::size_t from) {
  return give(arrived{key_of(from), what});
}

effects stand::time_out() {
  if (!timer_) return {};
  return give(*std::exchange(timer_, std::nullopt));
}

void stand::obey(effects& all, std::size_t from) {
  for (auto i = from; i < all.size(); ++i) {
    std::optional<event> answer;
    if (const auto* x = std::get_if<broadcast>(&all[i])) {
      answer = arrived{signer_.self(), x->what};
    } else if (const auto* make_one = std::get_if<make_block>(&all[i])) {
      answer = block_made{make_one->at, make_one->round, make(number_of(signer_.self()))};
    } else if (const auto* check = std::get_if<check_block>(&all[i])) {
      auto valid = ledger_.execute(state_, check->what, check->block_id) != nullptr;
      answer = block_checked{check->what.head.at, check->block_id, valid};
    } else if (const auto* timer = std::get_if<start_timer>(&all[i])) {
      if (timer->what.what == timer_expired::kind::round) timer_ = timer->what;
    }
    if (!answer) continue;
    for (auto& more : engine_.step({now_, std::move(*answer)}))
      all.push_back(std::move(more));
  }
}

block stand::make(std::size_t proposer, std::uint64_t which) const {
  draft what;
  what.proposer = key_of(proposer);
  what.time = std::max(now_, timestamp_ms{state_->head.time.get() + 1});
  what.transactions.push_back({which, false, {}, 0});
  what.parent_seals = seals_;
  return ledger_.make(*state_, what);
}

proposal_message stand::propose(std::size_t who, std::uint32_t round, const block& what,
                                std::vector<round_change> changes,
                                std::vector<prepare> prepares) const {
  proposal_message out;
  out.what = {here(), round_no{round}, block_id(what.head), {}, key_of(who), {}};
  out.body = what;
  out.changes = std::move(changes);
  out.prepares = std::move(prepares);
  justify(out);
  sign(out.what, model_signer{who});
  return out;
}

prepare stand::prepares(std::size_t who, std::uint32_t round, const hash& id) const {
  auto out = prepare{here(), round_no{round}, id, key_of(who), {}};
  sign(out, model_signer{who});
  return out;
}

commit stand::commits(std::size_t who, std::uint32_t round, const hash& id) const {
  auto out = commit{here(), round_no{round}, id, key_of(who), {}};
  sign(out, model_signer{who});
  return out;
}

round_change_message stand::wants(std::size_t who, std::uint32_t round) const {
  round_change_message out;
  out.what = {here(), round_no{round}, {}, key_of(who), {}};
  sign(out.what, model_signer{who});
  return out;
}

round_change_message stand::wants(std::size_t who, std::uint32_t round, std::uint32_t prepared_in,
                                  const block& what, const std::vector<std::size_t>& by) const {
  round_change_message out;
  auto id = block_id(what.head);
  out.what = {here(), round_no{round}, prepared_claim{round_no{prepared_in}, id}, key_of(who), {}};
  out.prepared_block = what;
  for (auto one : by)
    out.prepares.push_back(prepares(one, prepared_in, id));
  sign(out.what, model_signer{who});
  return out;
}

sealed_block stand::sealed(const block& what, std::uint32_t round,
                           const std::vector<std::size_t>& by) const {
  auto id = block_id(what.head);
  auto out = sealed_block{what, {what.head.at, round_no{round}, id, {}}};
  for (auto one : by) {
    auto vote = commit{what.head.at, round_no{round}, id, key_of(one), {}};
    sign(vote, model_signer{one});
    out.seals.seals.push_back({vote.by, vote.sig});
  }
  return out;
}

effects stand::advance(const sealed_block& what) {
  state_ = ledger_.execute(state_, what.what, block_id(what.what.head));
  seals_ = what.seals;
  return give(advanced{head(what.seals)});
}

} // namespace bpci::consensus::sim
