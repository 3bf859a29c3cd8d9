#include "runtime/storage/pg_pool_actor.hpp"

#include "messages/codec/json.hpp"
#include "messages/inspect_fields.hpp"
#include "runtime/storage/pg_worker_actor.hpp"
#include "runtime/storage/session.hpp"

#include <algorithm>

namespace bpci::storage {

namespace {

/// How late a deadline may be noticed.
constexpr auto watch_period = std::chrono::milliseconds{10};

using watch_tick = caf::atom_constant<caf::atom("pgwatch")>;

} // namespace

pg_pool_actor::pg_pool_actor(caf::actor_config& cfg, pg_pool_options how)
    : actor_base(cfg), how_(std::move(how)), seats_(std::max<std::size_t>(how_.size, 1)) {}

pg_pool_actor::~pg_pool_actor() = default;

caf::behavior pg_pool_actor::make_behavior() {
  for (auto& it : seats_)
    fill(it);
  return {
      [this](const job_ptr& what) { return accept(what); },
      [this](const job_done& what) { finish(what); },
      [this](watch_tick) { check_deadlines(); },
      [this](const get_pool_stats&) { return stats(); },
  };
}

void pg_pool_actor::fill(seat& it) {
  it.line = std::make_shared<wire>();
  it.worker =
      spawn<pg_worker_actor, caf::detached>(caf::actor_cast<caf::actor>(this), how_, it.line);
  monitor<caf::message_priority::high>(it.worker);
}

caf::result<job_ptr> pg_pool_actor::accept(const job_ptr& what) {
  auto& counted = *how_.counters;
  ++counted.queries;
  auto late = waiting{what, make_response_promise()};
  what->deadline = std::min(what->deadline, std::chrono::steady_clock::now() + how_.query_timeout);
  auto idle = std::any_of(seats_.begin(), seats_.end(), [](auto& it) { return it.number == 0; });
  if (!idle && queue_.size() >= how_.queue_limit) {
    ++counted.refused;
    answer(late, fail(ec::busy, "the queue of the database is full"));
    return caf::delegated<job_ptr>{};
  }
  queue_.push_back(std::move(late));
  hand_out();
  watch();
  return caf::delegated<job_ptr>{};
}

void pg_pool_actor::hand_out() {
  drop_late(std::chrono::steady_clock::now());
  for (auto& it : seats_) {
    if (queue_.empty()) break;
    if (it.number != 0) continue;
    it.job = std::move(queue_.front());
    queue_.pop_front();
    it.number = ++last_number_;
    it.answered = false;
    ++how_.counters->busy;
    send(it.worker, assignment{it.number, it.job.what});
  }
  how_.counters->queue_depth = queue_.size();
}

void pg_pool_actor::finish(const job_done& what) {
  auto it =
      std::find_if(seats_.begin(), seats_.end(), [&](auto& x) { return x.number == what.number; });
  if (it == seats_.end()) return;
  if (!it->answered) answer(it->job, what.outcome);
  release(*it);
  hand_out();
}

void pg_pool_actor::release(seat& it) {
  it.number = 0;
  it.job = {};
  --how_.counters->busy;
}

void pg_pool_actor::answer(waiting& to, const result<void>& outcome) {
  if (outcome) {
    to.caller.deliver(to.what);
    return;
  }
  ++how_.counters->failures;
  if (outcome.error().code == ec::timeout) ++how_.counters->timeouts;
  to.caller.deliver(to_caf(outcome.error()));
}

void pg_pool_actor::check_deadlines() {
  watching_ = false;
  auto now = std::chrono::steady_clock::now();
  for (auto& it : seats_)
    cut_late(it, now);
  hand_out();
  watch();
}

void pg_pool_actor::drop_late(time_point now) {
  auto why = not_begun();
  std::erase_if(queue_, [&](waiting& x) {
    if (x.what->deadline > now) return false;
    answer(x, why);
    return true;
  });
}

void pg_pool_actor::cut_late(seat& it, time_point now) {
  if (it.number == 0 || it.answered || it.job.what->deadline > now) return;
  auto stage = it.line->cut(it.number);
  // Its job_done is on its way, and was in time.
  if (stage == wire::stage::over) return;
  it.answered = true;
  answer(it.job, stage == wire::stage::begun
                     ? fail(ec::timeout, "the database did not answer in time")
                     : not_begun());
}

void pg_pool_actor::watch() {
  auto open = [](auto& it) { return it.number != 0 && !it.answered; };
  if (watching_ || (queue_.empty() && std::none_of(seats_.begin(), seats_.end(), open))) return;
  watching_ = true;
  delayed_send(this, watch_period, watch_tick::value);
}

void pg_pool_actor::on_down(const caf::down_msg& what) {
  auto it =
      std::find_if(seats_.begin(), seats_.end(), [&](auto& x) { return x.worker == what.source; });
  if (it == seats_.end()) return;
  if (it->number != 0) {
    if (!it->answered) answer(it->job, fail(ec::restarted, "the worker ended"));
    release(*it);
  }
  fill(*it);
  hand_out();
}

void pg_pool_actor::on_exit() {
  // A promise that is dropped is never answered, so that every one is kept here.
  auto why = fail(ec::shutting_down, "the database pool has ended");
  for (auto& x : queue_)
    answer(x, why);
  queue_.clear();
  for (auto& it : seats_) {
    if (it.number != 0) {
      it.line->cut(it.number);
      if (!it.answered) answer(it.job, why);
      release(it);
    }
    send_exit_now(it.worker, caf::exit_reason::user_shutdown);
  }
  seats_.clear();
  how_.counters->queue_depth = 0;
}

pool_stats pg_pool_actor::stats() const {
  const auto& counted = *how_.counters;
  auto standing =
      std::count_if(seats_.begin(), seats_.end(), [](auto& it) { return it.line->connected(); });
  return {counted.queries,
          counted.failures,
          counted.timeouts,
          counted.refused,
          counted.queue_depth,
          counted.busy,
          static_cast<std::uint64_t>(standing)};
}

failure pg_pool_actor::not_begun() const {
  auto reachable =
      std::any_of(seats_.begin(), seats_.end(), [](auto& it) { return it.line->reachable(); });
  return reachable ? fail(ec::timeout, "no connection came free in time, nothing was done")
                   : fail(ec::unavailable, "there is no connection to the database");
}

std::string pg_pool_actor::describe() const {
  return codec::to_text(codec::to_json(stats()));
}

} // namespace bpci::storage

BPCI_CAF_CODEC(bpci::storage::get_pool_stats)
BPCI_CAF_CODEC(bpci::storage::pool_stats)
