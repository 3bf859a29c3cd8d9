#pragma once

#include "gateways/http/message.hpp"
#include "messages/error.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace bpci::http {

/// The target of a request line, decoded.
struct target {
  std::string path; ///< Starts with `/`; no empty, `.` or `..` segment, no `/` at the end.
  std::vector<name_value> query; ///< `a=1&b` gives {a, 1} and {b, ""}.

  bool operator==(const target&) const = default;
};

/// Reads an origin-form or absolute-form target (RFC 9112, section 3.2) and `*`, whose path is `*`.
/// Percent-encodings are decoded once; `+` means a space in the query only. Errors: `malformed`
/// for a bad encoding, a control character, an encoded `/`, `.` and `..` segments (a client
/// resolves those; a server that meets them is being probed), and text that is not UTF-8.
result<target> parse_target(std::string_view text);

} // namespace bpci::http
