#include "gateways/routes/asking.hpp"
#include "gateways/routes/body.hpp"
#include "gateways/routes/routes.hpp"
#include "messages/oracle/discovery.hpp"

namespace bpci::gateway {

namespace {

using http::permission;

constexpr auto discovery = "/oracle/discovery";

/// Open: the signature says who announces itself.
void announce(api_actor& self, const call_ptr& what) {
  auto in = read_body<oracle::announcement>(*what);
  if (!in) return what->fail(in.error());
  self.forward<oracle::announced_node>(what, discovery, std::move(*in), answer_max, as_json);
}

/// Each `capability` of the query; one may also name several, with commas between.
std::vector<std::string> capabilities_of(const call& what) {
  std::vector<std::string> out;
  for (const auto& [name, value] : what.request.query) {
    if (name != "capability") continue;
    for (std::size_t at = 0; at <= value.size();) {
      const auto end = std::min(value.find(',', at), value.size());
      if (end > at) out.push_back(value.substr(at, end - at));
      at = end + 1;
    }
  }
  return out;
}

void discover(api_actor& self, const call_ptr& what) {
  auto limit = page_limit(*what);
  if (!limit) return what->fail(limit.error());
  self.forward<oracle::discovered>(what, discovery,
                                   oracle::discover{what->parameter("type"), capabilities_of(*what),
                                                    *limit, what->parameter("after")},
                                   answer_max, as_json);
}

} // namespace

std::vector<route> discovery_routes() {
  return {
      {{.method = "POST",
        .pattern = "/api/v1/oracle/announcements",
        .need = permission::open,
        .summary = "Announce a BPI node, signed by itself"},
       announce},
      {{.method = "GET",
        .pattern = "/api/v1/oracle/discover",
        .need = permission::read,
        .summary = "Announced BPI nodes, by type and capabilities"},
       discover},
  };
}

} // namespace bpci::gateway
