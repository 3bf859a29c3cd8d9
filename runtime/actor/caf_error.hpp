#pragma once

#include "messages/error.hpp"

#include <caf/error.hpp>

namespace bpci {

/// A refusal as CAF carries it between actors, across nodes too.
caf::error to_caf(const failure& why);
inline caf::error to_caf(ec code, std::string detail = {}) {
  return to_caf(failure{code, std::move(detail)});
}

/// The refusal in an error that came from an actor. CAF's own errors become the code that their
/// cause has: a request that timed out `timeout`, a receiver that is gone `restarted`.
failure from_caf(const caf::error& why);

} // namespace bpci
