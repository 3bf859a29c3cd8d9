#include "gateways/api/api_actor.hpp"
#include "gateways/api/running_config.hpp"
#include "gateways/http/problem.hpp"
#include "gateways/routes/routes.hpp"
#include "messages/codec/json.hpp"

#include <algorithm>

namespace bpci::gateway {

namespace {

namespace json = boost::json;

/// More than these are not read anyway.
constexpr std::size_t differences_shown_max = 5;

/// The settings, with what this node has chosen where the file leaves it open.
config::node_config settings_of(const context& x) {
  auto out = x.config;
  out.oracle.node_id = x.member.get();
  const auto port = x.http_port ? x.http_port->load() : std::uint16_t{0};
  for (auto* further : {&out.oracle.api_port, &out.oracle.ws_port})
    if (x.further_ports.empty() && port != 0) *further = port;
  if (!x.further_ports.empty()) {
    out.oracle.api_port = x.further_ports.front();
    out.oracle.ws_port = x.further_ports.back();
  }
  return out;
}

/// The member `config` of the body; an empty body asks for nothing.
result<json::object> wanted(const call& what) {
  if (what.request.body.empty()) return json::object{};
  const auto body = codec::parse_json(what.request.body);
  if (!body) return body.error();
  const auto* object = body->if_object();
  if (!object) return fail(ec::invalid_argument, "the body: expected an object");
  const auto* config = object->if_contains("config");
  if (!config || config->is_null()) return json::object{};
  if (!config->is_object()) return fail(ec::invalid_argument, "config: expected an object");
  return config->get_object();
}

std::string listed(const std::vector<std::string>& all) {
  std::string out;
  for (std::size_t i = 0; i < std::min(all.size(), differences_shown_max); ++i)
    out += (out.empty() ? "" : "; ") + all[i];
  if (all.size() > differences_shown_max)
    out += "; and " + std::to_string(all.size() - differences_shown_max) + " more";
  return out;
}

/// The node that is asked runs already: whoever wants it as it is has what they want, and nobody
/// changes it under those who use it.
void start(api_actor& self, const call_ptr& what) {
  const auto config = wanted(*what);
  if (!config) return what->fail(config.error());
  const auto running = settings_of(self.shared());
  const auto different = differences(running, *config);
  if (!different) return what->fail(different.error());
  if (!different->empty())
    return what->reply(http::problem(
        {ec::conflict, "the node runs with other settings: " + listed(*different)},
        what->request.id,
        {.next_step = "Write them into the file that the node was started with, and start it again "
                      "(SIGTERM, then bpci server start --config FILE)."}));
  what->ok({{"status", "running"},
            {"node_id", self.shared().member.get()},
            {"config", public_config(running)}});
}

json::value body_schema(http::schema_book&) {
  return {{"type", "object"}, {"properties", {{"config", {{"type", "object"}}}}}};
}

} // namespace

std::vector<route> start_routes() {
  return {
      {{.method = "POST",
        .pattern = "/api/v1/oracle/start",
        .need = http::permission::write,
        .summary = "Start the node; it runs, so this says with which settings",
        .takes = body_schema},
       start},
  };
}

} // namespace bpci::gateway
