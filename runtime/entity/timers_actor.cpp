#include "runtime/entity/timers_actor.hpp"

#include "messages/codec/json.hpp"
#include "runtime/entity/call.hpp"
#include "runtime/entity/entity_metrics.hpp"
#include "runtime/entity/timer_store.hpp"
#include "runtime/entity/wake.hpp"
#include "runtime/log/log.hpp"
#include "runtime/storage/sql.hpp"
#include "runtime/time/clock.hpp"

#include <algorithm>
#include <utility>

namespace bpci::entity {

namespace {

using std::chrono::milliseconds;
using alarm_atom = caf::atom_constant<caf::atom("alarm")>;

constexpr auto look_min = milliseconds{100};
constexpr auto look_max = milliseconds{1'000};
constexpr auto query_max = milliseconds{5'000};
constexpr auto command_max = milliseconds{5'000};
constexpr auto answer_grace = milliseconds{1'000};
constexpr std::size_t in_flight_max = 256;

struct timers_state {
  std::uint64_t in_flight = 0;
  std::uint64_t fired = 0;
};
BPCI_MESSAGE(timers_state, in_flight, fired)

} // namespace

timers_actor::timers_actor(caf::actor_config& cfg, entity_context_ptr shared)
    : actor_base(cfg), shared_(std::move(shared)), core_(in_flight_max) {}

caf::behavior timers_actor::make_behavior() {
  look();
  return {
      [this](const wake&) { look_again_at(looked_at_ + look_min); },
      [this](alarm_atom, std::uint64_t which) {
        if (which == alarm_) look();
      },
  };
}

/// The earliest call counts.
void timers_actor::look_again_at(std::chrono::steady_clock::time_point when) {
  if (reading_ || when >= alarm_at_) return;
  alarm_at_ = when;
  auto pause = std::chrono::ceil<milliseconds>(when - clock_now());
  delayed_send(this, std::max(pause, milliseconds{0}), alarm_atom::value, ++alarm_);
}

void timers_actor::look() {
  alarm_at_ = std::chrono::steady_clock::time_point::max();
  looked_at_ = clock_now();
  auto pool = shared_->find(path::pool);
  auto self = shared_->lease->self();
  if (!pool || self == incarnation{} || core_.room() == 0)
    return look_again_at(looked_at_ + look_max);
  reading_ = true;
  storage::run<store::due_timers>(
      this, pool, query_max,
      [self, held_back = core_.held_back(looked_at_), most = core_.room()](pqxx::work& tx) {
        return store::read_due(tx, self, held_back, most);
      })
      .then(
          [this](const store::due_timers& found) {
            reading_ = false;
            reachable_ = true;
            on_due(found);
          },
          [this](const failure& why) {
            reading_ = false;
            if (std::exchange(reachable_, false))
              log::warn("timers-not-read", {{"code", bpci::name(why.code)}});
            look_again_at(clock_now() + look_max);
          });
}

void timers_actor::on_due(const store::due_timers& found) {
  shared_->clock->is_now(found.now);
  std::vector<due_timer> due;
  std::vector<skipped_timer> skipped;
  for (const auto& x : found.timers)
    if (firing_of(x, found.now))
      due.push_back(x);
    else
      skipped.push_back(entity::skip(x, found.now));
  if (!skipped.empty()) skip(std::move(skipped));
  for (const auto& x : core_.to_fire(due, clock_now()))
    fire(x, *firing_of(x, found.now), found.now);
  auto pause = look_max;
  if (found.next) {
    auto until = milliseconds{found.next->get() - found.now.get()};
    pause = std::clamp(until, look_min, look_max);
  }
  auto when = clock_now() + pause;
  if (auto again = core_.next_try()) when = std::min(when, std::max(*again, looked_at_ + look_min));
  look_again_at(when);
}

void timers_actor::skip(std::vector<skipped_timer> what) {
  auto pool = shared_->find(path::pool);
  if (!pool) return;
  for (const auto& x : what)
    counted::timers_skipped().add(x.missed);
  auto self = shared_->lease->self();
  storage::run<void>(this, pool, query_max, [self, what = std::move(what)](pqxx::work& tx) {
    store::skip(tx, self, what);
  }).then([] {}, [](const failure&) {}); // those that are left are read again
}

void timers_actor::fire(const due_timer& what, const timer_fired& how, timestamp_ms now) {
  auto come_back = [this, timer = name_of(what)](bool accepted) {
    core_.answered(timer, accepted, clock_now(), random_u64());
    look_again_at(looked_at_ + look_min);
  };
  auto router = shared_->find(path::router);
  if (!router) return come_back(false);
  counted::timer_lateness().observe(milliseconds{now.get() - what.due.get()});
  auto order = make_command(what.of, key_of(how), how, command_max);
  order.background = true;
  ask<entity::response>(
      router, command_max + answer_grace, std::move(order),
      [this, come_back, what](const entity::response&) {
        ++fired_;
        counted::timers_fired().add();
        come_back(true);
        catch_up_with(what);
      },
      [come_back, timer = name_of(what)](const failure& why) {
        // `not_found`: it was moved or stopped in between, and is read as it is now.
        auto gone = why.code == ec::not_found;
        if (!gone && !retryable(why.code))
          log::warn("timer-refused",
                    {{"timer", timer}, {"code", bpci::name(why.code)}, {"detail", why.detail}});
        come_back(gone);
      });
}

/// The next of many times that have passed needs no reading: if the entity has moved or stopped the
/// timer, the firing is refused as outdated.
void timers_actor::catch_up_with(due_timer what) {
  auto now = shared_->clock->now();
  what.due = timestamp_ms{what.due.get() + static_cast<std::int64_t>(what.every_ms)};
  ++what.fire_no;
  if (what.every_ms == 0 || what.catch_up != catch_up::each || what.due > now) return;
  for (const auto& x : core_.to_fire({what}, clock_now()))
    fire(x, *firing_of(x, now), now);
}

/// The actor system's, which is virtual in tests.
std::chrono::steady_clock::time_point timers_actor::clock_now() const {
  return system().clock().now();
}

std::string timers_actor::describe() const {
  return codec::to_text(codec::to_json(timers_state{core_.in_flight(), fired_}));
}

} // namespace bpci::entity
