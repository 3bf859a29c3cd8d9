#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bpci::config {

/// One thing that is wrong with a configuration, where it stands, and what to do about it.
/// Never holds the value of a secret.
struct problem {
  std::string file;   ///< as it was named to the loader; empty when no file was read
  int line = 0;       ///< from 1; 0 when the problem is not in one line
  int column = 0;     ///< from 1; 0 when the problem is not in one line
  std::string path;   ///< `oracle_config.ws_port`; empty for the file as a whole
  std::string what;   ///< reads on after the path: "is 70000, outside 1 to 65535"
  std::string remedy; ///< one or two full sentences

  bool operator==(const problem&) const = default;
};

/// "FILE:LINE:COL: path: what\n    remedy"; the parts that are not known are left out.
std::string to_string(const problem& x);

/// A piece of the file for a message: cut short, and without the control characters that could
/// command the terminal it is printed on.
std::string printable(std::string_view text);

} // namespace bpci::config
