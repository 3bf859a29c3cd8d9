#include "runtime/supervision/child_spec.hpp"

#include "runtime/supervision/supervisor_actor.hpp"

#include <algorithm>
#include <utility>

namespace bpci::supervision {

caf::actor spawn_context::find(std::string_view id) const {
  std::string sibling{parent_path(path)};
  sibling += '/';
  sibling += id;
  return node->directory.find(sibling);
}

bool is_valid_child_id(std::string_view id) noexcept {
  return !id.empty() && id.size() <= 128 && std::all_of(id.begin(), id.end(), [](char c) {
    return c > ' ' && c < 127 && c != '/';
  });
}

child_spec supervisor_child(std::string id, supervisor_options how,
                            std::chrono::milliseconds stop_max) {
  auto spawn = [how = std::move(how)](const spawn_context& x) -> result<caf::actor> {
    return spawn_supervisor(x.system, x.path, how, x.node, x.ready);
  };
  return {.id = std::move(id),
          .type = std::string{supervisor_type},
          .spawn = std::move(spawn),
          .policy = policy::permanent,
          .stop_max = stop_max,
          .is_supervisor = true,
          .wait_ready_max = while_starting};
}

} // namespace bpci::supervision
