#include "gateways/api/admin_action.hpp"
#include "gateways/routes/asking.hpp"
#include "gateways/routes/body.hpp"
#include "gateways/routes/described.hpp"
#include "gateways/routes/routes.hpp"
#include "messages/runtime/introspection.hpp"
#include "messages/runtime/supervision.hpp"

namespace bpci::gateway {

namespace {

using http::permission;
namespace json = boost::json;
namespace sup = bpci::supervision;

constexpr std::uint64_t rows_max = 1'000;

/// "/node-1/oracle/relay" is at the member node-1.
member_id member_of(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  return member_id{std::string{path.substr(0, path.find('/'))}};
}

// -- the tree -------------------------------------------------------------------------

void show_tree(const call_ptr& what, std::uint64_t limit, const gathered<sup::tree_page>& all) {
  auto more = false;
  sup::tree_page page;
  for (auto& [member, row] : merge_pages(all.pages, &sup::tree_page::rows, limit, more))
    page.rows.push_back(std::move(row));
  if (more && !page.rows.empty()) page.next = page.rows.back().path;
  auto out = codec::to_json(page).as_object();
  out["unreachable"] = codec::to_json(all.unreachable);
  what->ok(std::move(out));
}

void tree(api_actor& self, const call_ptr& what) {
  auto limit = page_limit(*what);
  if (!limit) return what->fail(limit.error());
  auto query = sup::tree_query{what->parameter("filter"), what->parameter("after"), *limit};
  auto first = member_of(query.after);
  gather<sup::tree_page>(
      self, what, first,
      [query, first](const member_id& of) {
        auto question = query;
        if (of != first) question.after.clear();
        return question;
      },
      [what, query](const gathered<sup::tree_page>& all) { show_tree(what, query.limit, all); });
}

// -- one actor ------------------------------------------------------------------------

void show_state(api_actor& self, const call_ptr& what, const caf::actor& agent,
                const sup::tree_row& row) {
  auto reply = std::make_shared<json::object>(
      json::object{{"row", codec::to_json(row)}, {"state", nullptr}});
  self.ask<actor_state>(
      agent, member_answer_max, cluster::show_actor{row.path},
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
}

void show(api_actor& self, const call_ptr& what) {
  auto path = "/" + std::string{what->parameters.get("path")};
  auto ask_agent = [&self, what, path](const caf::actor& agent) {
    self.ask<sup::tree_page>(
        agent, answer_max, sup::tree_query{path, "", rows_max},
        [&self, what, path, agent](const sup::tree_page& page) {
          auto row = std::ranges::find(page.rows, path, &sup::tree_row::path);
          if (row == page.rows.end()) return what->fail({ec::not_found, path});
          show_state(self, what, agent, *row);
        },
        refuse(what));
  };
  find_agent(self, member_of(path), std::move(ask_agent), refuse(what));
}

// -- acting on it -----------------------------------------------------------------------

struct action_body {
  std::string path;
  std::string reason;

  bool operator==(const action_body&) const = default;
};
BPCI_MESSAGE(action_body, path, reason)

std::string verb_of(const sup::kill_child&) {
  return "kill";
}
std::string verb_of(const sup::restart_child&) {
  return "restart";
}
std::string verb_of(const sup::pause_child&) {
  return "pause";
}
std::string verb_of(const sup::resume_child&) {
  return "resume";
}

/// These go on without a record: it may be the database that an operator must restart.
template <class Action>
void act(api_actor& self, const call_ptr& what) {
  auto in = read_body<action_body>(*what);
  if (!in) return what->fail(in.error());
  if (in->path.empty()) return what->fail({ec::invalid_argument, "path"});
  auto perform = [&self, path = in->path](const admin_action_ptr& deed) {
    auto bad = [deed](const failure& why) { deed->failed(why); };
    auto tell = [&self, path, deed, bad](const caf::actor& its_supervisor) {
      self.ask<sup::child_action_done>(
          its_supervisor, answer_max, Action{path, deed->who(), deed->why()},
          [deed](const sup::child_action_done& x) { deed->done(codec::to_json(x)); }, bad);
    };
    find_supervisor(self, member_of(path), std::move(tell), bad);
  };
  carry_out(self, what, {verb_of(Action{}), in->path, in->reason}, without_record::go_on,
            std::move(perform));
}

} // namespace

std::vector<route> actor_routes() {
  return {
      {{.method = "GET",
        .pattern = "/api/v1/actors",
        .need = permission::read,
        .summary = "The supervision trees of all members, paged and filtered",
        .query = page_query({{"filter", "Part of the path or type"}})},
       tree},
      {{.method = "GET",
        .pattern = "/api/v1/actors/{path...}",
        .need = permission::read,
        .summary = "One actor and its state"},
       show},
      {{.method = "POST",
        .pattern = "/api/v1/actors/kill",
        .need = permission::admin,
        .summary = "Kill an actor; its supervisor restarts it",
        .takes = schema_of<action_body>},
       act<sup::kill_child>},
      {{.method = "POST",
        .pattern = "/api/v1/actors/restart",
        .need = permission::admin,
        .summary = "Stop an actor in good order and start it again",
        .takes = schema_of<action_body>},
       act<sup::restart_child>},
      {{.method = "POST",
        .pattern = "/api/v1/actors/pause",
        .need = permission::admin,
        .summary = "Stop an actor until it is resumed",
        .takes = schema_of<action_body>},
       act<sup::pause_child>},
      {{.method = "POST",
        .pattern = "/api/v1/actors/resume",
        .need = permission::admin,
        .summary = "Start an actor that was paused",
        .takes = schema_of<action_body>},
       act<sup::resume_child>},
  };
}

} // namespace bpci::gateway
