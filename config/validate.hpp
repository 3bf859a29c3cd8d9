#pragma once

#include "config/node_config.hpp"
#include "config/problem.hpp"

#include <string_view>
#include <vector>

namespace bpci::config {

/// Every rule that `c` breaks, not only the first: ranges, names and addresses, and what keys
/// demand of each other. Pure: looks at no file and opens no port. The problems have a path,
/// but no file and line. Empty means that a node can be started with it.
std::vector<problem> validate(const node_config& c);

/// Whether libpq would take `text` for the address of a database: a `postgresql://` URI or
/// `key=value` pairs (PostgreSQL manual, 34.1.1, "Connection Strings").
bool is_postgres_address(std::string_view text);

} // namespace bpci::config
