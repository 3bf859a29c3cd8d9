#include "gateways/api/api_actor.hpp"
#include "gateways/routes/body.hpp"
#include "gateways/routes/described.hpp"
#include "gateways/routes/routes.hpp"
#include "messages/inspect.hpp"
#include "messages/oracle/nodes.hpp"
#include "messages/oracle/relay.hpp"

namespace bpci::gateway {

namespace {

using http::permission;
namespace json = boost::json;

constexpr auto answer_max = std::chrono::milliseconds{5'000};

template <class T>
json::value as_json(const T& x) {
  return codec::to_json(x);
}

void register_node(api_actor& self, const call_ptr& what) {
  auto in = read_body<oracle::registration>(*what);
  if (!in) return what->fail(in.error());
  self.forward<oracle::node_record>(what, path::registry, std::move(*in), answer_max, as_json);
}

void list_nodes(api_actor& self, const call_ptr& what) {
  auto limit = what->number("limit");
  if (!limit) return what->fail(limit.error());
  self.forward<oracle::node_page>(
      what, path::registry,
      oracle::list_nodes{node_id{what->parameter("after")}, what->parameter("type"), *limit},
      answer_max, as_json);
}

void stats(api_actor& self, const call_ptr& what) {
  self.forward<oracle::oracle_stats>(what, path::registry, oracle::get_oracle_stats{}, answer_max,
                                     as_json);
}

// -- relay (docs/protocol/bpi-1.0.md, section 8) -----------------------------------------

/// Older names of the members of an envelope (document 2).
constexpr std::pair<const char*, const char*> older_names[] = {
    {"message_id", "id"},
    {"source_node", "source"},
    {"target_nodes", "targets"},
    {"message_type", "type"},
};

void rename_older(json::object& in) {
  for (auto [older, name] : older_names)
    if (auto* value = in.if_contains(older); value && !in.contains(name)) in[name] = *value;
  const auto* content = in.if_contains("content");
  if (!content || in.contains("body")) return;
  auto text = codec::to_text(*content);
  in["body"] = codec::to_base64({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

result<oracle::envelope> read_envelope(const call& what) {
  auto body = codec::parse_json(what.request.body);
  if (!body) return body.error();
  if (!body->is_object()) return fail(ec::invalid_argument, "the body: expected an object");
  rename_older(body->get_object());
  return codec::from_json<oracle::envelope>(*body);
}

std::string_view status_of(const oracle::outcome& x) {
  if (x.why.code != ec::none) return "refused";
  return x.progress == oracle::progress::stored ? "stored" : "delivered";
}

json::value show_outcomes(const oracle::outcomes& x) {
  json::array results;
  for (const auto& one : x.items) {
    json::object row{{"target", one.target.get()}, {"status", status_of(one)}};
    if (one.why.code != ec::none) {
      row["code"] = name(one.why.code);
      row["message"] = sentence(one.why.code);
      row["next_step"] = next_step(one.why.code);
    }
    results.push_back(std::move(row));
  }
  return {{"id", x.items.empty() ? "" : x.items.front().id.get()}, {"results", std::move(results)}};
}

/// Open: the signature says who sends, and whether they may.
void relay(api_actor& self, const call_ptr& what) {
  auto in = read_envelope(*what);
  if (!in) return what->fail(in.error());
  auto order = oracle::relay_order{std::make_shared<const oracle::envelope>(std::move(*in))};
  auto deadline = self.shared().config.oracle.relay_timeout + std::chrono::seconds{4};
  self.forward<oracle::outcomes>(what, path::registry, std::move(order), deadline, show_outcomes);
}

} // namespace

std::vector<route> oracle_routes() {
  auto out = std::vector<route>{
      {{.method = "POST",
        .pattern = "/api/v1/oracle/nodes/register",
        .need = permission::write,
        .summary = "Register a BPI node, or update its endpoint and capabilities",
        .takes = schema_of<oracle::registration>,
        .gives = schema_of<oracle::node_record>},
       register_node},
      {{.method = "GET",
        .pattern = "/api/v1/oracle/nodes",
        .need = permission::read,
        .summary = "Registered BPI nodes, and where they are connected",
        .gives = schema_of<oracle::node_page>,
        .query = page_query({{"type", "Only nodes of this type"}})},
       list_nodes},
      {{.method = "GET",
        .pattern = "/api/v1/oracle/stats",
        .need = permission::read,
        .summary = "Counters of the oracle",
        .gives = schema_of<oracle::oracle_stats>},
       stats},
      {{.method = "POST",
        .pattern = "/api/v1/oracle/relay",
        .need = permission::open,
        .summary = "Relay a signed message and wait for its targets",
        .takes = schema_of<oracle::envelope>},
       relay},
  };
  for (const auto& more : {node_routes(), discovery_routes()})
    out.insert(out.end(), more.begin(), more.end());
  return out;
}

} // namespace bpci::gateway
