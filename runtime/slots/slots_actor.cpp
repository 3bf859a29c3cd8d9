#include "runtime/slots/slots_actor.hpp"

#include "messages/codec/json.hpp"
#include "runtime/log/log.hpp"
#include "runtime/slots/slot_report.hpp"
#include "runtime/slots/slot_store.hpp"
#include "runtime/slots/telemetry.hpp"
#include "runtime/storage/sql.hpp"
#include "runtime/time/clock.hpp"

#include <caf/typed_response_promise.hpp>

namespace bpci::slots {

namespace {

using tick_atom = caf::atom_constant<caf::atom("tick")>;

constexpr auto tick_every = std::chrono::milliseconds{100};

/// A claim waits for writers, which their own deadlines end within a second.
constexpr auto query_max = std::chrono::milliseconds{3'000};

/// What entities get when the whole node stops: their supervisor is ending them anyway.
constexpr auto drain_hurry_max = std::chrono::milliseconds{1'000};

/// How long another member may take to say where its SLOTS is.
constexpr auto find_service_max = std::chrono::milliseconds{1'000};

constexpr auto prune_every = std::chrono::milliseconds{600'000};
constexpr auto prune_again = std::chrono::milliseconds{1'000};
constexpr std::uint64_t prune_batch = 1'000;

/// Of all members one forgets old moves: the one that owns this slot.
constexpr auto pruner = slot_no{0};

constexpr std::string_view service_name = "/cluster/slots";

known_view to_view(const cluster::view_changed& x, incarnation self) {
  known_view view{x.change_no, self, {}};
  for (const auto& member : x.live) {
    auto state = live_member::state::joining;
    if (member.state == cluster::member_state::up) state = live_member::state::up;
    if (member.state == cluster::member_state::draining) state = live_member::state::draining;
    view.live.push_back({member.incarnation, member.id, state});
  }
  return view;
}

failure no_database() {
  return fail(ec::unavailable, "the database");
}

template <class T>
auto deliver_to(caf::typed_response_promise<T> answer) {
  return [answer](T x) mutable { answer.deliver(std::move(x)); };
}

template <class T>
auto refuse(caf::typed_response_promise<T> answer) {
  return [answer](const failure& why) mutable { answer.deliver(to_caf(why)); };
}

} // namespace

slots_actor::slots_actor(caf::actor_config& cfg, slots_options how)
    : actor_base(cfg),
      how_(std::move(how)),
      keeper_(how_.me, how_.rules),
      prune_at_(now() + prune_every) {
  set_exit_handler([this](caf::exit_msg& x) {
    if (x.reason == caf::exit_reason::user_shutdown && !stop_reason_)
      begin_stopping(std::move(x.reason));
    else
      quit(std::move(x.reason));
  });
}

caf::behavior slots_actor::make_behavior() {
  tick();
  return {
      [this](tick_atom) { tick(); },
      [this](const cluster::view_changed& x) { see(x); },
      [this](const cluster::change_seen& x) {
        feed(&slot_keeper::on_change_seen, x.change_no, now());
      },
      [this](const cluster::peer_up& x) {
        monitor<caf::message_priority::high>(x.agent);
        peers_[x.id] = x;
      },
      [this](const cluster::peer_down& x) {
        auto found = peers_.find(x.id);
        if (found != peers_.end() && found->second.incarnation == x.incarnation)
          peers_.erase(found);
      },
      [this](const slots_offered& x) { feed(&slot_keeper::on_offered, x.slots, now()); },
      [this](const read_slots&) { feed(&slot_keeper::on_outdated, now()); },
      [this](const watch_slots&) { add_watcher(); },
      [this](const slot_query& x) -> caf::result<slot_page> {
        auto page = page_of(x, keeper_);
        if (!page) return to_caf(page.error());
        return *std::move(page);
      },
      [this](const move_query& x) { return moves(x); },
      [this](const pin_slots& x) { return pin(x); },
      [this](const plan_drain& x) { return plan(x); },
  };
}

/// Handles among the members would keep them, and this object, in memory.
void slots_actor::on_exit() {
  members_ = nullptr;
  peers_.clear();
  watchers_.clear();
}

caf::actor slots_actor::find(std::string_view path) const {
  return how_.node->directory.find(how_.root + std::string{path});
}

void slots_actor::begin_stopping(caf::error why) {
  stop_reason_ = std::move(why);
  log::info("slots-stopping", {{"owned", keeper_.owned()}});
  feed(&slot_keeper::stop, now());
}

void slots_actor::tick() {
  delayed_send(this, tick_every, tick_atom::value);
  watch_cluster();
  feed(&slot_keeper::on_tick, now());
  if (now() >= prune_at_) prune();
}

// -- who watches whom ------------------------------------------------------------------

void slots_actor::watch_cluster() {
  if (members_) return;
  members_ = find("/cluster/members");
  if (!members_) return;
  monitor<caf::message_priority::high>(members_);
  send(members_, cluster::watch_members{});
}

void slots_actor::see(const cluster::view_changed& x) {
  feed(&slot_keeper::on_view, to_view(x, how_.lease->self()), now());
}

void slots_actor::add_watcher() {
  auto who = caf::actor_cast<caf::actor>(current_sender());
  if (!who) return;
  if (watchers_.emplace(who.address(), who).second) monitor<caf::message_priority::high>(who);
  if (!keeper_.known()) return;
  slots_changed all{keeper_.change(), {}};
  for (const auto& x : keeper_.table())
    all.rows.push_back(x.row);
  send(who, std::move(all));
}

void slots_actor::on_down(const caf::down_msg& what) {
  watchers_.erase(what.source);
  if (members_ && members_.address() == what.source) members_ = nullptr;
  std::erase_if(peers_, [&](const auto& x) { return x.second.agent.address() == what.source; });
}

// -- what the keeper decides -------------------------------------------------------------

/// An effect that fails at once feeds the keeper again; what follows from that is carried out by
/// the same loop, behind what is there already.
void slots_actor::perform() {
  if (std::exchange(performing_, true)) return;
  while (!effects_.empty())
    for (const auto& x : std::exchange(effects_, {}))
      std::visit([this](const auto& effect) { perform(effect); }, x);
  performing_ = false;
  count();
}

template <class F>
void slots_actor::change(on_part input, F what) {
  auto pool = find("/storage/pool");
  if (!pool) {
    feed(input, result<table_part>{no_database()}, now(), random_u64());
    return;
  }
  storage::run<table_part>(this, pool, query_max, std::move(what))
      .then(
          [this, input](table_part x) {
            feed(input, result<table_part>{std::move(x)}, now(), random_u64());
          },
          [this, input](const failure& why) {
            log::debug("slots-query-failed",
                       {{"code", bpci::name(why.code)}, {"detail", why.detail}});
            feed(input, result<table_part>{why}, now(), random_u64());
          });
}

void slots_actor::perform(const read_table&) {
  change(&slot_keeper::on_read, [](pqxx::work& tx) { return store::read_all(tx); });
}

void slots_actor::perform(const claim_slots& x) {
  change(&slot_keeper::on_claimed,
         [x](pqxx::work& tx) { return store::claim(tx, x.self, x.slots); });
}

void slots_actor::perform(const mark_draining& x) {
  change(&slot_keeper::on_marked,
         [x](pqxx::work& tx) { return store::mark_draining(tx, x.self, x.slots); });
}

void slots_actor::perform(const drain_entities& x) {
  auto entities = find("/entities/host");
  if (!entities) {
    feed(&slot_keeper::on_drained, now());
    return;
  }
  ask<slots_drained>(
      entities, x.hurry ? std::min(drain_hurry_max, how_.drain_max) : how_.drain_max,
      drain_slots{x.slots}, [this](const slots_drained&) { feed(&slot_keeper::on_drained, now()); },
      [this, slots = x.slots.size()](const failure& why) {
        log::warn("slots-not-drained", {{"slots", slots}, {"code", bpci::name(why.code)}});
        feed(&slot_keeper::on_drained, now());
      });
}

void slots_actor::perform(const release_slots& x) {
  for (const auto& one : x.slots)
    how_.table->disown(one.slot);
  log::info("slots-released",
            {{"slots", x.slots.size()}, {"towards", x.towards.get()}, {"reason", x.reason}});
  change(&slot_keeper::on_released,
         [x](pqxx::work& tx) { return store::release(tx, x.self, x.slots, x.reason); });
}

void slots_actor::perform(const offer_slots& x) {
  auto found = peers_.find(x.to);
  if (found == peers_.end()) return;
  ask<cluster::service_handle>(
      found->second.agent, find_service_max, cluster::find_service{std::string{service_name}},
      [this, slots = x.slots](const cluster::service_handle& there) {
        send(there.service, slots_offered{slots});
      },
      [](const failure&) {}); // it finds out with its next reading
}

void slots_actor::perform(const tell_rows& x) {
  for (const auto& row : x.rows)
    how_.table->set(row, keeper_.serves(row.slot));
  for (const auto& [address, watcher] : watchers_)
    send(watcher, slots_changed{x.change, x.rows});
}

void slots_actor::perform(const finished&) {
  log::info("slots-stopped", {{"still_owned", keeper_.owned()}});
  quit(stop_reason_);
}

void slots_actor::count() {
  const auto& counts = keeper_.counts();
  for (std::size_t i = 0; i < move_kinds; ++i)
    telemetry::moved(static_cast<move_kind>(i), counts.moves[i] - counted_.moves[i]);
  telemetry::refused(counts.refused - counted_.refused);
  counted_ = counts;
  telemetry::owned(keeper_.owned(), keeper_.draining());
}

// -- for the admin API -------------------------------------------------------------------

caf::result<move_page> slots_actor::moves(const move_query& x) {
  auto pool = find("/storage/pool");
  if (!pool) return to_caf(no_database());
  auto answer = make_response_promise<move_page>();
  storage::run<move_page>(this, pool, query_max, [x](pqxx::work& tx) {
    return store::list_moves(tx, x);
  }).then(deliver_to(answer), refuse(answer));
  return answer;
}

caf::result<slots_pinned> slots_actor::pin(const pin_slots& x) {
  if (auto ok = check(x, keeper_); !ok) return to_caf(ok.error());
  auto pool = find("/storage/pool");
  if (!pool) return to_caf(no_database());
  auto answer = make_response_promise<slots_pinned>();
  storage::run<std::uint64_t>(this, pool, query_max,
                              [x](pqxx::work& tx) { return store::pin(tx, x.slots, x.member); })
      .then(
          [this, answer, x](std::uint64_t slots) mutable {
            log::info(
                "slots-pinned",
                {{"slots", slots}, {"member", x.member.get()}, {"who", x.who}, {"why", x.why}});
            answer.deliver(slots_pinned{slots});
            feed(&slot_keeper::on_outdated, now());
          },
          refuse(answer));
  return answer;
}

caf::result<drain_plan> slots_actor::plan(const plan_drain& x) {
  using counts = std::array<std::uint64_t, slot_count>;
  auto pool = find("/storage/pool");
  if (!pool) return to_caf(no_database());
  auto answer = make_response_promise<drain_plan>();
  storage::run<counts>(this, pool, query_max, store::count_entities)
      .then(
          [this, answer, x](const counts& entities) mutable {
            auto plan = plan_of(x, keeper_, entities);
            if (plan)
              answer.deliver(*std::move(plan));
            else
              answer.deliver(to_caf(plan.error()));
          },
          refuse(answer));
  return answer;
}

void slots_actor::prune() {
  prune_at_ = now() + prune_every;
  auto pool = find("/storage/pool");
  if (!pool || !keeper_.serves(pruner)) return;
  storage::run<std::uint64_t>(this, pool, query_max,
                              [keep = how_.moves_kept](pqxx::work& tx) {
                                return store::prune_moves(tx, keep, prune_batch);
                              })
      .then(
          [this](std::uint64_t gone) {
            if (gone == prune_batch) prune_at_ = now() + prune_again;
          },
          [](const failure&) {}); // the next time
}

std::string slots_actor::describe() const {
  return codec::to_text({{"member", how_.me.get()},
                         {"incarnation", keeper_.self().get()},
                         {"change", keeper_.change().get()},
                         {"known", keeper_.known()},
                         {"owned", keeper_.owned()},
                         {"draining", keeper_.draining()},
                         {"watchers", watchers_.size()}});
}

} // namespace bpci::slots
