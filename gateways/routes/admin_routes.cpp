#include "gateways/api/api_actor.hpp"
#include "gateways/routes/body.hpp"
#include "gateways/routes/routes.hpp"
#include "messages/runtime/cluster.hpp"
#include "messages/runtime/supervision.hpp"

#include <algorithm>
#include <memory>

namespace bpci::gateway {

namespace {

using http::permission;
namespace json = boost::json;
namespace sup = bpci::supervision;

constexpr auto answer_max = std::chrono::milliseconds{5'000};
/// A member that is being lost must not hold up the page of the others for long.
constexpr auto member_answer_max = std::chrono::milliseconds{1'500};

constexpr std::uint64_t page_default = 100;
constexpr std::uint64_t page_max = 1'000;

/// "/node-1/oracle/relay" is at the member node-1.
std::string member_of(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  return std::string{path.substr(0, path.find('/'))};
}

json::value show_members(const cluster::member_list& x) {
  return codec::to_json(x);
}

void members(api_actor& self, const call_ptr& what) {
  self.forward<cluster::member_list>(what, path::members, cluster::list_members{}, answer_max,
                                     show_members);
}

/// Calls `then` with the AGENTs of all members that can be reached; answers the call itself when
/// there are none.
template <class F>
void with_agents(api_actor& self, const call_ptr& what, F then) {
  auto members = self.shared().find(path::members);
  if (!members) return what->fail({ec::restarted, "the cluster"});
  self.ask<cluster::agent_list>(members, answer_max, cluster::list_agents{}, std::move(then),
                                [what](const failure& why) { what->fail(why); });
}

/// Calls `then` with the AGENT of the member at which `path` is.
template <class F>
void with_agent_of(api_actor& self, const call_ptr& what, const std::string& path, F then) {
  with_agents(self, what, [what, path, then](const cluster::agent_list& all) {
    auto found = std::ranges::find(all.agents, member_id{member_of(path)}, &cluster::peer_up::id);
    if (found == all.agents.end())
      return what->fail({ec::not_found, "no member " + member_of(path) + " can be reached"});
    then(found->agent);
  });
}

// -- the tree -------------------------------------------------------------------------

/// Gathers one page out of those of all members.
struct tree_gathering {
  call_ptr what;
  std::uint64_t limit = 0;
  std::size_t open = 0;
  std::vector<sup::tree_row> rows;
  json::array unreachable;
  bool more = false;

  void add(const sup::tree_page& page) {
    rows.insert(rows.end(), page.rows.begin(), page.rows.end());
    more = more || !page.next.empty();
    done();
  }

  void done() {
    if (--open > 0) return;
    // Every page is in the tree's own order; between members it is that of their names.
    std::ranges::stable_sort(rows, {}, [](const auto& x) { return member_of(x.path); });
    more = more || rows.size() > limit;
    if (rows.size() > limit) rows.resize(limit);
    auto out = codec::to_json(sup::tree_page{rows, more ? rows.back().path : ""}).as_object();
    out["unreachable"] = std::move(unreachable);
    what->ok(std::move(out));
  }
};

void tree(api_actor& self, const call_ptr& what) {
  auto limit = what->number("limit");
  if (!limit) return what->fail(limit.error());
  auto query = sup::tree_query{what->parameter("filter"), what->parameter("after"),
                               *limit == 0 ? page_default : std::min(*limit, page_max)};
  with_agents(self, what, [&self, what, query](const cluster::agent_list& all) {
    auto gathering = std::make_shared<tree_gathering>();
    gathering->what = what;
    gathering->limit = query.limit;
    auto first = member_of(query.after);
    auto asked = all.agents;
    std::erase_if(asked, [&](const auto& x) { return x.id.get() < first; });
    gathering->open = asked.size() + 1;
    for (const auto& member : asked) {
      auto question = query;
      if (member.id.get() != first) question.after.clear();
      self.ask<sup::tree_page>(
          member.agent, member_answer_max, question,
          [gathering](const sup::tree_page& page) { gathering->add(page); },
          [gathering, id = member.id](const failure&) {
            gathering->unreachable.emplace_back(id.get());
            gathering->done();
          });
    }
    gathering->done();
  });
}

void show(api_actor& self, const call_ptr& what) {
  auto path = "/" + std::string{what->parameters.get("path")};
  with_agent_of(self, what, path, [&self, what, path](const caf::actor& agent) {
    self.ask<sup::tree_page>(
        agent, answer_max, sup::tree_query{path, "", page_max},
        [&self, what, path, agent](const sup::tree_page& page) {
          auto row = std::ranges::find(page.rows, path, &sup::tree_row::path);
          if (row == page.rows.end()) return what->fail({ec::not_found, path});
          auto out = json::object{{"row", codec::to_json(*row)}, {"state", nullptr}};
          auto reply = std::make_shared<json::object>(std::move(out));
          self.ask<actor_state>(
              agent, member_answer_max, cluster::show_actor{path},
              [what, reply](const actor_state& x) {
                auto state = codec::parse_json(x.json);
                (*reply)["state"] = state ? std::move(*state) : json::value(x.json);
                what->ok(std::move(*reply));
              },
              // What the supervisor knows is shown all the same: it may hang, or be starting.
              [what, reply](const failure& why) {
                (*reply)["state_error"] = to_string(why);
                what->ok(std::move(*reply));
              });
        },
        [what](const failure& why) { what->fail(why); });
  });
}

// -- acting on it -----------------------------------------------------------------------

struct action_body {
  std::string path;
  std::string reason;

  bool operator==(const action_body&) const = default;
};
BPCI_MESSAGE(action_body, path, reason)

json::value show_action(const sup::child_action_done& x) {
  return codec::to_json(x);
}

/// Until there are users, whoever holds the token acts as "admin", from an address.
std::string caller(const call& what) {
  return "admin@" + what.request.remote_address;
}

template <class Action>
void act(api_actor& self, const call_ptr& what) {
  auto in = read_body<action_body>(*what);
  if (!in) return what->fail(in.error());
  if (in->path.empty()) return what->fail({ec::invalid_argument, "path"});
  if (in->reason.empty())
    return what->fail({ec::invalid_argument, "reason: say why; it is recorded"});
  with_agent_of(self, what, in->path, [&self, what, in = *in](const caf::actor& agent) {
    self.ask<sup::child_action_done>(
        agent, answer_max, Action{in.path, caller(*what), in.reason},
        [what](const sup::child_action_done& x) { what->ok(show_action(x)); },
        [what](const failure& why) { what->fail(why); });
  });
}

// -- quarantine ---------------------------------------------------------------------------

json::value show_quarantine(const sup::quarantine_page& x) {
  return codec::to_json(x);
}
json::value show_released(const sup::message_released& x) {
  return codec::to_json(x);
}

/// Of the node that is asked: a message is set aside where it did harm.
void quarantine(api_actor& self, const call_ptr& what) {
  auto limit = what->number("limit");
  if (!limit) return what->fail(limit.error());
  self.forward<sup::quarantine_page>(
      what, "", sup::quarantine_query{message_id{what->parameter("after")}, *limit}, answer_max,
      show_quarantine);
}

struct release_body {
  message_id id;
  std::string reason;

  bool operator==(const release_body&) const = default;
};
BPCI_MESSAGE(release_body, id, reason)

void release(api_actor& self, const call_ptr& what) {
  auto in = read_body<release_body>(*what);
  if (!in) return what->fail(in.error());
  self.forward<sup::message_released>(
      what, "", sup::release_message{in->id, caller(*what), in->reason}, answer_max, show_released);
}

} // namespace

std::vector<route> admin_routes() {
  return {
      {{.method = "GET",
        .pattern = "/api/v1/cluster/members",
        .need = permission::read,
        .summary = "The nodes of this cluster, as this one sees them"},
       members},
      {{.method = "GET",
        .pattern = "/api/v1/actors",
        .need = permission::read,
        .summary = "The supervision trees of all members, paged and filtered"},
       tree},
      {{.method = "GET",
        .pattern = "/api/v1/actors/{path...}",
        .need = permission::read,
        .summary = "One actor and its state"},
       show},
      {{.method = "POST",
        .pattern = "/api/v1/actors/kill",
        .need = permission::admin,
        .summary = "Kill an actor; its supervisor restarts it"},
       act<sup::kill_child>},
      {{.method = "POST",
        .pattern = "/api/v1/actors/restart",
        .need = permission::admin,
        .summary = "Stop an actor in good order and start it again"},
       act<sup::restart_child>},
      {{.method = "POST",
        .pattern = "/api/v1/actors/pause",
        .need = permission::admin,
        .summary = "Stop an actor until it is resumed"},
       act<sup::pause_child>},
      {{.method = "POST",
        .pattern = "/api/v1/actors/resume",
        .need = permission::admin,
        .summary = "Start an actor that was paused"},
       act<sup::resume_child>},
      {{.method = "GET",
        .pattern = "/api/v1/quarantine",
        .need = permission::read,
        .summary = "Messages of this node that were set aside"},
       quarantine},
      {{.method = "POST",
        .pattern = "/api/v1/quarantine/release",
        .need = permission::admin,
        .summary = "Let a message that was set aside through again"},
       release},
  };
}

} // namespace bpci::gateway
