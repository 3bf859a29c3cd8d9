#pragma once

#include "messages/error.hpp"

#include <caf/behavior.hpp>
#include <caf/fwd.hpp>

#include <memory>

namespace bpci {

/// A request that waits: ends with its answer or a failure, whichever comes first.
class pending_call {
public:
  virtual ~pending_call() = default;

  /// False, and not over, if this is not what was asked for.
  virtual bool answer(caf::type_erased_tuple& x) = 0;
  virtual void fail(const failure& why) = 0;
  [[nodiscard]] virtual bool is_over() const = 0;
};

/// What CAF is to do with the response. Compiled once, where a pair of lambdas would be compiled at
/// each request, CAF's matching and all (docs/adr/0018).
caf::behavior answered_by(std::shared_ptr<pending_call> call);

} // namespace bpci
