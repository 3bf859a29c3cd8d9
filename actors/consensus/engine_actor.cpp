#include "actors/consensus/engine_actor.hpp"

#include "actors/consensus/instance_actor.hpp"
#include "actors/consensus/message_store.hpp"
#include "actors/consensus/record_store.hpp"
#include "actors/consensus/telemetry.hpp"
#include "messages/codec/json.hpp"
#include "runtime/log/log.hpp"
#include "runtime/storage/sql.hpp"
#include "runtime/supervision/supervisor_actor.hpp"
#include "runtime/time/clock.hpp"

#include <algorithm>

namespace bpci::consensus {

namespace {

using tick_atom = caf::atom_constant<caf::atom("tick")>;
using keep_halt_atom = caf::atom_constant<caf::atom("keephalt")>;

/// How often those who are missing are looked for.
constexpr auto tick_every = milliseconds{250};

constexpr auto start_instance_max = milliseconds{2'000};
constexpr auto standing_max = milliseconds{1'000};

constexpr auto keep_halt_max = milliseconds{4'000};

/// How soon a halt is written again that the database did not take.
constexpr auto keep_halt_again = milliseconds{1'000};

/// Votes that come while an INSTANCE is being started again. Whoever sent one says it again.
constexpr std::size_t early_max = 1'000;
constexpr std::size_t early_bytes_max = 64 * 1'024 * 1'024;

supervision::child_spec instance_spec(const context_ptr& shared, height at) {
  return {.id = "h-" + std::to_string(at.get()),
          .type = "INSTANCE",
          .spawn = [shared, at](const supervision::spawn_context& in) -> result<caf::actor> {
            return in.system.spawn<instance_actor>(shared, at);
          },
          .policy = supervision::policy::transient,
          .stop_max = std::chrono::seconds{2}};
}

} // namespace

engine_actor::engine_actor(caf::actor_config& cfg, context_ptr shared)
    : consensus_actor(cfg, std::move(shared)) {}

caf::behavior engine_actor::make_behavior() {
  tick();
  return {
      [this](const chain::position& x) { take(x); },
      [this](const chain::vote_arrived& x) { take(x); },
      [this](const chain::work_waiting& x) { take(x); },
      [this](const instance_ready& x) { take(x); },
      [this](const height_decided& x) { take(x); },
      [this](const engine_stopped& x) { take(x); },
      [this](const sync_state& x) { sync_is_ = x; },
      [this](const chain::get_engine&) { return status(); },
      [this](const chain::propose_now&) {
        say_work();
        return status();
      },
      [this](const chain::lift_halt&) { return lift_halt(); },
      [this](tick_atom) { tick(); },
      [this](keep_halt_atom) { keep_halt(); },
  };
}

/// Handles among actors that know each other would keep them in memory.
void engine_actor::on_exit() {
  ledger_ = mempool_ = evidence_ = sync_ = holder_ = nullptr;
  idle_.clear();
  starting_.clear();
  core_.reset();
}

// -- those around it -------------------------------------------------------------------

void engine_actor::tick() {
  watch();
  if (where_.head) advance();
  if (where_.change_due && holder_) send(holder_, work_is_due{});
  delayed_send(this, tick_every, tick_atom::value);
}

void engine_actor::watch() {
  watch_one(ledger_, chain::path::ledger, caf::make_message(chain::watch_position{}));
  watch_one(mempool_, chain::path::mempool, caf::make_message(chain::watch_work{}));
  watch_one(evidence_, chain::path::evidence, caf::make_message(chain::watch_work{}));
}

void engine_actor::watch_one(caf::actor& known, std::string_view where, const caf::message& hello) {
  auto now = shared_->find(where);
  if (!now || now == known) return;
  known = now;
  monitor<caf::message_priority::high>(known);
  send(known, hello);
}

void engine_actor::on_down(const caf::down_msg& what) {
  for (auto* one : {&ledger_, &mempool_, &evidence_})
    if (*one && what.source == one->address()) *one = nullptr;
  if (holder_ && what.source == holder_.address()) {
    log::warn("height-begins-anew", {{"height", holder_at_.get()}});
    holder_ = nullptr;
  }
  auto is_it = [&](const auto& x) { return x.second && x.second.address() == what.source; };
  std::erase_if(idle_, is_it);
  std::erase_if(starting_, is_it);
  if (where_.head) advance();
}

// -- heights -----------------------------------------------------------------------------

void engine_actor::take(const chain::position& x) {
  if (where_.head) {
    auto before = where_.head->head.at;
    if (x.head->head.at < before) return;
    if (x.head->head.at > before) {
      decided_ += x.head->head.at.get() - before.get();
      rounds_ += x.head->seals.round.get();
      last_decided_ = wall_now();
      telemetry::decided(x.head->head.at, x.head->seals.round);
    }
  }
  auto moved = !where_.head || x.head->head.at > where_.head->head.at;
  where_ = x;
  if (moved && holder_ && holder_at_ < wanted()) send(holder_, chain_moved{where_});
  advance();
  if (moved && holder_ && holder_at_ == wanted()) say_work();
}

/// Sees to it that the INSTANCE of the next height has the core, and that the one behind it is
/// there.
void engine_actor::advance() {
  if (stopped_) return;
  for (auto it = idle_.begin(); it != idle_.end();) {
    auto next = std::next(it);
    if (it->first < wanted() || it->first.get() > wanted().get() + 1) {
      send(it->second, dismissed{});
      idle_.erase(it);
    }
    it = next;
  }
  if (!holder_) give_core(wanted());
  auto standby = height{std::max(holder_at_, wanted()).get() + (holder_ ? 1 : 0)};
  if (!idle_.contains(standby)) start(standby);
}

void engine_actor::give_core(height at) {
  auto found = idle_.find(at);
  if (found == idle_.end()) return start(at);
  holder_ = found->second;
  holder_at_ = at;
  idle_.erase(found);
  starting_.erase(at);
  if (core_)
    send(holder_, carry_on{std::exchange(core_, nullptr), where_});
  else
    send(holder_, begin_anew{where_});
  for (auto& x : std::exchange(early_, {}))
    send(holder_, std::move(x));
  early_bytes_ = 0;
  say_work();
}

void engine_actor::start(height at) {
  if (starting_.contains(at)) return;
  auto instances = shared_->find(chain::path::instances);
  if (!instances) return;
  starting_.emplace(at, nullptr);
  ask<caf::actor>(
      instances, start_instance_max, supervision::start_child{instance_spec(shared_, at)},
      [this, at](const caf::actor& who) {
        auto found = starting_.find(at);
        if (found == starting_.end()) return;
        // Until it is ready, or has ended: one of a former ENGINE does.
        found->second = who;
        monitor<caf::message_priority::high>(who);
      },
      [this, at](const failure&) { starting_.erase(at); }); // tried again at the next tick
}

void engine_actor::take(const instance_ready& x) {
  starting_.erase(x.at);
  idle_[x.at] = x.who;
  monitor<caf::message_priority::high>(x.who);
  if (where_.head) advance();
}

void engine_actor::take(const height_decided& x) {
  auto from = caf::actor_cast<caf::actor>(current_sender());
  if (from != holder_) return; // of a life before
  holder_ = nullptr;
  core_ = x.core;
  send(from, dismissed{});
  take(x.where);
}

void engine_actor::take(const chain::vote_arrived& x) {
  if (holder_) {
    send(holder_, x);
  } else if (!stopped_) {
    auto size = bytes_of(x.what);
    if (early_.size() >= early_max || early_bytes_ + size > early_bytes_max) return;
    early_.push_back(x);
    early_bytes_ += size;
  }
}

// -- work --------------------------------------------------------------------------------

void engine_actor::take(const chain::work_waiting& x) {
  if (!where_.head || x.upon > where_.head->head.at) {
    work_upon_ = x.upon;
    return;
  }
  // Upon an earlier head it may be what the last block has.
  auto is_old = x.upon != height{0} && x.upon < where_.head->head.at;
  if (holder_ && !is_old) send(holder_, work_is_due{});
}

/// After each block: what is still to be decided?
void engine_actor::say_work() {
  for (const auto& who : {mempool_, evidence_})
    if (who) send(who, chain::watch_work{});
  auto is_told = work_upon_ != height{0} && where_.head && where_.head->head.at == work_upon_;
  if (holder_ && where_.head && (where_.change_due || is_told)) send(holder_, work_is_due{});
}

// -- the end -----------------------------------------------------------------------------

void engine_actor::take(const engine_stopped& x) {
  if (stopped_) return;
  stopped_ = x;
  early_.clear();
  early_bytes_ = 0;
  auto is_fault = x.what != engine_stopped::kind::moved_away;
  if (is_fault) telemetry::stopped(true);
  log::error("engine-stopped", {{"why", x.why}});
  if (holder_) send(holder_, stop_deciding{});
  for (auto& [at, who] : idle_)
    send(who, dismissed{});
  idle_.clear();
  keep_halt();
}

bool engine_actor::is_halted() const {
  return stopped_ && stopped_->what == engine_stopped::kind::halted;
}

/// A restart must not make it forget: it would sign again until the two blocks show again.
void engine_actor::keep_halt() {
  if (!is_halted()) return;
  auto again = [this](const failure& why) {
    log::error("halt-not-kept", {{"code", bpci::name(why.code)}, {"detail", why.detail}});
    delayed_send(this, keep_halt_again, keep_halt_atom::value);
  };
  auto pool = shared_->find(path::pool);
  if (!pool) return again(fail(ec::unavailable, "the database"));
  storage::run<void>(this, pool, keep_halt_max,
                     [by = shared_->hold, chain_id = shared_->how.chain_id,
                      self = shared_->keys->self(), why = stopped_->why](pqxx::work& tx) {
                       return store::write_halt(tx, by, chain_id, self, why);
                     })
      .then([] {},
            [again](const failure& why) {
              // Then another member holds the validator, and finds out for itself.
              if (why.code != ec::fenced) again(why);
            });
}

/// The core goes with its INSTANCE: what is decided next begins from the record.
caf::result<chain::engine_status> engine_actor::lift_halt() {
  if (!is_halted()) return to_caf(ec::conflict, "the validator is not halted");
  auto pool = shared_->find(path::pool);
  if (!pool) return to_caf(ec::unavailable, "the database");
  auto answer = make_response_promise<chain::engine_status>();
  storage::run<bool>(this, pool, keep_halt_max,
                     [by = shared_->hold, chain_id = shared_->how.chain_id,
                      self = shared_->keys->self()](pqxx::work& tx) {
                       return store::lift_halt(tx, by, chain_id, self);
                     })
      .then(
          [this, answer](bool) mutable {
            log::warn("halt-lifted", {{"why", stopped_ ? stopped_->why : ""}});
            stopped_.reset();
            telemetry::stopped(false);
            core_.reset();
            if (holder_) send(std::exchange(holder_, nullptr), dismissed{});
            advance();
            show(std::move(answer));
          },
          [answer](const failure& why) mutable { answer.deliver(to_caf(why)); });
  return answer;
}

// -- questions ---------------------------------------------------------------------------

caf::result<chain::engine_status> engine_actor::status() {
  auto answer = make_response_promise<chain::engine_status>();
  show(answer);
  return answer;
}

void engine_actor::show(status_promise answer) {
  if (!where_.head) {
    answer.deliver(to_caf(ec::unavailable, "the chain is still loading"));
    return;
  }
  chain::engine_status out;
  out.self = shared_->keys->self();
  if (stopped_) {
    out.why_not = stopped_->why;
    if (stopped_->what != engine_stopped::kind::moved_away) out.halted = stopped_->why;
  }
  out.syncing = sync_is_.syncing;
  out.seen = sync_is_.seen;
  out.last_decided = last_decided_;
  out.decided = decided_;
  out.rounds_changed = rounds_;
  add_instance(std::move(out), std::move(answer));
}

void engine_actor::add_instance(chain::engine_status out, status_promise answer) {
  auto shown = std::make_shared<chain::engine_status>(std::move(out));
  if (!holder_) {
    shown->where.at = wanted();
    shown->where.doing = stopped_ ? "stopped" : "starting";
    return add_links(*shown, answer);
  }
  ask<instance_standing>(
      holder_, standing_max, get_standing{},
      [this, shown, answer](const instance_standing& x) {
        shown->where = x.where;
        if (x.where.at == height{0}) { // it has no core
          shown->where.at = wanted();
          shown->where.doing = stopped_ ? "stopped" : "starting";
        }
        shown->is_validator = x.says.is_validator;
        shown->signs = x.says.signs && !stopped_;
        if (!stopped_) shown->why_not = x.says.why_not;
        shown->rounds_changed += x.where.round.get();
        add_links(*shown, answer);
      },
      [this, shown, answer](const failure&) {
        shown->where.at = wanted();
        shown->where.doing = "starting";
        add_links(*shown, answer);
      });
}

/// Without PEERS it is not known who is linked: then nobody is.
void engine_actor::add_links(chain::engine_status out, status_promise answer) {
  std::set<consensus::address> others;
  for (const auto& v : where_.head->validators)
    if (v.id != out.self) others.insert(v.id);
  auto peers = shared_->find(chain::path::peers);
  auto shown = std::make_shared<chain::engine_status>(std::move(out));
  auto finish = [shown, answer, others](const chain::peer_list& linked) mutable {
    for (const auto& x : linked.peers)
      if (x.linked) others.erase(x.who);
    shown->unlinked.assign(others.begin(), others.end());
    answer.deliver(std::move(*shown));
  };
  if (!peers || others.empty()) return finish({});
  ask<chain::peer_list>(peers, standing_max, chain::get_peers{}, finish,
                        [finish](const failure&) mutable { finish({}); });
}

std::string engine_actor::describe() const {
  return codec::to_text({{"height", where_.head ? wanted().get() : 0},
                         {"instance", holder_ ? holder_at_.get() : 0},
                         {"ready", idle_.size()},
                         {"early_votes", early_.size()},
                         {"stopped", stopped_ ? stopped_->why : ""}});
}

} // namespace bpci::consensus
