#include "runtime/entity/outbox_actor.hpp"

#include "messages/codec/json.hpp"
#include "runtime/actor/failpoint.hpp"
#include "runtime/entity/entity_metrics.hpp"
#include "runtime/entity/outbox_store.hpp"
#include "runtime/entity/owned_slots.hpp"
#include "runtime/entity/wake.hpp"
#include "runtime/log/log.hpp"
#include "runtime/storage/sql.hpp"
#include "runtime/time/clock.hpp"

#include <utility>

namespace bpci::entity {

namespace {

using tick_atom = caf::atom_constant<caf::atom("tick")>;

constexpr auto tick_every = std::chrono::milliseconds{100};
constexpr std::uint32_t ticks_per_sweep = 10;
constexpr std::uint32_t ticks_per_measure = 50;
constexpr std::uint32_t ticks_per_prune = 600;

constexpr auto query_max = std::chrono::milliseconds{5'000};
constexpr auto command_max = std::chrono::milliseconds{5'000};
/// ROUTER answers by the command's deadline; this is for one that hangs.
constexpr auto answer_grace = std::chrono::milliseconds{1'000};

constexpr auto room = store::errand_room{4'096, 16 << 20};
constexpr std::uint64_t prune_rows = 1'000;

struct outbox_state {
  std::uint64_t held = 0;
  std::uint64_t in_flight = 0;
  std::uint64_t delivered = 0;
  std::uint64_t set_aside = 0;
};
BPCI_MESSAGE(outbox_state, held, in_flight, delivered, set_aside)

} // namespace

outbox_actor::outbox_actor(caf::actor_config& cfg, entity_context_ptr shared)
    : actor_base(cfg),
      shared_(std::move(shared)),
      core_(courier_limits{.attempts_max = shared_->settings.outbox_attempts_max}) {}

caf::behavior outbox_actor::make_behavior() {
  tick();
  return {
      [this](const wake& x) {
        core_.wake(x.slot);
        go_on();
      },
      [this](tick_atom) { tick(); },
  };
}

void outbox_actor::tick() {
  delayed_send(this, tick_every, tick_atom::value);
  if (ticks_ % ticks_per_sweep == 0) sweep();
  if (ticks_ % ticks_per_measure == 0) measure();
  if (++ticks_ % ticks_per_prune == 0) prune();
  go_on();
}

/// For what was lost on the way, or stood there before this node took over.
void outbox_actor::sweep() {
  for (auto slot : owned_slots(*shared_->slots))
    core_.wake(slot);
}

void outbox_actor::go_on() {
  run_errand();
  deliver();
}

/// One at a time: a row is never read while its deletion is under way.
void outbox_actor::run_errand() {
  if (core_.busy()) return;
  auto pool = shared_->find(path::pool);
  if (!pool) return;
  auto what = core_.next_errand(owned_slots(*shared_->slots));
  if (!core_.busy()) return;
  auto left = store::errand_room{room.rows - std::min(room.rows, core_.held()), room.bytes};
  auto self = shared_->lease->self();
  storage::run<store::errand_result>(
      this, pool, query_max,
      [self, what, left](pqxx::work& tx) { return store::run_errand(tx, self, what, left); })
      .then(
          [this, what](store::errand_result x) {
            reachable_ = true;
            report(what.setbacks);
            core_.errand_done(what, std::move(x.rows), x.full);
            go_on();
          },
          [this, what](const failure& why) {
            if (std::exchange(reachable_, false))
              log::warn("outbox-not-read",
                        {{"code", bpci::name(why.code)}, {"detail", why.detail}});
            core_.errand_failed(what);
          });
}

void outbox_actor::report(const std::vector<setback>& written) {
  for (const auto& x : written) {
    if (!x.set_aside) continue;
    ++set_aside_;
    counted::outbox_set_aside().add();
    log::error("effect-set-aside", {{"row", x.no}, {"attempts", x.attempts}, {"why", x.error}});
  }
}

void outbox_actor::deliver() {
  for (auto& row : core_.to_send(clock_now()))
    send_on(std::move(row));
}

void outbox_actor::send_on(effect_row row) {
  auto no = row.no;
  auto come_back = [this, no](const result<entity::response>& answer) {
    core_.answered(no, answer, clock_now(), random_u64());
    go_on();
  };
  auto router = shared_->find(path::router);
  if (!router) {
    core_.answered(no, fail(ec::unavailable, "ROUTER"), clock_now(), random_u64());
    return;
  }
  auto within = static_cast<std::uint64_t>(command_max.count());
  auto what = command{std::move(row.to),
                      std::move(row.key),
                      std::move(row.name),
                      1,
                      std::move(row.body),
                      within,
                      {}};
  what.background = true;
  ask<entity::response>(
      router, command_max + answer_grace, std::move(what),
      [this, come_back](const entity::response& x) {
        failpoint("outbox-after-send");
        ++delivered_;
        counted::outbox_delivered().add();
        come_back(x);
      },
      [come_back, no](const failure& why) {
        log::debug("effect-refused", {{"row", no}, {"code", bpci::name(why.code)}});
        come_back(why);
      });
}

void outbox_actor::measure() {
  auto pool = shared_->find(path::pool);
  auto owned = owned_slots(*shared_->slots);
  if (!pool || owned.empty()) return;
  storage::run<store::outbox_measure>(
      this, pool, query_max, [owned](pqxx::work& tx) { return store::measure_outbox(tx, owned); })
      .then(
          [](const store::outbox_measure& x) {
            counted::outbox_depth().set(static_cast<double>(x.rows));
            counted::outbox_age_seconds().set(static_cast<double>(x.oldest_ms) / 1'000);
          },
          [](const failure&) {}); // the sweep says that the database is away
}

/// In small steps, so that no statement holds anything for long.
void outbox_actor::prune() {
  auto pool = shared_->find(path::pool);
  auto owned = owned_slots(*shared_->slots);
  if (!pool || owned.empty() || std::exchange(pruning_, true)) return;
  storage::run<std::uint64_t>(this, pool, query_max,
                              [owned, kept = shared_->settings.inbox_kept](pqxx::work& tx) {
                                return store::prune_inbox(tx, owned, kept, prune_rows);
                              })
      .then(
          [this](std::uint64_t pruned) {
            pruning_ = false;
            if (pruned == prune_rows) prune();
          },
          [this](const failure&) { pruning_ = false; });
}

/// The actor system's, which is virtual in tests.
std::chrono::steady_clock::time_point outbox_actor::clock_now() const {
  return system().clock().now();
}

std::string outbox_actor::describe() const {
  return codec::to_text(
      codec::to_json(outbox_state{core_.held(), core_.in_flight(), delivered_, set_aside_}));
}

} // namespace bpci::entity
