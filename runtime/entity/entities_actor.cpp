#include "runtime/entity/entities_actor.hpp"

#include "messages/codec/json.hpp"
#include "messages/runtime/introspection.hpp"
#include "runtime/entity/entity_metrics.hpp"
#include "runtime/entity/list_store.hpp"
#include "runtime/entity/memory.hpp"
#include "runtime/entity/slot_of.hpp"
#include "runtime/log/log.hpp"
#include "runtime/storage/sql.hpp"
#include "runtime/supervision/supervisor_actor.hpp"
#include "runtime/time/clock.hpp"

#include <algorithm>
#include <utility>

namespace bpci::entity {

namespace {

using tick_atom = caf::atom_constant<caf::atom("tick")>;

constexpr auto tick_every = std::chrono::milliseconds{100};
constexpr std::uint32_t ticks_per_memory_check = 10;

/// The supervisor starts an actor in microseconds; this is for one that is stuck.
constexpr auto start_max = std::chrono::milliseconds{5'000};
constexpr auto list_max = std::chrono::milliseconds{5'000};
constexpr auto show_max = std::chrono::milliseconds{5'000};

/// What an entity gets to end in good order: as long as its transaction may take.
constexpr auto entity_stop_max = std::chrono::milliseconds{5'000};

/// The share of its memory that a process may use before idle entities leave.
constexpr std::uint64_t pressure_percent = 80;

/// Under pressure this share of the idle ones leaves in a second, at least so many.
constexpr std::size_t press_divisor = 10;
constexpr std::size_t press_min = 100;

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return text;
}

std::string_view last_part(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

host_limits limits_of(const entity_settings& x) {
  return {x.limits.queue_commands, x.idle_after, x.background_activations_per_sec};
}

/// What `bpci actors show` prints.
struct entities_state {
  std::uint64_t active = 0;
  std::uint64_t idle = 0;
  std::uint64_t deferred = 0;
  std::uint64_t unanswered = 0;
  std::uint64_t drains = 0;
};
BPCI_MESSAGE(entities_state, active, idle, deferred, unanswered, drains)

} // namespace

entities_actor::entities_actor(caf::actor_config& cfg, entity_context_ptr shared)
    : actor_base(cfg), shared_(std::move(shared)), core_(limits_of(shared_->settings)) {}

caf::behavior entities_actor::make_behavior() {
  tick();
  return {
      [this](routed_command& x) { return take(x); },
      [this](performed& x) {
        auto asked = unanswered_.find(x.ticket);
        if (asked == unanswered_.end()) return;
        core_.performed(key_of(asked->second.what->what.to), x.ticket, std::move(x.answer),
                        clock_now(), effects_);
        perform_all();
      },
      [this](const entity_ended& x) { on_ended(x.what); },
      [this](const slots::drain_slots& x) { return drain(x); },
      [this](const slots::slots_changed& x) { on_slots(x); },
      [this](const show_entity& x) { return show(x); },
      [this](const outbox_query& x) { return list(x, &store::list_outbox); },
      [this](const inbox_query& x) { return list(x, &store::list_inbox); },
      [this](const timer_query& x) { return list(x, &store::list_timers); },
      [this](const entity_query& x) { return list(x, &store::list_entities); },
      [this](const retry_outbox& x) {
        log::warn("outbox-retried-by-admin",
                  {{"rows", x.rows.size()}, {"who", x.who}, {"why", x.why}});
        return list(x, &store::retry);
      },
      [this](tick_atom) { tick(); },
  };
}

// -- requests ------------------------------------------------------------------------

caf::result<entity::response> entities_actor::take(routed_command& x) {
  if (auto good = check_name(x.what.to); !good) return to_caf(good.error());
  if (!shared_->kinds->find(x.what.to.kind))
    return to_caf(ec::not_found, "there is no kind of entities named " + x.what.to.kind);
  auto slot = slot_of(x.what.to);
  auto promise = make_response_promise<entity::response>();
  accept(std::move(x.what), slot, [promise](result<entity::response> answer) mutable {
    if (answer)
      promise.deliver(std::move(*answer));
    else
      promise.deliver(to_caf(answer.error()));
  });
  return promise;
}

/// A question without a name: the entity answers what it holds.
caf::result<actor_state> entities_actor::show(const show_entity& x) {
  if (auto good = check_name(x.what); !good) return to_caf(good.error());
  if (!shared_->kinds->find(x.what.kind)) return to_caf(ec::not_found, x.what.kind);
  auto promise = make_response_promise<actor_state>();
  auto within = static_cast<std::uint64_t>(show_max.count());
  accept({x.what, {}, {}, 1, {}, within, {}}, slot_of(x.what),
         [promise](const result<entity::response>& answer) mutable {
           if (!answer) {
             promise.deliver(to_caf(answer.error()));
             return;
           }
           auto state = std::string(answer->body.begin(), answer->body.end());
           promise.deliver(actor_state{"{\"version\":" + std::to_string(answer->version)
                                       + ",\"state\":" + state + "}"});
         });
  return promise;
}

void entities_actor::accept(command what, slots::slot_no slot, answerer answer) {
  auto now = clock_now();
  auto x = std::make_shared<entity::request>();
  x->ticket = ++last_ticket_;
  x->deadline = now + std::chrono::milliseconds{what.within_ms};
  x->what = std::move(what);
  unanswered_.emplace(x->ticket, unanswered{x, std::move(answer)});
  core_.take(std::move(x), state_of(slot), now, effects_);
  perform_all();
}

bool entities_actor::is_elsewhere(incarnation owner) const {
  return owner != incarnation{} && owner != shared_->lease->self();
}

slot_state entities_actor::state_of(slots::slot_no slot) const {
  auto owner = shared_->slots->owner(slot);
  return {slot, shared_->slots->owned(slot), owner.epoch, is_elsewhere(owner.owner)};
}

caf::result<slots::slots_drained> entities_actor::drain(const slots::drain_slots& x) {
  auto promise = make_response_promise<slots::slots_drained>();
  auto ticket = ++last_ticket_;
  drains_.emplace(ticket, std::pair{promise, x.slots});
  core_.drain(x.slots, ticket, effects_);
  perform_all();
  return promise;
}

void entities_actor::on_slots(const slots::slots_changed& x) {
  std::vector<slot_state> now;
  for (const auto& row : x.rows) {
    auto mine = row.owner != incarnation{} && row.owner == shared_->lease->self();
    // While it is being given away its entities finish what they have.
    auto held = mine ? std::optional{row.epoch} : std::nullopt;
    now.push_back({row.slot, held, row.epoch, is_elsewhere(row.owner)});
  }
  core_.slots_are(now, effects_);
  perform_all();
}

template <class Answer, class Query>
caf::result<Answer> entities_actor::list(const Query& what,
                                         Answer (*query)(pqxx::work&, const Query&)) {
  auto pool = shared_->find(path::pool);
  if (!pool) return to_caf(ec::unavailable, "the database");
  auto promise = make_response_promise<Answer>();
  storage::run<Answer>(this, pool, list_max,
                       [what, query](pqxx::work& tx) { return query(tx, what); })
      .then([promise](Answer x) mutable { promise.deliver(std::move(x)); },
            [promise](const failure& why) mutable { promise.deliver(to_caf(why)); });
  return promise;
}

// -- time ----------------------------------------------------------------------------

void entities_actor::tick() {
  delayed_send(this, tick_every, tick_atom::value);
  if (!slots_) watch_slots();
  auto before = core_.idle();
  auto press = ++ticks_ % ticks_per_memory_check == 0 ? pressure() : 0;
  core_.tick(clock_now(), press, effects_);
  counted::passivations().add(before - std::min(before, core_.idle()));
  counted::active().set(static_cast<double>(core_.size()));
  perform_all();
  if (press > 0) give_back_memory();
}

void entities_actor::watch_slots() {
  slots_ = shared_->find(path::slots);
  if (!slots_) return;
  monitor<caf::message_priority::high>(slots_);
  send(slots_, slots::watch_slots{});
}

std::size_t entities_actor::pressure() {
  auto limit = shared_->settings.memory_max_bytes;
  if (limit == 0) limit = memory_limit_bytes() / 100 * pressure_percent;
  auto used = resident_bytes();
  if (limit == 0 || used <= limit || core_.idle() == 0) return 0;
  log::warn("memory-is-short", {{"resident", used}, {"limit", limit}, {"idle", core_.idle()}});
  return std::max(core_.idle() / press_divisor, press_min);
}

// -- effects -------------------------------------------------------------------------

/// An effect may have further ones at once; those are carried out behind it.
void entities_actor::perform_all() {
  if (std::exchange(performing_, true)) return;
  while (!effects_.empty())
    for (auto& x : std::exchange(effects_, {}))
      std::visit([this](auto& each) { carry_out(each); }, x);
  performing_ = false;
}

void entities_actor::carry_out(start_actor& x) {
  auto actors = shared_->find(path::actors);
  if (!actors) return on_start_failed(x.key, fail(ec::unavailable, "the entities' supervisor"));
  auto what = supervision::start_child_like{prototype(ref_of(x.key).kind), x.key};
  ask<caf::actor>(
      actors, start_max, std::move(what),
      [this, key = x.key](const caf::actor& who) { on_started(key, who); },
      [this, key = x.key, actors](const failure& why) {
        // It may start yet, unknown to us.
        caf::anon_send(actors, supervision::stop_child{key});
        on_start_failed(key, why);
      });
}

std::shared_ptr<const supervision::child_spec> entities_actor::prototype(const std::string& kind) {
  auto& found = prototypes_[kind];
  if (found) return found;
  auto spec = supervision::child_spec{};
  spec.id = kind;
  spec.type = upper(kind);
  spec.policy = supervision::policy::temporary;
  spec.stop_max = entity_stop_max;
  auto family = std::make_shared<const entity_family>(
      entity_family{shared_, shared_->kinds->find(kind), address()});
  spec.spawn = [family](const supervision::spawn_context& in) -> result<caf::actor> {
    auto who = ref_of(last_part(in.path));
    auto epoch = family->shared->slots->owned(slot_of(who));
    if (!epoch) return fail(ec::retry_after, "100");
    return in.system.spawn<entity_actor>(in.supervisor.address(), family,
                                         entity_role{std::move(who.id), *epoch});
  };
  found = std::make_shared<const supervision::child_spec>(std::move(spec));
  return found;
}

void entities_actor::on_started(const std::string& key, const caf::actor& who) {
  counted::activations().add();
  core_.started(key, who.id(), clock_now(), effects_);
  perform_all();
}

void entities_actor::on_start_failed(const std::string& key, const failure& why) {
  // The slot was lost in between, and that is why there is no actor.
  auto owned = shared_->slots->owned(slot_of(ref_of(key)));
  core_.started(key, owned ? why : fail(ec::fenced), clock_now(), effects_);
  perform_all();
}

void entities_actor::on_ended(const supervision::member_ended& x) {
  if (x.why && x.why != caf::exit_reason::user_shutdown && x.why != caf::exit_reason::kill)
    counted::crashed().add();
  core_.ended(x.id, x.actor_id, clock_now(), effects_);
  perform_all();
}

void entities_actor::on_down(const caf::down_msg& what) {
  if (slots_ && what.source == slots_.address()) slots_ = nullptr;
}

/// Null: it has ended, and `entity_ended` is on its way.
caf::actor entities_actor::actor_of(const std::string& key, actor_no who) const {
  auto found = shared_->find(std::string{path::actors} + '/' + key);
  return found && found.id() == who ? found : caf::actor{};
}

void entities_actor::carry_out(hand_over& x) {
  if (auto to = actor_of(key_of(x.what->what.to), x.to)) send(to, perform{std::move(x.what)});
}

void entities_actor::carry_out(answer_request& x) {
  auto found = unanswered_.find(x.ticket);
  if (found == unanswered_.end()) return;
  auto answer = std::move(found->second.answer);
  unanswered_.erase(found);
  answer(std::move(x.what));
}

void entities_actor::carry_out(const finish_actor& x) {
  if (auto who = actor_of(x.key, x.who)) send(who, perform{});
}

void entities_actor::carry_out(const kill_actor& x) {
  send_exit_now(actor_of(x.key, x.who), caf::exit_reason::kill);
}

void entities_actor::carry_out(const answer_drain& x) {
  auto found = drains_.find(x.ticket);
  if (found == drains_.end()) return;
  auto [promise, which] = std::move(found->second);
  drains_.erase(found);
  promise.deliver(slots::slots_drained{std::move(which)});
}

/// The actor system's, which is virtual in tests.
std::chrono::steady_clock::time_point entities_actor::clock_now() const {
  return system().clock().now();
}

std::string entities_actor::describe() const {
  return codec::to_text(codec::to_json(entities_state{core_.size(), core_.idle(), core_.deferred(),
                                                      unanswered_.size(), drains_.size()}));
}

/// Whoever waits is told; the actors of the entities end with their supervisor.
void entities_actor::on_exit() {
  for (auto& [ticket, x] : std::exchange(unanswered_, {}))
    x.answer(fail(ec::restarted));
  for (auto& [ticket, x] : std::exchange(drains_, {}))
    x.first.deliver(to_caf(ec::restarted));
  effects_.clear();
  slots_ = nullptr;
}

} // namespace bpci::entity
