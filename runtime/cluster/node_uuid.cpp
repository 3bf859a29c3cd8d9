#include "runtime/cluster/node_uuid.hpp"

#include "runtime/time/clock.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/detail/get_root_uuid.hpp>
#include <caf/node_id.hpp>

#include <cstdio>
#include <cstdlib>

namespace {

bool called = false;

} // namespace

namespace caf::detail {

std::string get_root_uuid() {
  called = true;
  return std::to_string(bpci::random_u64()) + std::to_string(bpci::random_u64());
}

} // namespace caf::detail

namespace bpci::cluster {

void ensure_unique_node_uuid() {
  [[maybe_unused]] auto made = caf::node_id::default_data::local(caf::actor_system_config{});
  if (called) return;
  std::fputs("CAF's node id is not ours: this build can't tell nodes apart\n", stderr);
  std::abort();
}

} // namespace bpci::cluster
