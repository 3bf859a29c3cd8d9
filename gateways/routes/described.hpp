#pragma once

#include "gateways/http/router.hpp"
#include "gateways/http/schema.hpp"

#include <utility>

/// What routes tell of themselves in the API description.
namespace bpci::gateway {

using http::schema_of;

/// The parameters of every list that comes in pages, behind those that select its rows.
inline std::vector<http::query_info> page_query(std::vector<http::query_info> select = {}) {
  select.push_back({"limit", "Rows of a page; 100, at most 1000", true});
  select.push_back({"after", "The next of the page before"});
  return select;
}

} // namespace bpci::gateway
