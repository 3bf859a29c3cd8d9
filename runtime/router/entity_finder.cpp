#include "runtime/router/entity_finder.hpp"

#include "messages/runtime/introspection.hpp"
#include "runtime/entity/slot_of.hpp"
#include "runtime/slots/allocation.hpp"

#include <algorithm>

namespace bpci::router {

namespace {

/// Some of what is asked is read from the database.
constexpr auto step_max = std::chrono::milliseconds{3'000};
/// Includes loading the entity.
constexpr auto show_max = std::chrono::milliseconds{5'000};

constexpr std::uint64_t history_max = 20;

/// Of names that contain the one that is looked for.
constexpr std::uint64_t page_rows = 1'000;
constexpr std::uint32_t pages_max = 20;

constexpr auto members_path = "/cluster/members";
constexpr auto slots_path = "/cluster/slots";
constexpr auto host_path = "/entities/host";
constexpr auto actors_path = "/entities/actors/";

} // namespace

entity_finder::entity_finder(caf::actor_config& cfg, supervision::node_context_ptr node,
                             std::string root, member_id owner)
    : actor_base(cfg), node_(std::move(node)), root_(std::move(root)), owner_(std::move(owner)) {}

caf::behavior entity_finder::make_behavior() {
  return {
      [this](const entity::find_entity& x) -> caf::result<entity::entity_place> {
        place_.what = x.what;
        place_promise_ = make_response_promise<entity::entity_place>();
        auto promise = place_promise_;
        ask_slot();
        return promise;
      },
      [this](const entity::show_entity& x) -> caf::result<actor_state> {
        place_.what = x.what;
        state_promise_ = make_response_promise<actor_state>();
        auto promise = state_promise_;
        at_owner(
            host_path, [this](const caf::actor& entities) { show(entities); },
            [this](const failure& why) { give_up(why); });
        return promise;
      },
  };
}

/// A promise holds the actor that made it.
void entity_finder::on_exit() {
  place_promise_ = {};
  state_promise_ = {};
}

template <class Reply, class Message, class Ok>
void entity_finder::ask_at(const char* path, Message what, Ok ok) {
  auto who = node_->directory.find(root_ + path);
  if (!who) return give_up(fail(ec::unavailable, root_ + path + " does not run"));
  ask<Reply>(who, step_max, std::move(what), std::move(ok),
             [this](const failure& why) { give_up(why); });
}

// -- find_entity -------------------------------------------------------------------

void entity_finder::ask_slot() {
  auto slot = entity::slot_of(place_.what);
  ask_at<slots::slot_page>(slots_path, slots::slot_query{{}, {}, slot.get(), 1},
                           [this, slot](const slots::slot_page& page) {
                             if (page.slots.empty() || page.slots.front().slot != slot)
                               return give_up(fail(ec::unavailable, "the slot table is not known"));
                             place_.slot = page.slots.front();
                             ask_history();
                           });
}

void entity_finder::ask_history() {
  ask_at<slots::move_page>(slots_path,
                           slots::move_query{place_.slot.slot.get(), {}, 0, history_max},
                           [this](const slots::move_page& page) {
                             place_.history = page.moves;
                             ask_scores();
                           });
}

void entity_finder::ask_scores() {
  ask_at<cluster::member_list>(members_path, cluster::list_members{},
                               [this](const cluster::member_list& all) {
                                 std::vector<member_id> up;
                                 for (const auto& x : all.members)
                                   if (x.member.state == cluster::member_state::up)
                                     up.push_back(x.member.id);
                                 place_.scores = slots::scores(place_.slot.slot, up);
                                 ask_row();
                               });
}

void entity_finder::ask_row() {
  entity::entity_query what;
  what.kind = place_.what.kind;
  what.filter = place_.what.id;
  what.limit = page_rows;
  ask_at<entity::entity_page>(host_path, std::move(what),
                              [this](const entity::entity_page& page) { on_page(page); });
}

/// The filter finds names that contain the id, too.
void entity_finder::on_page(const entity::entity_page& page) {
  auto row = std::ranges::find(page.rows, place_.what, &entity::entity_row::what);
  if (row != page.rows.end()) {
    place_.exists = true;
    place_.version = row->version;
  }
  if (place_.exists || page.next.empty() || ++pages_ >= pages_max) return ask_actor();
  entity::entity_query more;
  more.kind = place_.what.kind;
  more.filter = place_.what.id;
  more.after = page.next;
  more.limit = page_rows;
  ask_at<entity::entity_page>(host_path, std::move(more),
                              [this](const entity::entity_page& next) { on_page(next); });
}

void entity_finder::ask_actor() {
  owner_ = place_.slot.owner;
  auto service = actors_path + place_.what.kind + ":" + place_.what.id;
  at_owner(
      service,
      [this, service](const caf::actor&) {
        place_.active = true;
        place_.path = "/" + owner_.get() + service;
        deliver_place();
      },
      // Nobody can be asked, or nothing runs there: both are no reason to hide the rest.
      [this](const failure&) { deliver_place(); });
}

void entity_finder::deliver_place() {
  place_promise_.deliver(std::move(place_));
  quit();
}

// -- show_entity -------------------------------------------------------------------

void entity_finder::show(const caf::actor& entities) {
  ask<actor_state>(
      entities, show_max, entity::show_entity{place_.what},
      [this](const actor_state& state) {
        state_promise_.deliver(state);
        quit();
      },
      [this](const failure& why) { give_up(why); });
}

// ----------------------------------------------------------------------------------

void entity_finder::at_owner(std::string service, std::function<void(const caf::actor&)> ok,
                             std::function<void(const failure&)> bad) {
  if (owner_.get().empty()) return bad(fail(ec::retry_after, "250"));
  ask_at<cluster::agent_list>(
      members_path, cluster::list_agents{},
      [this, service = std::move(service), ok = std::move(ok),
       bad = std::move(bad)](const cluster::agent_list& all) {
        auto found = std::ranges::find(all.agents, owner_, &cluster::peer_up::id);
        if (found == all.agents.end() || !found->agent)
          return bad(fail(ec::unavailable, owner_.get() + " cannot be reached"));
        ask<cluster::service_handle>(
            found->agent, step_max, cluster::find_service{service},
            [ok](const cluster::service_handle& x) { ok(x.service); }, bad);
      });
}

void entity_finder::give_up(const failure& why) {
  if (place_promise_.pending()) place_promise_.deliver(to_caf(why));
  if (state_promise_.pending()) state_promise_.deliver(to_caf(why));
  quit();
}

} // namespace bpci::router
