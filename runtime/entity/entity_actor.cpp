#include "runtime/entity/entity_actor.hpp"

#include "runtime/crypto/hash.hpp"
#include "runtime/entity/entity_metrics.hpp"
#include "runtime/entity/host.hpp"
#include "runtime/entity/slot_of.hpp"
#include "runtime/entity/wake.hpp"
#include "runtime/storage/sql.hpp"
#include "runtime/time/clock.hpp"

#include <utility>

namespace bpci::entity {

namespace {

constexpr auto database_max = std::chrono::milliseconds{5'000};

/// Names a command over the whole node, for the quarantine: keys are unique per entity only, and a
/// question has none.
message_id name_of(const command& x) {
  const auto& last = x.key.empty() ? x.name : x.key;
  auto plain = x.to.kind + ":" + x.to.id + ":" + last;
  if (!x.key.empty() && is_valid_id(plain)) return message_id{std::move(plain)};
  auto hash = crypto::sha256_joined({crypto::as_bytes(plain), x.key.empty() ? x.body : bytes{}});
  return message_id{crypto::to_hex(hash)};
}

} // namespace

/// Leaves in the vitals which command was in hand when its handler threw.
class entity_actor::crash_guard final : public guard {
public:
  explicit crash_guard(entity_actor& self) : self_(self) {}

  bool take_up(const command& what) override {
    auto id = name_of(what);
    if (self_.shared().node->quarantine.contains(id)) return false;
    self_.vitals_->take_in_hand(id);
    return true;
  }

  void put_down() override { self_.vitals_->put_down(); }

private:
  entity_actor& self_;
};

entity_actor::entity_actor(caf::actor_config& cfg, caf::actor_addr supervisor,
                           entity_family_ptr family, entity_role role)
    : crowd_member(cfg, std::move(supervisor)),
      family_(std::move(family)),
      epoch_(role.epoch),
      slot_(slot_of({std::string{family_->kind->what->name()}, role.id})),
      core_(*family_->kind->what, std::move(role.id), shared().settings.limits) {}

caf::behavior entity_actor::make_behavior() {
  return {
      [this](perform& x) {
        if (!x.what) {
          finishing_ = true;
          return end_if_finished();
        }
        auto guard = crash_guard{*this};
        carry_out(core_.take(std::move(x.what), now(), guard));
      },
  };
}

void entity_actor::carry_out(effects what) {
  for (auto& x : what)
    std::visit([this](auto& each) { carry_out(each); }, x);
  end_if_finished();
}

template <class T>
void entity_actor::come_to(effects (activation::*next)(result<T>, const moment&, guard&),
                           result<T> what) {
  auto guard = crash_guard{*this};
  carry_out((core_.*next)(std::move(what), now(), guard));
}

template <class T, class Query>
void entity_actor::in_database(Query query,
                               effects (activation::*next)(result<T>, const moment&, guard&)) {
  auto pool = shared().find(path::pool);
  if (!pool) return come_to<T>(next, fail(ec::unavailable, "the database"));
  storage::run<T>(this, pool, database_max, std::move(query))
      .then([this, next](T x) { come_to<T>(next, std::move(x)); },
            [this, next](const failure& why) { come_to<T>(next, why); });
}

void entity_actor::carry_out(const read_state&) {
  auto query = [as = as(), who = core_.self(),
                family = family_](pqxx::work& tx) -> result<stored_entity> {
    const auto& kind = *family->kind;
    auto stored = store::load(tx, as, who, kind.table.get());
    if (stored && kind.table) stored->schema = kind.what->schema();
    return stored;
  };
  in_database<stored_entity>(std::move(query), &activation::loaded);
}

void entity_actor::carry_out(const read_items& what) {
  auto query = [who = core_.self(), range = what.range](pqxx::work& tx) {
    return store::load_items(tx, who, range);
  };
  in_database<stored_items>(std::move(query), &activation::items_loaded);
}

void entity_actor::carry_out(commit_batch& what) {
  auto added = what.what.added;
  auto query = [as = as(), who = core_.self(), family = family_,
                batch = std::move(what.what)](pqxx::work& tx) {
    const auto& kind = *family->kind;
    return store::commit(tx, as, who, kind.what->schema(), batch, kind.table.get());
  };
  auto pool = shared().find(path::pool);
  if (!pool)
    return come_to<commit_outcome>(&activation::committed, fail(ec::unavailable, "the database"));
  storage::run<commit_outcome>(this, pool, database_max, std::move(query))
      .then(
          [this, added](commit_outcome x) {
            if (x.how == commit_end::done && added > 0) {
              counted::commits().add();
              counted::commands().add(added);
            }
            come_to<commit_outcome>(&activation::committed, std::move(x));
          },
          [this](const failure& why) { come_to<commit_outcome>(&activation::committed, why); });
}

void entity_actor::carry_out(reply& what) {
  if (what.answer && what.answer->repeated) counted::repeated().add();
  // As high as the news of this actor's end, which must not overtake it.
  tell(family_->host, performed{what.ticket, std::move(what.answer)});
}

void entity_actor::carry_out(const wake_outbox&) {
  if (auto outbox = shared().find(path::outbox)) send(outbox, wake{slot_});
}

void entity_actor::carry_out(const wake_timers&) {
  if (auto timers = shared().find(path::timers)) send(timers, wake{slot_});
}

void entity_actor::carry_out(const give_up&) {
  counted::fenced().add();
  finishing_ = true;
}

void entity_actor::end_if_finished() {
  if (finishing_ && core_.idle()) quit();
}

moment entity_actor::now() const {
  auto steady = system().clock().now();
  // Not `owned`: while the slot is being given away, what came before is still answered.
  auto owner = shared().slots->owner(slot_);
  auto mine = owner.epoch == epoch_ && owner.owner == shared().lease->self();
  return {shared().clock->now(), steady, mine && shared().lease->holds(boot_now())};
}

tenure entity_actor::as() const {
  return {slot_, epoch_, shared().lease->self()};
}

std::string entity_actor::describe() const {
  return core_.state() ? core_.state()->describe() : "{}";
}

std::string entity_actor::child_id() const {
  return key_of(core_.self());
}

void entity_actor::on_end(supervision::member_ended what) {
  crowd_member::on_end(what); // first: ENTITIES may ask for the next one at once
  tell(family_->host, entity_ended{std::move(what)});
}

} // namespace bpci::entity
