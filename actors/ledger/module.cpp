#include "actors/ledger/module.hpp"

#include <boost/throw_exception.hpp>

#include <stdexcept>

namespace bpci::ledger {

void throw_exception_from_error(const refusal& why, const boost::source_location& loc) {
  boost::throw_exception(std::runtime_error{why.name + ": " + why.detail}, loc);
}

} // namespace bpci::ledger
