#include "gateways/api/api_actor.hpp"
#include "gateways/routes/routes.hpp"
#include "messages/codec/json.hpp"
#include "runtime/metrics/metrics.hpp"

#include <utility>

namespace bpci::gateway {

namespace {

using http::permission;

/// The node answers, so it lives: nothing else is asked, or a database that is away would make an
/// orchestrator kill nodes that are well.
void live(api_actor&, const call_ptr& what) { what->ok({{"status", "ok"}}); }

/// Ready: BPI nodes can connect, messages are relayed, the database answers.
void ready(api_actor& self, const call_ptr& what) {
  constexpr std::pair<const char*, const char*> parts[] = {
    {"database", path::pool}, {"cluster", path::members}, {"relay", path::relay},
    {"registry", path::registry}, {"doorman", path::doorman}};
  boost::json::object checks;
  std::string missing;
  for (auto [name, where] : parts) {
    auto up = self.shared().find(where) != nullptr;
    checks[name] = up ? "ok" : "starting";
    if (!up) missing += std::string{missing.empty() ? "" : ", "} + name;
  }
  if (!missing.empty()) return what->fail({ec::unavailable, missing});
  what->ok({{"status", "ready"}, {"checks", std::move(checks)}});
}

void metrics_page(api_actor&, const call_ptr& what) {
  using metrics::registry;
  what->reply(http::text_response(metrics::metrics().expose(), std::string{registry::content_type}));
}

} // namespace

std::vector<route> health_routes() {
  return {
    {{.method = "GET", .pattern = "/health", .need = permission::open,
      .summary = "Whether the node lives", .aliases = {"/health/live", "/api/v1/health"}},
     live},
    {{.method = "GET", .pattern = "/health/ready", .need = permission::open,
      .summary = "Whether the node can serve"},
     ready},
    {{.method = "GET", .pattern = "/metrics", .need = permission::open,
      .summary = "Metrics for Prometheus", .aliases = {"/api/v1/metrics"}},
     metrics_page},
  };
}

} // namespace bpci::gateway
