#include "actors/consensus/instance_actor.hpp"

#include "actors/consensus/marker.hpp"
#include "actors/consensus/message_store.hpp"
#include "messages/codec/json.hpp"
#include "runtime/log/log.hpp"
#include "runtime/storage/sql.hpp"
#include "runtime/time/clock.hpp"

namespace bpci::consensus {

namespace {

constexpr auto read_record_max = milliseconds{4'000};

/// What may wait while the database writes. Votes beyond are dropped: they are said again.
constexpr std::size_t votes_max = 4'096;
constexpr std::size_t vote_bytes_max = 64 * 1'024 * 1'024;

} // namespace

instance_actor::instance_actor(caf::actor_config& cfg, context_ptr shared, height at)
    : consensus_actor(cfg, std::move(shared)), at_(at) {}

caf::behavior instance_actor::make_behavior() {
  auto engine = shared_->find(chain::path::engine);
  if (!engine) {
    quit(); // the next ENGINE starts what it needs
    return {[](const dismissed&) {}};
  }
  engine_ = engine.address();
  monitor<caf::message_priority::high>(engine);
  send(engine, instance_ready{at_, caf::actor_cast<caf::actor>(this)});
  return {
      [this](const begin_anew& x) { begin(x); },
      [this](const carry_on& x) { carry(x); },
      [this](const chain_moved& x) { move(x); },
      [this](const chain::vote_arrived& x) { take(x); },
      [this](const work_is_due&) { feed(work_due{}); },
      [this](const stop_deciding&) { stopped_ = true; },
      [this](const dismissed&) { quit(); },
      [this](const get_standing&) -> instance_standing {
        if (!core_) return {};
        return {core_->core.where(), core_->core.has_voice()};
      },
      [](const later_call& x) { x.what(); },
  };
}

void instance_actor::on_down(const caf::down_msg& what) {
  if (what.source == engine_) quit();
}

/// What waits in the core names others.
void instance_actor::on_exit() {
  core_.reset();
  where_ = {};
}

// -- the core comes and goes -----------------------------------------------------------

void instance_actor::begin(const begin_anew& x) {
  if (core_ || starting_ || is_over_) return;
  auto pool = shared_->find(path::pool);
  if (!pool) return quit(to_caf(ec::unavailable, "the database"));
  starting_ = true;
  where_ = x.where;
  auto self = shared_->keys->self();
  auto marked = is_marked(marker_path(shared_->data_dir, self));
  storage::run<store::found_record>(
      this, pool, read_record_max,
      [by = shared_->hold, chain_id = shared_->how.chain_id, self, marked](pqxx::work& tx) {
        return store::take_record(tx, by, chain_id, self, marked);
      })
      .then([this](store::found_record found) { begin_with(std::move(found)); },
            [this](const failure& why) { lose_record(why); });
}

void instance_actor::begin_with(store::found_record found) {
  starting_ = false;
  if (found.halted) return stop(engine_stopped::kind::halted, *found.halted);
  core_ = std::make_shared<core_box>(engine{shared_->how, *shared_->keys}, found.life);
  auto marker = marker_path(shared_->data_dir, shared_->keys->self());
  core_->is_marked = is_marked(marker);
  // Another member wrote it, or an earlier program: from here on this one knows it, too.
  if (found.was_there && !core_->is_marked) {
    if (auto ok = make_marker(marker); !ok) return lose_record(ok.error());
    core_->is_marked = true;
  }
  if (found.state == journal_state::lost)
    log::error("validator-record-lost",
               {{"chain", shared_->how.chain_id}, {"height", where_.head->head.at.get()}});
  feed(consensus::begin{*where_.head, found.state, std::move(found.record)});
  // The chain may have moved while the record was read.
  if (where_.head->head.at >= at_) feed(advanced{*where_.head});
}

void instance_actor::carry(const carry_on& x) {
  if (core_ || starting_ || is_over_) return;
  core_ = x.core;
  auto came_from = where_.head ? where_.head->head.at : height{0};
  if (!where_.head || x.where.head->head.at > came_from) where_ = x.where;
  core_->inbox.push_front(advanced{*where_.head});
  for (const auto& e : core_->inbox)
    if (const auto* vote = std::get_if<arrived>(&e)) {
      ++votes_;
      vote_bytes_ += bytes_of(vote->what);
    }
  pump();
}

void instance_actor::move(const chain_moved& x) {
  if (where_.head && x.where.head->head.at <= where_.head->head.at) return;
  where_ = x.where;
  if (core_ && where_.head->head.at >= at_) feed(advanced{*where_.head});
}

/// Votes that ENGINE has sent before it knows are sent on.
void instance_actor::hand_over() {
  is_over_ = true;
  timers_.clear();
  if (auto engine = caf::actor_cast<caf::actor>(engine_))
    send(engine, height_decided{at_, std::exchange(core_, nullptr), where_});
}

// -- one after the other -----------------------------------------------------------------

void instance_actor::take(const chain::vote_arrived& x) {
  if (is_over_) {
    if (auto engine = caf::actor_cast<caf::actor>(engine_)) send(engine, x);
    return;
  }
  if (!is_at_work()) return;
  auto size = bytes_of(x.what);
  if (votes_ >= votes_max || vote_bytes_ + size > vote_bytes_max) return;
  ++votes_;
  vote_bytes_ += size;
  feed(arrived{x.from, x.what});
}

void instance_actor::feed(event what) {
  if (!core_) return;
  core_->inbox.push_back(std::move(what));
  pump();
}

/// One effect after the other, and only then the next thing that happened; while the database
/// writes, nothing.
void instance_actor::pump() {
  if (std::exchange(pumping_, true)) return;
  while (is_at_work() && !waiting_) {
    if (!core_->to_do.empty()) {
      auto next = std::move(core_->to_do.front());
      core_->to_do.pop_front();
      std::visit([this](auto& x) { perform(x); }, next);
    } else if (!core_->inbox.empty()) {
      auto next = std::move(core_->inbox.front());
      core_->inbox.pop_front();
      step(std::move(next));
    } else {
      break;
    }
  }
  pumping_ = false;
}

void instance_actor::step(event what) {
  if (const auto* vote = std::get_if<arrived>(&what)) {
    if (votes_ > 0) --votes_;
    vote_bytes_ -= std::min(vote_bytes_, bytes_of(vote->what));
    if (std::holds_alternative<proposal_message>(vote->what) && proposed_ == decltype(proposed_){}
        && origin_of(vote->what)->at == at_)
      proposed_ = steady_now();
  }
  const auto* moved = std::get_if<advanced>(&what);
  auto ends = moved && moved->head.head.at >= at_;
  auto all = core_->core.step({wall_now(), std::move(what)});
  for (auto& x : all)
    core_->to_do.push_back(std::move(x));
  if (ends) hand_over();
}

std::string instance_actor::describe() const {
  return codec::to_text({{"height", at_.get()},
                         {"has_core", core_ != nullptr},
                         {"waits_for_database", waiting_},
                         {"effects", core_ ? core_->to_do.size() : 0},
                         {"inbox", core_ ? core_->inbox.size() : 0}});
}

} // namespace bpci::consensus
