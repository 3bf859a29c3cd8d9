#pragma once

#include <caf/actor_system_config.hpp>

#include <cstddef>

namespace bpci {

/// CAF's configuration with the values that this project has measured to be right, and the
/// errors and messages that every actor uses. `threads` of 0: one a core.
class actor_config : public caf::actor_system_config {
public:
  explicit actor_config(std::size_t threads = 0);
};

} // namespace bpci
