#pragma once

#include "messages/error.hpp"

#include <boost/json/fwd.hpp>

#include <string>
#include <string_view>
#include <vector>

/// The only files of this folder that name yaml-cpp are yaml.*.
namespace bpci::cli {

/// The same data as YAML 1.2, block style; text that could be read as something else is quoted.
std::string to_yaml(const boost::json::value& x);

/// `document` with `key.inner=value` of each assignment put in; a value is read as YAML. Errors:
/// `invalid_argument`, naming the assignment; `malformed` for a document that is not YAML.
result<std::string> with_assignments(const std::string& document,
                                     const std::vector<std::string>& assignments);

} // namespace bpci::cli
