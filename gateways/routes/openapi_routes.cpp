#include "gateways/api/api_actor.hpp"
#include "gateways/routes/routes.hpp"

namespace bpci::gateway {

namespace {

void description(api_actor& self, const call_ptr& what) {
  what->reply(http::json_text_response(*self.shared().api_description));
}

} // namespace

std::vector<route> openapi_routes() {
  return {
      {{.method = "GET",
        .pattern = "/api/v1/openapi.json",
        .need = http::permission::open,
        .summary = "This description: OpenAPI 3.1",
        .aliases = {"/openapi.json"},
        .is_bare = true},
       description},
  };
}

} // namespace bpci::gateway
