#include "tests/bench/null_consensus.hpp"

#include "actors/consensus/body.hpp"
#include "actors/consensus/message_store.hpp"
#include "actors/consensus/quorum.hpp"
#include "actors/consensus/record_store.hpp"
#include "actors/consensus/signing.hpp"
#include "actors/consensus/validator_set.hpp"
#include "runtime/log/log.hpp"
#include "runtime/storage/sql.hpp"
#include "runtime/time/clock.hpp"

namespace bpci::bench {

using namespace consensus;

namespace {

constexpr auto record_max = milliseconds{4'000};

void give_up(const failure& why) {
  log::error("null-consensus-stops", {{"why", to_string(why)}});
}

} // namespace

null_consensus_actor::null_consensus_actor(caf::actor_config& cfg, context_ptr shared)
    : consensus_actor(cfg, std::move(shared)) {}

caf::behavior null_consensus_actor::make_behavior() {
  auto pool = shared_->find(consensus::path::pool);
  storage::run<store::found_record>(this, pool, record_max,
                                    [by = shared_->hold, chain_id = shared_->how.chain_id,
                                     self = shared_->keys->self()](pqxx::work& tx) {
                                      return store::take_record(tx, by, chain_id, self, false);
                                    })
      .then(
          [this](const store::found_record& found) {
            life_ = found.life;
            ready_ = true;
            tell(chain::path::ledger, chain::watch_position{});
            tell(chain::path::mempool, chain::watch_work{});
          },
          give_up);
  return {
      [this](const chain::position& x) { stand_at(x); },
      [this](const chain::work_waiting&) { propose(); },
      [this](const chain::vote_arrived& x) { take(x.what); },
  };
}

void null_consensus_actor::on_exit() {
  where_ = {};
}

std::size_t null_consensus_actor::quorum() const {
  return static_cast<std::size_t>(quorum_of(where_.head->validators.size()));
}

void null_consensus_actor::stand_at(const chain::position& x) {
  if (where_.head && x.head->head.at <= where_.head->head.at) return;
  sealed_.clear();
  for (const auto& one : now_.seals)
    sealed_.insert(one.by);
  where_ = x;
  now_ = {};
  now_.record.at = next();
  early_.erase(early_.begin(), early_.lower_bound(next()));
  if (auto waiting = early_.extract(next()))
    for (const auto& one : waiting.mapped())
      take_now(one);
  tell(chain::path::mempool, chain::watch_work{});
}

// -- a proposal ----------------------------------------------------------------------------

void null_consensus_actor::propose() {
  if (!where_.head || !ready_ || now_.proposing) return;
  const auto set = validator_set{where_.head->validators};
  if (set.proposer(where_.head->head.proposer, {}) != shared_->keys->self()) return;
  now_.proposing = true;
  fill(block_upon(*where_.head, shared_->how.chain_id, shared_->keys->self(), wall_now()));
}

void null_consensus_actor::fill(block skeleton) {
  const auto ledger = shared_->find(chain::path::ledger);
  ask<chain::block_filled>(
      ledger, ledger_execute_max,
      chain::fill_block{std::make_shared<const block>(std::move(skeleton)), {}},
      [this, ledger](const chain::block_filled& x) {
        if (x.what->transactions.empty()) {
          now_.proposing = false;
          return;
        }
        auto made = std::make_shared<block>(*x.what);
        fix_roots(*made);
        const auto id = block_id(made->head);
        ask<chain::block_valid>(
            ledger, ledger_execute_max, chain::validate_block{made, id, {}, x.ticket},
            [this, made, id](const chain::block_valid&) {
              proposal_message out{{next(), {}, id, justification_hash({}, {})}, *made, {}, {}};
              sign_with(*shared_->keys, shared_->how.chain_id, out.what);
              now_.record.proposed = out;
              persist([this, out] {
                tell_others(out);
                count(out);
              });
            },
            give_up);
      },
      [this](const failure&) { now_.proposing = false; });
}

// -- what the others say ---------------------------------------------------------------------

template <class Vote>
bool null_consensus_actor::is_signed(const Vote& x) const {
  return shared_->keys->verify(x.by, signing_bytes(shared_->how.chain_id, x), x.sig);
}

void null_consensus_actor::take(consensus_message what) {
  const auto from = origin_of(what);
  if (!where_.head || !from) return;
  if (from->at > next())
    early_[from->at].push_back(std::move(what));
  else
    take_now(what);
}

void null_consensus_actor::take_now(const consensus_message& what) {
  std::visit(
      [this](const auto& x) {
        if constexpr (requires { count(x); }) {
          if constexpr (requires { x.body; }) {
            if (is_signed(x.what)) count(x);
          } else {
            if (is_signed(x)) count(x);
          }
        }
      },
      what);
}

void null_consensus_actor::count(const proposal_message& x) {
  if (x.what.at != next() || now_.body) return;
  now_.id = block_id(x.body.head);
  now_.body = x.body;
  // Seals of commits that came behind the quorum, or not at all.
  for (const auto& one : x.body.parent_seals.seals)
    if (!sealed_.contains(one.by) && !is_signed(commit_of(x.body.parent_seals, one)))
      return give_up(fail(ec::bad_signature));
  ask<chain::block_valid>(
      shared_->find(chain::path::ledger), ledger_execute_max,
      chain::validate_block{std::make_shared<const block>(x.body), now_.id, {}, 0},
      [this, at = next()](const chain::block_valid&) {
        if (at == next()) validated();
      },
      give_up);
}

void null_consensus_actor::validated() {
  prepare mine{next(), {}, now_.id};
  sign_with(*shared_->keys, shared_->how.chain_id, mine);
  now_.record.prepared_vote = mine;
  persist([this, mine] {
    tell_others(mine);
    count(mine);
  });
}

void null_consensus_actor::count(const prepare& x) {
  if (x.at != next()) return;
  now_.prepares.push_back(x);
  commit_if_prepared();
}

void null_consensus_actor::commit_if_prepared() {
  if (now_.committing || !now_.record.prepared_vote || now_.prepares.size() < quorum()) return;
  now_.committing = true;
  commit mine{next(), {}, now_.id};
  sign_with(*shared_->keys, shared_->how.chain_id, mine);
  now_.record.commit_vote = mine;
  now_.record.prepared_block = now_.body;
  now_.record.prepares = now_.prepares;
  persist([this, mine] {
    tell_others(mine);
    count(mine);
  });
}

void null_consensus_actor::count(const commit& x) {
  if (x.at == where_.head->head.at) sealed_.insert(x.by);
  if (x.at != next()) return;
  now_.seals.push_back({x.by, x.sig});
  store_if_committed();
}

void null_consensus_actor::store_if_committed() {
  if (now_.storing || !now_.body || now_.seals.size() < quorum()) return;
  now_.storing = true;
  auto seals = now_.seals;
  std::ranges::sort(seals, {}, &seal::by);
  auto sealed = std::make_shared<const sealed_block>(
      sealed_block{*now_.body, {next(), {}, now_.id, std::move(seals)}});
  ask<chain::position>(
      shared_->find(chain::path::ledger), ledger_execute_max,
      chain::append_block{std::move(sealed), now_.id, {}},
      [this](const chain::position& x) { stand_at(x); }, give_up);
}

// -- the disk, and the others ------------------------------------------------------------------

/// A height that is over meanwhile has nothing more to say; but its record is written.
void null_consensus_actor::persist(std::function<void()> then) {
  storage::run<void>(this, shared_->find(consensus::path::pool), record_max,
                     [by = shared_->hold, chain_id = shared_->how.chain_id,
                      self = shared_->keys->self(), life = life_,
                      record = store::record_bytes(now_.record), at = next()](pqxx::work& tx) {
                       return store::write_record(tx, by, chain_id, self, life, record, at, {});
                     })
      .then([then = std::move(then)] { then(); }, give_up);
}

void null_consensus_actor::tell_others(const consensus_message& what) {
  std::vector<consensus::address> others;
  for (const auto& v : where_.head->validators)
    if (v.id != shared_->keys->self()) others.push_back(v.id);
  if (others.empty()) return;
  auto message = std::visit(
      [](const auto& x) { return std::make_shared<const chain::peer_message>(x); }, what);
  tell(chain::path::peers, chain::tell_peers{std::move(others), std::move(message), {}});
}

} // namespace bpci::bench
