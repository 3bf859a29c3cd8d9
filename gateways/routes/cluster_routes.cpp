#include "gateways/api/admin_action.hpp"
#include "gateways/routes/asking.hpp"
#include "gateways/routes/body.hpp"
#include "gateways/routes/described.hpp"
#include "gateways/routes/routes.hpp"
#include "messages/runtime/slots.hpp"

#include <boost/describe/enum_from_string.hpp>
#include <boost/describe/enum_to_string.hpp>

#include <charconv>

namespace bpci::gateway {

namespace {

using http::permission;
namespace json = boost::json;

// -- the members ------------------------------------------------------------------------

/// One life of one member: a restarted node has several.
using life = std::pair<member_id, incarnation>;

life life_of(const cluster::member_status& x) {
  return {x.member.id, x.member.incarnation};
}

std::string to_cursor(const life& x) {
  return x.first.get() + "/" + std::to_string(x.second.get());
}

/// "node-2/17". Errors: invalid_argument.
result<life> to_life(const std::string& cursor) {
  auto slash = cursor.find('/');
  if (cursor.empty()) return life{};
  std::uint64_t no = 0;
  const auto* end = cursor.data() + cursor.size();
  if (slash != std::string::npos && std::from_chars(cursor.data() + slash + 1, end, no).ptr == end)
    return life{cursor.substr(0, slash), no};
  return fail(ec::invalid_argument, "after: expected the cursor of a page");
}

struct member_filter {
  std::optional<cluster::member_state> state;
  life after;
  std::uint64_t limit = 0;
};

result<member_filter> read_filter(const call& what) {
  member_filter out;
  if (auto word = what.parameter("state"); !word.empty())
    if (!boost::describe::enum_from_string(word.c_str(), out.state.emplace()))
      return fail(ec::invalid_argument, "state: joining, up, draining, left or dead");
  auto after = to_life(what.parameter("after"));
  if (!after) return after.error();
  out.after = *after;
  auto limit = page_limit(what);
  if (!limit) return limit.error();
  out.limit = *limit;
  return out;
}

json::value show_members(cluster::member_list all, const member_filter& by) {
  std::erase_if(all.members, [&](const auto& x) {
    return life_of(x) <= by.after || (by.state && x.member.state != *by.state);
  });
  std::ranges::sort(all.members, {}, life_of);
  std::string next;
  if (all.members.size() > by.limit) {
    all.members.resize(by.limit);
    next = to_cursor(life_of(all.members.back()));
  }
  auto out = codec::to_json(all).as_object();
  out["next"] = std::move(next);
  return out;
}

void members(api_actor& self, const call_ptr& what) {
  auto filter = read_filter(*what);
  if (!filter) return what->fail(filter.error());
  ask_here<cluster::member_list>(
      self, path::members, cluster::list_members{what->parameter("ended") == "true"},
      [what, filter = *filter](const cluster::member_list& x) {
        what->ok(show_members(x, filter));
      },
      refuse(what));
}

// -- draining ---------------------------------------------------------------------------

void show_plan(api_actor& self, const call_ptr& what, member_id of) {
  self.forward<slots::drain_plan>(what, path::slots, slots::plan_drain{std::move(of)}, answer_max,
                                  as_json);
}

void drain_plan(api_actor& self, const call_ptr& what) {
  show_plan(self, what, member_id{std::string{what->parameters.get("member")}});
}

struct drain_body {
  std::string reason;
  bool dry_run = false;

  bool operator==(const drain_body&) const = default;
};
BPCI_MESSAGE(drain_body, reason, dry_run)

/// Each member sets its own state: nobody else may change its row while it lives.
template <class Message>
void set_state(api_actor& self, const call_ptr& what, std::string action, std::string why) {
  auto of = member_id{std::string{what->parameters.get("id")}};
  auto perform = [&self, of](const admin_action_ptr& deed) {
    auto bad = [deed](const failure& x) { deed->failed(x); };
    auto tell = [&self, of, deed, bad](const caf::actor& its_members) {
      self.ask<cluster::member_state_set>(
          its_members, answer_max, Message{deed->who(), deed->why()},
          [of, deed](const cluster::member_state_set& x) {
            deed->done(
                {{"member", of.get()}, {"state", boost::describe::enum_to_string(x.state, "")}});
          },
          bad);
    };
    find_service(self, of, path::members, std::move(tell), bad);
  };
  carry_out(self, what, {std::move(action), of.get(), std::move(why)}, without_record::refuse,
            std::move(perform));
}

void drain(api_actor& self, const call_ptr& what) {
  auto in = read_body<drain_body>(*what);
  if (!in) return what->fail(in.error());
  if (in->dry_run) return show_plan(self, what, member_id{std::string{what->parameters.get("id")}});
  set_state<cluster::drain_member>(self, what, "drain", std::move(in->reason));
}

void undrain(api_actor& self, const call_ptr& what) {
  auto in = read_body<drain_body>(*what);
  if (!in) return what->fail(in.error());
  set_state<cluster::undrain_member>(self, what, "undrain", std::move(in->reason));
}

} // namespace

std::vector<route> cluster_routes() {
  return {
      {{.method = "GET",
        .pattern = "/api/v1/cluster/members",
        .need = permission::read,
        .summary = "The nodes of this cluster, as this one sees them",
        .query = page_query({{"state", "Only members in this state"},
                             {"ended", "true: also those that have ended"}})},
       members},
      {{.method = "GET",
        .pattern = "/api/v1/cluster/drain-plan/{member}",
        .need = permission::read,
        .summary = "Where everything of a member would go, if it were drained",
        .gives = schema_of<slots::drain_plan>},
       drain_plan},
      {{.method = "POST",
        .pattern = "/api/v1/cluster/members/{id}/drain",
        .need = permission::admin,
        .summary = "Let a member give away what it owns; dry_run only shows the plan",
        .takes = schema_of<drain_body>},
       drain},
      {{.method = "POST",
        .pattern = "/api/v1/cluster/members/{id}/undrain",
        .need = permission::admin,
        .summary = "Let a drained member own again",
        .takes = schema_of<drain_body>},
       undrain},
  };
}

} // namespace bpci::gateway
