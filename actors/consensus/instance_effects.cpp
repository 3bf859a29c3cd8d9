#include "actors/consensus/body.hpp"
#include "actors/consensus/instance_actor.hpp"
#include "actors/consensus/marker.hpp"
#include "actors/consensus/telemetry.hpp"
#include "runtime/crypto/hash.hpp"
#include "runtime/log/log.hpp"
#include "runtime/storage/sql.hpp"
#include "runtime/time/clock.hpp"

#include <algorithm>

/// How an INSTANCE carries out what the core says.
namespace bpci::consensus {

namespace {

/// A record that takes longer is given up: its height begins anew, with the record that there is.
constexpr auto write_record_max = milliseconds{4'000};

constexpr auto offer_evidence_max = milliseconds{500};

/// Blocks of one height whose evidence is known to be good; it can be checked again.
constexpr std::size_t remembered_max = 16;

/// Before LEDGER is asked again; doubles up to the longest.
constexpr auto pause_min = milliseconds{50};
constexpr auto pause_max = milliseconds{5'000};

milliseconds longer(milliseconds pause) {
  return std::min(pause * 2, pause_max);
}

} // namespace

void instance_actor::later(milliseconds after, std::function<void()> what) {
  delayed_send(this, after, later_call{std::move(what)});
}

// -- the record ------------------------------------------------------------------------

void instance_actor::perform(persist& x) {
  auto pool = shared_->find(path::pool);
  if (!pool) return lose_record(fail(ec::unavailable, "the database"));
  auto self = shared_->keys->self();
  if (!core_->is_marked) {
    // Once in the life of a validator on this machine; it may as well block.
    if (auto ok = make_marker(marker_path(shared_->data_dir, self)); !ok)
      return lose_record(ok.error());
    core_->is_marked = true;
  }
  waiting_ = true;
  began_recording_ = steady_now();
  storage::run<void>(this, pool, write_record_max,
                     [by = shared_->hold, chain_id = shared_->how.chain_id, self,
                      life = core_->life, record = store::record_bytes(x.what), at = x.what.at,
                      round = x.what.round](pqxx::work& tx) {
                       return store::write_record(tx, by, chain_id, self, life, record, at, round);
                     })
      .then([this] { recorded(); }, [this](const failure& why) { lose_record(why); });
}

void instance_actor::recorded() {
  telemetry::recorded(steady_now() - began_recording_);
  waiting_ = false;
  pump();
}

/// What stands in the database now is not known, and nothing that it would cover was said. So this
/// life ends here.
void instance_actor::lose_record(const failure& why) {
  stopped_ = true;
  if (why.code == ec::fenced) {
    stop(engine_stopped::kind::moved_away, "another member holds the validator now");
    return quit();
  }
  log::error("validator-record-failed",
             {{"height", at_.get()}, {"code", bpci::name(why.code)}, {"detail", why.detail}});
  quit(to_caf(why.code == ec::unavailable ? why : fail(ec::storage_failed, why.detail)));
}

// -- to others ---------------------------------------------------------------------------

void instance_actor::tell_peers(std::vector<consensus::address> to, const consensus_message& what) {
  if (to.empty()) return; // it would be everybody
  auto message = std::visit(
      [](const auto& x) { return std::make_shared<const chain::peer_message>(x); }, what);
  tell(chain::path::peers, chain::tell_peers{std::move(to), std::move(message), {}});
}

void instance_actor::perform(broadcast& x) {
  std::vector<consensus::address> others;
  const auto self = shared_->keys->self();
  for (const auto& v : where_.head->validators)
    if (v.id != self) others.push_back(v.id);
  tell_peers(std::move(others), x.what);
  core_->inbox.push_back(arrived{self, std::move(x.what)});
}

void instance_actor::perform(send_to& x) {
  tell_peers({x.to}, x.what);
}

void instance_actor::perform(report_evidence& x) {
  tell(chain::path::evidence, chain::evidence_found{std::move(x.what)});
}

void instance_actor::perform(fall_behind& x) {
  tell(chain::path::sync, fell_behind{x.ask, x.at});
}

void instance_actor::perform(halt& x) {
  std::string who;
  for (const auto& one : x.culprits)
    who += (who.empty() ? "; by " : ", ") + crypto::to_hex(one);
  stop(engine_stopped::kind::halted, x.why + who);
}

void instance_actor::stop(engine_stopped::kind what, std::string why) {
  stopped_ = true;
  log::error("consensus-stopped", {{"height", at_.get()}, {"why", why}});
  if (auto engine = caf::actor_cast<caf::actor>(engine_))
    send(engine, engine_stopped{what, std::move(why)});
}

// -- timers ------------------------------------------------------------------------------

void instance_actor::perform(start_timer& x) {
  auto& now = timers_[x.what.what];
  if (now.token != 0 && now.what.at == x.what.at && now.what.round == x.what.round) return;
  now = {x.what, ++tokens_};
  later(x.after, [this, kind = x.what.what, token = now.token] { expire(kind, token); });
}

void instance_actor::expire(timer_expired::kind what, std::uint64_t token) {
  auto found = timers_.find(what);
  if (found == timers_.end() || found->second.token != token) return;
  found->second.token = 0;
  feed(found->second.what);
}

// -- a block of its own --------------------------------------------------------------------

void instance_actor::perform(make_block& x) {
  auto evidence_actor = shared_->find(chain::path::evidence);
  if (!evidence_actor) return choose_evidence(x, {});
  ask<chain::evidence_offered>(
      evidence_actor, offer_evidence_max, chain::offer_evidence{},
      [this, x](const chain::evidence_offered& found) { choose_evidence(x, found.what); },
      [this, x](const failure&) { choose_evidence(x, {}); });
}

void instance_actor::choose_evidence(make_block why, std::vector<evidence> offered) {
  if (!core_) return;
  auto head = *where_.head;
  head.late = core_->core.late_seals();
  auto skeleton = block_upon(head, shared_->how.chain_id, shared_->keys->self(), wall_now());
  if (offered.size() > evidence_in_block_max) offered.resize(evidence_in_block_max);
  std::set<height> wanted;
  for (const auto& one : offered)
    if (auto what = offence_of(one)) wanted.insert(what->at);
  know_heights(where_, wanted,
               [this, why, offered = std::move(offered),
                skeleton = std::move(skeleton)](result<heights_known> known) mutable {
                 if (!core_) return;
                 if (!known) return make_nothing(why, known.error());
                 std::set<offence> seen;
                 chain::evidence_list verified;
                 for (auto& one : offered) {
                   auto what = offence_of(one);
                   if (!what || what->at >= skeleton.head.at || seen.contains(*what)) continue;
                   auto then = known->find(what->at);
                   if (then == known->end()) continue;
                   auto good = verify(one, then->second, core_->core.signatures());
                   if (!good) continue;
                   seen.insert(*what);
                   verified.push_back(*good);
                   skeleton.misbehaviour.push_back(std::move(one));
                 }
                 fill(why, std::move(skeleton), std::move(verified));
               });
}

void instance_actor::fill(make_block why, block skeleton, chain::evidence_list verified) {
  auto ledger = shared_->find(chain::path::ledger);
  if (!ledger) return make_nothing(why, fail(ec::unavailable, "the ledger"));
  ask<chain::block_filled>(
      ledger, ledger_execute_max,
      chain::fill_block{std::make_shared<const block>(std::move(skeleton)), verified},
      [this, why, verified](const chain::block_filled& x) { complete(why, x, verified); },
      [this, why](const failure& reason) { make_nothing(why, reason); });
}

/// LEDGER learns under which id it has executed the block, so that it need not do it again.
void instance_actor::complete(make_block why, const chain::block_filled& x,
                              chain::evidence_list verified) {
  if (!core_) return;
  auto is_empty =
      x.what->transactions.empty() && x.what->misbehaviour.empty() && !where_.change_due;
  if (is_empty) return make_nothing(why, fail(ec::none));
  auto made = std::make_shared<block>(*x.what);
  fix_roots(*made);
  auto id = block_id(made->head);
  auto ledger = shared_->find(chain::path::ledger);
  if (!ledger) return make_nothing(why, fail(ec::unavailable, "the ledger"));
  ask<chain::block_valid>(
      ledger, ledger_execute_max, chain::validate_block{made, id, verified, x.ticket},
      [this, why, made, id, verified](const chain::block_valid& said) {
        if (!core_) return;
        if (!said.valid) return make_nothing(why, fail(ec::internal, said.why));
        remember(id, verified);
        if (proposed_ == decltype(proposed_){}) proposed_ = steady_now();
        feed(block_made{why.at, why.round, *made});
      },
      [this, why](const failure& reason) { make_nothing(why, reason); });
}

/// A block that is none is refused by the core, which then waits until it hears of work again: in a
/// second at most.
void instance_actor::make_nothing(make_block why, const failure& reason) {
  if (reason.code != ec::none)
    log::warn(
        "block-not-made",
        {{"height", why.at.get()}, {"code", bpci::name(reason.code)}, {"detail", reason.detail}});
  feed(block_made{why.at, why.round, block{}});
}

// -- blocks of others ----------------------------------------------------------------------

void instance_actor::perform(check_block& x) {
  auto what = std::make_shared<const block>(std::move(x.what));
  auto refuse = [this, what, id = x.block_id](const failure& why) {
    log::warn("block-refused", {{"height", what->head.at.get()},
                                {"block", crypto::to_hex(id)},
                                {"proposer", crypto::to_hex(what->head.proposer)},
                                {"why", to_string(why)}});
    feed(block_checked{what->head.at, id, false});
  };
  auto seals = check_seals_in(*what, sealed_heights(where_), core_->core.signatures());
  if (!seals) return refuse(seals.error());
  auto wanted = heights_of(*what);
  if (!wanted) return refuse(wanted.error());
  know_heights(where_, *wanted,
               [this, what, refuse, id = x.block_id](const result<heights_known>& known) {
                 if (!core_) return;
                 // It is looked at again in the next round.
                 if (!known) return;
                 auto verified = check_block_evidence(*what, *known, core_->core.signatures());
                 if (!verified) return refuse(verified.error());
                 remember(id, *verified);
                 validate({what, id, *verified, 0}, pause_min);
               });
}

void instance_actor::remember(const hash& id, chain::evidence_list verified) {
  if (verified_.size() >= remembered_max) verified_.clear();
  verified_.insert_or_assign(id, std::move(verified));
}

void instance_actor::validate(chain::validate_block x, milliseconds pause) {
  auto again = [this, x, pause](const failure& why) {
    if (why.code == ec::unsupported) return stop(engine_stopped::kind::outdated, to_string(why));
    later(pause, [this, x, pause] {
      if (is_at_work()) validate(x, longer(pause));
    });
  };
  auto ledger = shared_->find(chain::path::ledger);
  if (!ledger) return again(fail(ec::unavailable));
  ask<chain::block_valid>(
      ledger, ledger_execute_max, x,
      [this, what = x.what](const chain::block_valid& said) {
        if (!said.valid)
          log::warn("block-refused", {{"height", what->head.at.get()},
                                      {"block", crypto::to_hex(said.id)},
                                      {"proposer", crypto::to_hex(what->head.proposer)},
                                      {"why", said.why}});
        feed(block_checked{what->head.at, said.id, said.valid});
      },
      again);
}

void instance_actor::perform(consensus::finalize& x) {
  auto id = x.what.seals.block_id;
  append(std::make_shared<const sealed_block>(std::move(x.what)), id, pause_min);
}

void instance_actor::append(chain::sealed_block_ptr what, const hash& id, milliseconds pause) {
  if (!is_at_work()) return;
  if (auto known = verified_.find(id); known != verified_.end())
    return append_with({what, id, known->second}, pause);
  // It came whole, or was never looked at here.
  auto again = [this, what, id, pause] {
    later(pause, [this, what, id, pause] { append(what, id, longer(pause)); });
  };
  auto wanted = heights_of(what->what);
  if (!wanted)
    return stop(engine_stopped::kind::diverged, "a final block: " + to_string(wanted.error()));
  know_heights(where_, *wanted, [this, what, id, again, pause](const result<heights_known>& known) {
    if (!is_at_work()) return;
    if (!known) return again();
    auto verified = check_block_evidence(what->what, *known, core_->core.signatures());
    if (!verified && verified.error().code == ec::not_found) {
      // Below a snapshot: SYNC asks others who the validators were.
      tell(chain::path::sync, fell_behind{{}, at_});
      return again();
    }
    if (!verified)
      return stop(engine_stopped::kind::diverged, "a final block: " + to_string(verified.error()));
    append_with({what, id, *verified}, pause);
  });
}

void instance_actor::append_with(chain::append_block x, milliseconds pause) {
  auto refused = [this, x, pause](const failure& why) {
    if (!is_at_work()) return;
    if (why.code == ec::invalid_argument)
      return stop(engine_stopped::kind::diverged,
                  "what the others agree on is not what this node computes: " + why.detail);
    if (why.code == ec::unsupported) return stop(engine_stopped::kind::outdated, to_string(why));
    if (why.code == ec::fenced) return lose_record(why);
    log::warn("block-not-stored",
              {{"height", at_.get()}, {"code", bpci::name(why.code)}, {"detail", why.detail}});
    later(pause, [this, x, pause] {
      if (is_at_work()) append_with(x, longer(pause));
    });
  };
  auto ledger = shared_->find(chain::path::ledger);
  if (!ledger) return refused(fail(ec::unavailable, "the ledger"));
  ask<chain::position>(
      ledger, ledger_execute_max, x, [this](const chain::position& now) { appended(now); },
      refused);
}

void instance_actor::appended(const chain::position& now) {
  if (!core_) return;
  if (proposed_ != decltype(proposed_){}) telemetry::decision_took(steady_now() - proposed_);
  move({now});
}

} // namespace bpci::consensus
