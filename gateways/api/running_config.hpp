#pragma once

#include "config/node_config.hpp"
#include "messages/error.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <vector>

/// The configuration of a node that runs, beside one that somebody brings. Pure.
namespace bpci::gateway {

/// What anybody who may write may see: the sections of document 2 that hold no secrets,
/// `oracle_config` and `inter_app_config`.
boost::json::object public_config(const config::node_config& of);

/// Where `given` differs from `running`: "oracle_config.max_connections is 1000, not 7". Only keys
/// that `given` names count. It is the configuration as a JSON object: whole, by sections, or the
/// members of `oracle_config` alone, as document 2 writes them.
/// Errors: invalid_argument, for whatever is no configuration.
result<std::vector<std::string>> differences(const config::node_config& running,
                                             const boost::json::object& given);

} // namespace bpci::gateway
