#include "gateways/routes/asking.hpp"
#include "gateways/routes/described.hpp"
#include "gateways/routes/routes.hpp"

namespace bpci::gateway {

namespace {

using http::permission;

void actions(api_actor& self, const call_ptr& what) {
  auto limit = page_limit(*what);
  if (!limit) return what->fail(limit.error());
  auto after = what->number("after");
  if (!after) return what->fail(after.error());
  auto query = audit::query{what->parameter("target"), what->parameter("action"), *after, *limit};
  self.shared().records->list_actions(self, std::move(query),
                                      [what](const result<audit::page>& page) {
                                        if (!page) return what->fail(page.error());
                                        what->ok(codec::to_json(*page));
                                      });
}

} // namespace

std::vector<route> audit_routes() {
  return {
      {{.method = "GET",
        .pattern = "/api/v1/audit/actions",
        .need = permission::read,
        .summary = "What admins did, to what, and why; newest first",
        .gives = schema_of<audit::page>,
        .query = page_query({{"target", "Part of the target"}, {"action", "The whole word"}})},
       actions},
  };
}

} // namespace bpci::gateway
