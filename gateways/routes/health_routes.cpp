#include "config/older_metrics.hpp"
#include "gateways/api/access_store.hpp"
#include "gateways/api/api_actor.hpp"
#include "gateways/routes/asking.hpp"
#include "gateways/routes/routes.hpp"
#include "messages/codec/json.hpp"
#include "runtime/metrics/aliases.hpp"
#include "runtime/metrics/metrics.hpp"
#include "runtime/storage/sql.hpp"

#include <boost/describe/enum_to_string.hpp>

#include <algorithm>
#include <utility>

namespace bpci::gateway {

namespace {

using http::permission;

/// How long the database may take to say that it is there.
constexpr auto ping_max = std::chrono::milliseconds{1'000};

/// The node answers, so it lives: nothing else is asked, or a database that is away would make an
/// orchestrator kill nodes that are well.
void live(api_actor&, const call_ptr& what) {
  what->ok({{"status", "ok"}});
}

void answer_by_state(const call_ptr& what, boost::json::object checks,
                     const cluster::member_list& members) {
  auto self = std::ranges::find(members.members, true, &cluster::member_status::self);
  if (self == members.members.end()) return what->fail({ec::unavailable, "cluster: not joined"});
  auto state = self->member.state;
  checks["member"] = codec::to_json(state);
  if (state != cluster::member_state::up)
    return what->fail({ec::unavailable, std::string{"this member is "}
                                            + boost::describe::enum_to_string(state, "")});
  what->ok({{"status", "ready"}, {"checks", checks}});
}

/// Ready: BPI nodes can connect, messages are relayed, the database answers, and this node is UP:
/// one that is DRAINING is to be taken out of what balances the load.
void ready(api_actor& self, const call_ptr& what) {
  constexpr std::pair<const char*, const char*> parts[] = {
      {"database", path::pool},     {"cluster", path::members}, {"slots", path::slots},
      {"entities", path::entities}, {"router", path::router},   {"relay", path::relay},
      {"registry", path::registry}, {"doorman", path::doorman}};
  boost::json::object checks;
  std::string missing;
  for (auto [name, where] : parts) {
    auto up = self.shared().find(where) != nullptr;
    checks[name] = up ? "ok" : "starting";
    if (!up) missing += std::string{missing.empty() ? "" : ", "} + name;
  }
  if (!missing.empty()) return what->fail({ec::unavailable, missing});
  storage::run<void>(&self, self.shared().find(path::pool), ping_max, store::ping)
      .then(
          [&self, what, checks = std::move(checks)] {
            ask_here<cluster::member_list>(
                self, path::members, cluster::list_members{},
                [what, checks](const cluster::member_list& x) { answer_by_state(what, checks, x); },
                refuse(what));
          },
          [what](const failure& why) {
            what->fail({ec::unavailable, "the database: " + to_string(why)});
          });
}

/// The metrics of document 2 whose names the configuration asks for.
std::vector<metrics::alias> aliases(const config::node_config& of) {
  std::vector<metrics::alias> out;
  for (const auto& x : config::exported_older_metrics(of))
    out.push_back({x.name, x.canonical, static_cast<metrics::kind>(x.kind)});
  return out;
}

void metrics_page(api_actor& self, const call_ptr& what) {
  auto text = metrics::metrics().expose();
  text += metrics::aliased(text, aliases(self.shared().config));
  what->reply(http::text_response(std::move(text), std::string{metrics::registry::content_type}));
}

} // namespace

std::vector<route> health_routes() {
  return {
      {{.method = "GET",
        .pattern = "/health",
        .need = permission::open,
        .summary = "Whether the node lives",
        .aliases = {"/health/live", "/api/v1/health"}},
       live},
      {{.method = "GET",
        .pattern = "/health/ready",
        .need = permission::open,
        .summary = "Whether the node can serve"},
       ready},
      {{.method = "GET",
        .pattern = "/metrics",
        .need = permission::open,
        .summary = "Metrics for Prometheus",
        .aliases = {"/api/v1/metrics"},
        .produces = "text/plain"},
       metrics_page},
  };
}

} // namespace bpci::gateway
