#pragma once

#include "gateways/http/router.hpp"

#include <boost/json/object.hpp>

#include <vector>

namespace bpci::http {

struct api_facts {
  std::string title;
  std::string version;
  std::string description;
};

/// The table of routes as an OpenAPI 3.1 document. Each operation lists every status that it can
/// answer with; all that are no success are a `problem` (RFC 9457). Patterns and aliases are paths
/// of their own. Pure.
boost::json::object openapi(const std::vector<route_info>& table, const api_facts& of);

/// The statuses of one route without its own success, 200; in order.
std::vector<int> refusals_of(const route_info& x);

/// "/api/v1/actors/{path...}" as OpenAPI writes it: "/api/v1/actors/{path}".
std::string openapi_path(std::string_view pattern);

/// What is wrong with a document, as far as its own structure goes: version, unique operation ids,
/// parameters of paths that are described, references that lead somewhere, answers that have a
/// media type. One sentence each; none: nothing.
std::vector<std::string> openapi_faults(const boost::json::object& document);

} // namespace bpci::http
