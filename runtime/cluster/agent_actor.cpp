#include "runtime/cluster/agent_actor.hpp"

#include "messages/codec/json.hpp"
#include "messages/runtime/introspection.hpp"
#include "messages/runtime/supervision.hpp"
#include "runtime/time/clock.hpp"

namespace bpci::cluster {

agent_actor::agent_actor(caf::actor_config& cfg, node_identity me, shared_incarnation life,
                         supervision::node_context_ptr node, shared_lag lag)
    : actor_base(cfg),
      me_(std::move(me)),
      life_(std::move(life)),
      node_(std::move(node)),
      lag_(std::move(lag)) {}

caf::behavior agent_actor::make_behavior() {
  using namespace supervision;
  return {
      [this](const who_are_you&) {
        return agent_identity{me_.cluster, me_.id, incarnation{*life_}};
      },
      [this](const probe&) {
        return probe_answer{incarnation{*life_}, lag_ ? lag_->load() : 0};
      },
      [this](const probe_for_me& x) { return pass_to(path::members, caf::make_message(x)); },
      [this](const look_again& x) { return pass_to(path::members, caf::make_message(x)); },
      [this](const find_service& x) -> caf::result<service_handle> {
        auto found = node_->directory.find(me_.root + x.name);
        if (!found) return to_caf(ec::not_found, x.name);
        return service_handle{found};
      },
      [this](const show_actor& x) -> caf::result<caf::message> {
        auto found = node_->directory.find(x.path);
        if (!found) return to_caf(ec::not_found, x.path);
        return delegate(found, get_state{});
      },
      // From the registry, not from the supervisor: also when that one hangs.
      [this](const tree_query& x) { return node_->tree.read(x, wall_now()); },
      [this](const quarantine_query& x) { return node_->quarantine.list(x); },
      [this](const kill_child& x) { return pass_to({}, caf::make_message(x)); },
      [this](const restart_child& x) { return pass_to({}, caf::make_message(x)); },
      [this](const pause_child& x) { return pass_to({}, caf::make_message(x)); },
      [this](const resume_child& x) { return pass_to({}, caf::make_message(x)); },
      [this](const release_message& x) { return pass_to({}, caf::make_message(x)); },
  };
}

caf::result<caf::message> agent_actor::pass_to(const std::string& path, const caf::message& what) {
  auto found = node_->directory.find(me_.root + path);
  if (!found) return to_caf(ec::shutting_down);
  return delegate(found, what);
}

std::string agent_actor::describe() const {
  return codec::to_text({{"cluster", me_.cluster},
                         {"member", me_.id.get()},
                         {"incarnation", life_->load()},
                         {"http_address", me_.http_address}});
}

} // namespace bpci::cluster
