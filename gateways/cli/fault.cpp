#include "gateways/cli/fault.hpp"

#include <boost/throw_exception.hpp>

#include <stdexcept>

namespace bpci::cli {

void throw_exception_from_error(const fault& why, const boost::source_location& loc) {
  boost::throw_exception(std::runtime_error{why.code + ": " + why.detail}, loc);
}

fault to_fault(const failure& why, exit_code exit, std::string next) {
  return {exit, std::string{name(why.code)}, std::string{sentence(why.code)}, why.detail,
          next.empty() ? std::string{next_step(why.code)} : std::move(next)};
}

fault usage_fault(std::string detail, std::string next) {
  return to_fault(fail(ec::invalid_argument, std::move(detail)), exit_code::usage, std::move(next));
}

} // namespace bpci::cli
