#pragma once

#include "messages/boxes.hpp"
#include "messages/describe.hpp"
#include "messages/inspect.hpp"

#include <caf/actor_system_config.hpp>

#include <string>
#include <type_traits>
#include <typeindex>

namespace bpci {

/// Gives CAF the names under which these messages travel between nodes: `oracle.route_up`. A
/// message that is not registered arrives empty.
template <described... T>
void add_messages(caf::actor_system_config& config, const std::string& subsystem) {
  // Not by add_message_type: it would add a vector and a stream of each as well, which nobody
  // sends.
  const auto add = [&]<class One>(std::type_identity<One>) {
    const auto name = subsystem + "." + std::string{message_name(static_cast<const One*>(nullptr))};
    config.type_names_by_rtti.emplace(typeid(One), name);
    config.value_factories_by_name.emplace(name, &empty_value<One>);
    config.value_factories_by_rtti.emplace(typeid(One), &empty_value<One>);
  };
  (add(std::type_identity<T>{}), ...);
}

} // namespace bpci
