#pragma once

#include "messages/describe.hpp"
#include "messages/ids.hpp"

#include <string>
#include <vector>

namespace bpci {

/// "What are you holding?" From: the admin API. To: any actor. Answer: actor_state.
struct get_state {
  bool operator==(const get_state&) const = default;
};
BPCI_MESSAGE(get_state)

/// An actor's state as JSON text, without secrets.
struct actor_state {
  std::string json;

  bool operator==(const actor_state&) const = default;
};
BPCI_MESSAGE(actor_state, json)

} // namespace bpci
