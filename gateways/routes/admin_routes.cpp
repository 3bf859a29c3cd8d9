#include "gateways/routes/routes.hpp"

namespace bpci::gateway {

std::vector<route> admin_routes() {
  std::vector<route> out;
  for (auto more : {cluster_routes(), slot_routes(), entity_routes(), actor_routes(),
                    quarantine_routes(), audit_routes()})
    out.insert(out.end(), more.begin(), more.end());
  return out;
}

} // namespace bpci::gateway
