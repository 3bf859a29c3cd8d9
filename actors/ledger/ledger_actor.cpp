#include "actors/ledger/ledger_actor.hpp"

#include "actors/ledger/telemetry.hpp"
#include "messages/chain/paths.hpp"
#include "messages/codec/canonical.hpp"
#include "messages/codec/json.hpp"
#include "runtime/actor/failpoint.hpp"
#include "runtime/log/log.hpp"
#include "runtime/time/clock.hpp"

namespace bpci::ledger {

namespace {

/// Blocks that wait for those before them: ENGINE and SYNC each hand over one at a time.
constexpr std::size_t appends_max = 64;

} // namespace

failure ledger_actor::still_loading() {
  return fail(ec::unavailable, "LEDGER is loading the chain");
}

ledger_actor::ledger_actor(caf::actor_config& cfg, ledger_options_ptr how)
    : actor_base(cfg), how_(std::move(how)), rules_{how_->modules, how_->verify} {}

caf::behavior ledger_actor::make_behavior() {
  auto loader = start_loading(system(), caf::actor_cast<caf::actor>(this), how_, stop_);
  loader_ = loader.address();
  // Of normal priority: behind what it has sent.
  monitor(loader);
  return block_handlers().or_else(sync_handlers()).or_else(question_handlers());
}

caf::message_handler ledger_actor::block_handlers() {
  return {
      [this](const chain_loaded& x) { loaded(x); },
      [this](const chain::watch_position&) { watch(watchers_); },
      [this](const watch_state&) { watch(state_watchers_); },
      [this](const chain::get_position&) -> caf::result<chain::position> {
        if (!tip_) return to_caf(still_loading());
        return tip_->position();
      },
      [this](const chain::fill_block& x) { return fill(x); },
      [this](const chain::validate_block& x) { return validate(x); },
      [this](const chain::append_block& x) { return append(x); },
  };
}

caf::message_handler ledger_actor::sync_handlers() {
  return {
      [this](const snapshot_written& x) {
        writing_snapshot_ = false;
        if (x.why.code == ec::none)
          log::info("snapshot-written", {{"height", x.at.get()}});
        else
          log::warn(
              "snapshot-not-written",
              {{"height", x.at.get()}, {"code", bpci::name(x.why.code)}, {"detail", x.why.detail}});
      },
      [this](const chain::begin_restore& x) { return begin(x); },
      [this](const chain::add_chunk& x) { return add(x); },
      [this](const chain::finish_restore& x) { return finish(x); },
      [this](const chain_restored& x) { restored(x); },
  };
}

// -- loading -------------------------------------------------------------------------------

void ledger_actor::loaded(const chain_loaded& x) {
  loader_ = nullptr;
  if (!x.what) return give_up(x.why);
  stand_at(std::move(*x.what));
  log::info("chain-loaded", {{"chain", row_.chain_id},
                             {"height", row_.at.get()},
                             {"keys", tip_->keys()},
                             {"root", crypto::to_hex(tip_->state().root())}});
}

void ledger_actor::stand_at(chain_at_hand x) {
  row_ = std::move(x.row);
  tip_.emplace(rules_, std::move(x.start));
  tell();
}

void ledger_actor::give_up(const failure& why) {
  log::error("ledger-gives-up", {{"code", bpci::name(why.code)}, {"detail", why.detail}});
  quit(to_caf(why));
}

void ledger_actor::on_down(const caf::down_msg& what) {
  auto is_it = [&](const auto& x) { return x.address() == what.source; };
  std::erase_if(watchers_, is_it);
  std::erase_if(state_watchers_, is_it);
  // Had it done its work, its word would have come before.
  if (what.source == loader_ || what.source == restorer_)
    give_up(fail(ec::internal, "what worked for LEDGER has ended without a word"));
}

void ledger_actor::on_exit() {
  *stop_ = true;
  watchers_.clear();
  state_watchers_.clear();
  const auto why = to_caf(ec::restarted, "LEDGER has ended");
  for (auto& x : appends_)
    x.answer.deliver(why);
  appends_.clear();
  if (finishing_) finishing_->deliver(why);
  finishing_.reset();
}

// -- who watches ---------------------------------------------------------------------------

void ledger_actor::watch(std::set<caf::actor>& watchers) {
  auto who = caf::actor_cast<caf::actor>(current_sender());
  if (!who) return;
  if (watchers.insert(who).second) monitor<caf::message_priority::high>(who);
  if (!tip_) return;
  if (&watchers == &watchers_)
    send(who, tip_->position());
  else
    send(who, state_now{tip_->state(), row_.at});
}

void ledger_actor::tell() {
  telemetry::height_is(row_.at);
  for (const auto& x : watchers_)
    send(x, tip_->position());
  for (const auto& x : state_watchers_)
    send(x, state_now{tip_->state(), row_.at});
}

// -- blocks --------------------------------------------------------------------------------

caf::result<chain::block_filled> ledger_actor::fill(const chain::fill_block& x) {
  if (!tip_) return to_caf(still_loading());
  auto answer = make_response_promise<chain::block_filled>();
  auto fill_with = [this, x, answer](std::span<const bytes> offered) mutable {
    auto begun = steady_now();
    auto filled = tip_->fill(x, offered);
    telemetry::executed(steady_now() - begun);
    if (filled)
      answer.deliver(std::move(*filled));
    else
      answer.deliver(to_caf(filled.error()));
  };
  auto mempool = how_->find(chain::path::mempool);
  if (!mempool) {
    fill_with({});
    return answer;
  }
  const settings now{tip_->state()};
  ask<chain::transactions_offered>(
      mempool, mempool_max, chain::offer_transactions{now[block_transactions], now[block_bytes]},
      [fill_with](const chain::transactions_offered& y) mutable { fill_with(y.encoded); },
      // An empty block is better than none.
      [fill_with](const failure&) mutable { fill_with({}); });
  return answer;
}

caf::result<chain::block_valid> ledger_actor::validate(const chain::validate_block& x) {
  if (!tip_) return to_caf(still_loading());
  auto begun = steady_now();
  auto judged = tip_->validate(x);
  telemetry::executed(steady_now() - begun);
  if (!judged) return to_caf(judged.error());
  return std::move(*judged);
}

caf::result<chain::position> ledger_actor::append(const chain::append_block& x) {
  if (!tip_) return to_caf(still_loading());
  if (appends_.size() >= appends_max) return to_caf(ec::busy, "blocks wait to be stored");
  auto answer = make_response_promise<chain::position>();
  appends_.push_back({x, answer, steady_now()});
  append_next();
  return answer;
}

void ledger_actor::append_next() {
  while (!appending_ && !appends_.empty()) {
    const auto& what = appends_.front().what;
    auto done_before = tip_->is_stored(what);
    if (!done_before) {
      not_stored(done_before.error());
    } else if (*done_before) {
      appends_.front().answer.deliver(tip_->position());
      appends_.pop_front();
    } else if (finishing_) {
      not_stored(fail(ec::unavailable, "the chain is being restored"));
    } else if (auto step = tip_->prepare(what)) {
      store(*step);
    } else {
      log::error("block-not-appended", {{"height", what.what->what.head.at.get()},
                                        {"code", bpci::name(step.error().code)},
                                        {"detail", step.error().detail}});
      not_stored(step.error());
    }
  }
}

void ledger_actor::store(const tip::step& x) {
  auto pool = how_->find(how_->pool);
  if (!pool) return not_stored(fail(ec::unavailable, "the database"));
  appending_ = true;
  storage::run<void>(this, pool, query_max,
                     [hold = how_->hold, row = x.row, changes = x.changes](pqxx::work& tx) {
                       return store::append(tx, hold, *row, *changes);
                     })
      .then(
          [this, x] {
            failpoint("chain-after-append");
            stored(x);
          },
          [this](const failure& why) {
            appending_ = false;
            not_stored(why);
            if (why.code == ec::conflict)
              give_up(fail(ec::conflict, why.detail + ", which is not what LEDGER has"));
            else
              append_next();
          });
}

void ledger_actor::stored(const tip::step& x) {
  appending_ = false;
  tip_->advance(x);
  row_.at = x.row->head.at;
  row_.id = x.id;
  row_.transactions += x.row->transactions;
  auto done = std::move(appends_.front());
  appends_.pop_front();
  telemetry::appended(x.row->transactions, steady_now() - done.since);
  done.answer.deliver(tip_->position());
  tell();
  snapshot_if_due();
  append_next();
}

/// The first one; whoever has handed it over may do so again.
void ledger_actor::not_stored(const failure& why) {
  auto first = std::move(appends_.front());
  appends_.pop_front();
  first.answer.deliver(to_caf(why));
}

// -- snapshots and restoring ------------------------------------------------------------------

void ledger_actor::snapshot_if_due() {
  if (how_->snapshot_every == 0 || row_.at.get() % how_->snapshot_every != 0) return;
  if (writing_snapshot_) {
    log::warn("snapshot-skipped", {{"height", row_.at.get()}, {"why", "one is being written"}});
    return;
  }
  writing_snapshot_ = true;
  start_snapshot(system(), caf::actor_cast<caf::actor>(this), how_, stop_, tip_->state(),
                 row_.chain_id, row_.at);
}

caf::result<chain::restore_progress> ledger_actor::begin(const chain::begin_restore& x) {
  if (!tip_) return to_caf(still_loading());
  if (finishing_) return to_caf(ec::busy, "another restore is being finished");
  const auto& head = x.at.head;
  if (head.at <= row_.at)
    return to_caf(ec::conflict, "the chain is at block " + std::to_string(row_.at.get()));
  auto manifest = decode_manifest(codec::to_canonical(x.manifest));
  if (!manifest) return to_caf(manifest.error());
  if (manifest->chain_id != row_.chain_id || manifest->at != head.at
      || manifest->state_root != head.state_root)
    return to_caf(ec::malformed, "the manifest is of another block than the header");
  restoring_ = restore{x.at, std::make_shared<restoration>(std::move(*manifest), head.state_root)};
  log::info("restore-begun", {{"height", head.at.get()}, {"chunks", x.manifest.chunks.size()}});
  return chain::restore_progress{restoring_->state->missing()};
}

caf::result<chain::restore_progress> ledger_actor::add(const chain::add_chunk& x) {
  if (!restoring_ || finishing_) return to_caf(ec::not_found, "no restore was begun");
  if (auto added = restoring_->state->add(x.index, *x.data); !added) return to_caf(added.error());
  return chain::restore_progress{restoring_->state->missing()};
}

namespace {

/// Whether these are the blocks up to the header's own, by what each says of its parent.
result<void> check_before(const ledger_options& how, const chain::final_header& at,
                          const std::vector<chain::sealed_block_ptr>& before) {
  const auto wanted = std::min(attendance_blocks, at.head.at.get());
  if (before.size() < wanted || before.size() > attendance_blocks)
    return fail(ec::invalid_argument, std::to_string(wanted) + " blocks are wanted");
  if (before.back()->what.head != at.head)
    return fail(ec::invalid_argument, "the last block is not the one of the header");
  for (auto i = before.size() - 1; i > 0; --i) {
    const auto& x = before[i]->what.head;
    const auto& parent = before[i - 1]->what.head;
    if (x.at.get() != parent.at.get() + 1 || x.parent != how.block_id(parent))
      return fail(ec::invalid_argument,
                  "block " + std::to_string(x.at.get()) + " does not stand upon the one before it");
  }
  return {};
}

} // namespace

caf::result<chain::position> ledger_actor::finish(const chain::finish_restore& x) {
  if (!tip_) return to_caf(still_loading());
  if (!restoring_) return to_caf(ec::not_found, "no restore was begun");
  if (finishing_ || appending_) return to_caf(ec::busy, "another block is being stored");
  if (auto wanting = restoring_->state->missing())
    return to_caf(ec::unavailable, "chunk " + std::to_string(*wanting) + " is wanting");
  if (auto good = check_before(*how_, restoring_->at, x.before); !good) return to_caf(good.error());
  finishing_ = make_response_promise<chain::position>();
  auto restorer = start_restoring(system(), caf::actor_cast<caf::actor>(this), how_, stop_, row_,
                                  {restoring_->state, restoring_->at, x.before});
  restorer_ = restorer.address();
  monitor(restorer);
  return *finishing_;
}

void ledger_actor::restored(const chain_restored& x) {
  restorer_ = nullptr;
  auto answer = std::move(*finishing_);
  finishing_.reset();
  if (!x.what) {
    log::warn("chain-not-restored", {{"code", bpci::name(x.why.code)}, {"detail", x.why.detail}});
    // Whatever else it was may pass.
    if (x.why.code == ec::malformed) restoring_.reset();
    answer.deliver(to_caf(x.why));
    return;
  }
  restoring_.reset();
  stand_at(std::move(*x.what));
  log::info("chain-restored", {{"height", row_.at.get()}, {"keys", tip_->keys()}});
  answer.deliver(tip_->position());
}

std::string ledger_actor::describe() const {
  if (!tip_) return codec::to_text({{"loading", true}});
  return codec::to_text({{"chain", row_.chain_id},
                         {"height", row_.at.get()},
                         {"first_height", row_.first.get()},
                         {"keys", tip_->keys()},
                         {"root", crypto::to_hex(tip_->state().root())},
                         {"appends_waiting", appends_.size()},
                         {"restoring", restoring_.has_value()},
                         {"watchers", watchers_.size()}});
}

} // namespace bpci::ledger
