#pragma once

#include "gateways/cli/exit_code.hpp"
#include "messages/error.hpp"

#include <string>

namespace bpci::cli {

/// Why a command did not succeed, in the words of a problem document (RFC 9457).
struct fault {
  exit_code exit = exit_code::failed;
  std::string code;      ///< `not_authenticated`
  std::string title;     ///< one sentence
  std::string detail;    ///< what was special about this case; may be empty
  std::string next_step; ///< one sentence

  bool operator==(const fault&) const = default;
};

[[noreturn]] void throw_exception_from_error(const fault& why, const boost::source_location& loc);

template <class T = void>
using outcome = boost::system::result<T, fault>;

/// The code's own sentences, unless `next` is given.
fault to_fault(const failure& why, exit_code exit, std::string next = {});

/// The command line or a file that it names is wrong.
fault usage_fault(std::string detail, std::string next);

} // namespace bpci::cli
