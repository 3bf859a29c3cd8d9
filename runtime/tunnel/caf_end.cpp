#include "runtime/tunnel/caf_end.hpp"

#include <caf/actor_registry.hpp>
#include <caf/actor_system.hpp>
#include <caf/io/basp_broker.hpp>
#include <caf/io/middleman.hpp>
#include <caf/io/network/default_multiplexer.hpp>

namespace bpci::tunnel {

caf::actor basp_broker(caf::actor_system& system) {
  return system.middleman().named_broker<caf::io::basp_broker>(caf::atom("BASP"));
}

caf::io::scribe_ptr to_scribe(caf::actor_system& system, local_end& from) {
  return system.middleman().backend().new_scribe(from.release());
}

void refuse_remote_spawn(caf::actor_system& system) {
  // CAF looks these two up by name when a peer asks for them.
  system.registry().erase(caf::atom("SpawnServ"));
  system.registry().erase(caf::atom("ConfigServ"));
}

} // namespace bpci::tunnel
